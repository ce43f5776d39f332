"""Where tuning helps and where it hurts: the same comparison in each part of the test set."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .compare import Comparison, compare, verdict
from .exact import holm
from .measure import Answer

FEWEST_ROWS = 10
"""Slices of fewer rows are too small to say anything of."""


@dataclass(frozen=True)
class Slice:
    """One value of one cut; `p` is Holm's over all slices of the table and decides the verdict."""

    cut: str
    value: str
    p: float
    comparison: Comparison


def slices(
    before: Sequence[Answer],
    after: Sequence[Answer],
    metric: str,
    *,
    samples: int,
    level: float,
    seed: int = 0,
) -> list[Slice]:
    """Every slice of at least FEWEST_ROWS rows that is not the whole set, in a fixed order."""
    members: dict[tuple[str, str], list[int]] = {}
    for index, answer in enumerate(before):
        for cut, value in answer.slices.items():
            members.setdefault((cut, value), []).append(index)
    found = []
    for (cut, value), rows in sorted(members.items()):
        if FEWEST_ROWS <= len(rows) < len(before):
            comparison = compare(
                [before[row].scores[metric] for row in rows],
                [after[row].scores[metric] for row in rows],
                [before[row].group for row in rows],
                samples=samples,
                level=level,
                seed=seed,
            )
            found.append(Slice(cut, value, comparison.p, comparison))
    adjusted = holm([one.p for one in found])
    return [_corrected(one, p) for one, p in zip(found, adjusted, strict=True)]


def _corrected(found: Slice, p: float) -> Slice:
    old = found.comparison
    judged = replace(old, verdict=verdict(old.low, old.high, p, level=old.level))
    return replace(found, p=p, comparison=judged)
