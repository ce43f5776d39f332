"""Makes rows of records, and tells everything that is wrong with them at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import DataError
from ..tasks.base import Row, RowError, Task
from .files import Malformed, Numbered

SHOWN = 20
"""How many wrong records a message lists."""


@dataclass(frozen=True)
class Placed:
    """A row and where it came from."""

    row: Row
    source: str
    line: int

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}"


@dataclass
class Validated:
    """Rows that are as they should be, and line and reason of those that were left out."""

    rows: list[Placed] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    records: int = 0


def validate(
    records: Iterable[Numbered | Malformed],
    task: Task,
    source: str,
    *,
    skip_invalid: bool = False,
    enough: int | None = None,
) -> Validated:
    """Rows of the records of `source`; stops reading after `enough` good ones.

    Raises DataError that lists the wrong ones, the first `SHOWN` of them with line and reason,
    unless `skip_invalid`; and in any case when no good one is left.
    """
    found = Validated()
    for record in records:
        found.records += 1
        if isinstance(record, Malformed):
            found.refused.append((record.line, record.reason))
            continue
        line, content = record
        try:
            found.rows.append(Placed(task.row(content), source, line))
        except RowError as error:
            found.refused.append((line, str(error)))
        if enough is not None and len(found.rows) >= enough:
            break
    if not found.records:
        raise DataError(
            f"{source} has no records.",
            f"Put examples there, with {' and '.join(task.fields[:2])} in each.",
        )
    if found.refused and not (skip_invalid and found.rows):
        raise DataError(
            listed(f"{source}: {len(found.refused)} of {found.records} records are wrong", found),
            "Correct or delete them; data.skip_invalid=true leaves them out and says how many. "
            "Columns with other names: data.columns.",
        )
    return found


def listed(headline: str, found: Validated) -> str:
    """A headline and under it the first wrong records, each with its line."""
    lines = [f"  line {line}: {reason}" for line, reason in found.refused[:SHOWN]]
    if len(found.refused) > SHOWN:
        lines.append(f"  and {len(found.refused) - SHOWN} more")
    return "\n".join([f"{headline}:", *lines])
