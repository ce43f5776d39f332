"""Leaves out what says the same twice, and what is more than was asked for."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..config import Config
from ..errors import DataError
from ..tasks.base import squeezed
from .files import Malformed, Numbered
from .validate import Placed
from .words import exact_key


@dataclass(frozen=True)
class Deduplicated:
    """One row a prompt, how many said the same, and how many contradicted the first."""

    rows: list[Placed]
    duplicates: int
    conflicts: int


def deduplicate(rows: Sequence[Placed]) -> Deduplicated:
    """Keep the first row of each prompt, whatever its case and punctuation."""
    first: dict[object, Placed] = {}
    duplicates = conflicts = 0
    for one in rows:
        kept = first.setdefault(exact_key(one.row), one)
        if kept is one:
            continue
        if squeezed(kept.row.answer) == squeezed(one.row.answer):
            duplicates += 1
        else:
            conflicts += 1
    return Deduplicated(list(first.values()), duplicates, conflicts)


def sample(rows: Sequence[Placed], size: int | None, seed: int) -> list[Placed]:
    """At most `size` rows, the same ones whatever the order of the file, in that order."""
    if size is None or len(rows) <= size:
        return list(rows)
    drawn = sorted(rows, key=lambda one: _draw(one.row.id, seed))[:size]
    kept = {id(one) for one in drawn}
    return [one for one in rows if id(one) in kept]


def shuffled(records: Sequence[Numbered | Malformed], seed: int) -> list[Numbered | Malformed]:
    """Records in an order by chance, for taking the first that are good."""
    return sorted(records, key=lambda one: _draw(repr(one), seed))


def _draw(text: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{text}".encode("utf-8", "replace")).digest()


def of_domain(
    config: Config, records: Sequence[Numbered | Malformed], columns: Mapping[str, str]
) -> list[Numbered | Malformed]:
    """Records of `data.domain` alone, if it is set. Raises DataError that names the domains."""
    wanted = config.data.domain
    if wanted is None:
        return list(records)
    column = columns.get("domain", "domain")
    found: dict[str, list[Numbered | Malformed]] = {}
    for one in records:
        if not isinstance(one, Malformed) and one[1].get(column) is not None:
            found.setdefault(squeezed(one[1][column]), []).append(one)
    if squeezed(wanted) not in found:
        known = ", ".join(sorted(found)[:SHOWN_DOMAINS]) or f"none: there is no column {column}"
        raise DataError(
            f"There are no records of the domain {wanted!r}.",
            f"Set data.domain to one of these: {known}.",
        )
    return found[squeezed(wanted)]


SHOWN_DOMAINS = 30


def labels_of(records: Sequence[Numbered | Malformed], columns: Mapping[str, str]) -> list[str]:
    """Every label of the records, in the order of the alphabet."""
    column = columns.get("label", "label")
    values: list[Any] = [one[1].get(column) for one in records if not isinstance(one, Malformed)]
    return sorted({str(value).strip() for value in values if value is not None} - {""})
