"""Splits rows into train, validation and test, families of related rows never apart."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..errors import DataError
from .validate import Placed


@dataclass
class Parts:
    """The three sets, in the order that the rows had."""

    train: list[Placed] = field(default_factory=list)
    validation: list[Placed] = field(default_factory=list)
    test: list[Placed] = field(default_factory=list)


def split(
    rows: Sequence[Placed],
    families: Sequence[int],
    *,
    shares: tuple[float, float],
    seed: int,
    stratum: Callable[[Placed], str] = lambda _: "",
) -> Parts:
    """Split off `shares` of the rows for validation and test; a share of 0 leaves its set empty.

    A family's place in the draw is a hash of the seed and of its rows' ids, so that the order of
    the file does not matter. Each stratum gives its share; a family is of the
    stratum of its first row. Raises DataError when a set that was asked for would be empty.
    """
    members: defaultdict[int, list[int]] = defaultdict(list)
    for number, family in enumerate(families):
        members[family].append(number)
    strata: defaultdict[str, list[list[int]]] = defaultdict(list)
    for relatives in members.values():
        strata[stratum(rows[relatives[0]])].append(relatives)
    chosen: dict[int, str] = {}
    owed = {"test": 0.0, "validation": 0.0}
    for name in sorted(strata):
        drawn = sorted(strata[name], key=lambda relatives: _draw(rows, relatives, seed))
        size = sum(len(relatives) for relatives in drawn)
        # What a stratum cannot give to the row is owed by the next ones.
        for part, share in (("test", shares[1]), ("validation", shares[0])):
            owed[part] += share * size
            kept = []
            for relatives in drawn:
                if owed[part] >= 0.5 and len(relatives) <= 2 * owed[part]:
                    chosen |= dict.fromkeys(relatives, part)
                    owed[part] -= len(relatives)
                else:
                    kept.append(relatives)
            drawn = kept
    parts = Parts()
    for number, row in enumerate(rows):
        getattr(parts, chosen.get(number, "train")).append(row)
    wanted = {"train": 1.0, "validation": shares[0], "test": shares[1]}
    for part, share in wanted.items():
        if share and not getattr(parts, part):
            raise DataError(
                f"{len(rows)} rows in {len(members)} families are too few: "
                f"the {part} set would be empty.",
                "Add examples of other kinds, or a larger data.ngram or data.leak_share if rows "
                "are held to be related that are not.",
            )
    return parts


def _draw(rows: Sequence[Placed], family: Sequence[int], seed: int) -> bytes:
    first = min(rows[number].row.id for number in family)
    return hashlib.sha256(f"{seed}:{first}".encode()).digest()
