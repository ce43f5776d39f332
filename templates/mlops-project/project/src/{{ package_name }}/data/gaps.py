"""Stretches of hours without a value: found and listed, never filled in."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Gap:
    """Consecutive hours, from `start` (ISO, UTC) on, in which `variable` has no value."""

    dataset: str
    variable: str
    start: str
    hours: int

    def __str__(self) -> str:
        return f"{self.variable} has no value for {self.hours} h from {self.start} UTC on"


def find_gaps(rows: pl.DataFrame, dataset: str) -> list[Gap]:
    """Every gap of every variable, hours that have no row at all included; longest first.

    `rows` has `place_id`, `valid_time` (whole hours, ordered, unique) and the variables' columns.
    """
    if rows.is_empty():
        return []
    variables = [name for name in rows.columns if name not in ("place_id", "valid_time")]
    whole = rows.select("valid_time", *variables).upsample("valid_time", every="1h")
    found = []
    for variable in variables:
        runs = (
            whole.select("valid_time", missing=pl.col(variable).is_null())
            .with_columns(run=pl.col("missing").rle_id())
            .filter("missing")
            .group_by("run")
            .agg(pl.col("valid_time").min(), hours=pl.len())
        )
        found += [
            Gap(dataset, variable, start.isoformat(timespec="minutes"), hours)
            for _, start, hours in runs.iter_rows()
        ]
    return sorted(found, key=lambda gap: (-gap.hours, gap.start, gap.variable))


def hours_missing(gaps: Iterable[Gap]) -> dict[str, int]:
    """Hours without a value, by variable."""
    missing: Counter[str] = Counter()
    for gap in gaps:
        missing[gap.variable] += gap.hours
    return dict(sorted(missing.items()))
