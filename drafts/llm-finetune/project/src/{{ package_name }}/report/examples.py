"""Rows that tuning fixed and rows that it broke: what the figures look like one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..evaluate.evaluation import ROWS
from ..evaluate.measure import Answer, read


@dataclass(frozen=True)
class Example:
    """A row with the answers of both systems."""

    question: str
    reference: str
    before: str
    after: str


@dataclass(frozen=True)
class Examples:
    """`fixed` and `broken` are shown; `fixed_rows` and `broken_rows` are all there are."""

    fixed: list[Example]
    broken: list[Example]
    fixed_rows: int
    broken_rows: int


def examples(folder: Path, headline: Sequence[str], metric: str, limit: int) -> Examples:
    """At most `limit` of each kind, those with the largest change first, then by the file's order.

    `folder` is the run's evaluation, `headline` the names of both systems. Raises DataError when
    their rows are missing.
    """
    before, after = (read(folder / ROWS / f"{name}.jsonl") for name in headline)
    pairs = list(zip(before, after, strict=True))
    change = {
        index: new.scores[metric] - old.scores[metric] for index, (old, new) in enumerate(pairs)
    }
    order = sorted(change, key=lambda index: -abs(change[index]))
    fixed = [index for index in order if change[index] > 0]
    broken = [index for index in order if change[index] < 0]
    return Examples(
        fixed=[_example(*pairs[index]) for index in fixed[:limit]],
        broken=[_example(*pairs[index]) for index in broken[:limit]],
        fixed_rows=len(fixed),
        broken_rows=len(broken),
    )


def _example(before: Answer, after: Answer) -> Example:
    return Example(before.question, before.reference, before.output, after.output)
