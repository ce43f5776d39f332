"""From hours to days: sums, means and alerts of each issue day."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Vector
from .samples import Days, Samples

MIN_HOURS = 18
"""A daily mean needs 75 % of its hours, as in the European Union's rules (2008/50/EC, annex XI)."""


@dataclass(frozen=True)
class DayMeans:
    """Observed and predicted daily means (d,) of the days with enough hours."""

    days: Days
    y: Vector
    prediction: Vector


def sums(samples: Samples, values: Vector) -> Vector:
    """Sum of `values` (n,) over each of `samples.days` (d,)."""
    _, index = np.unique(samples.issue_day, return_inverse=True)
    result: Vector = np.bincount(index, weights=values).astype(np.float64)
    return result


def by_day(samples: Samples, prediction: Vector) -> DayMeans:
    """Daily means over the hours that have a label; the same hours for both sides."""
    count = sums(samples, np.ones(len(samples)))
    enough = count >= MIN_HOURS
    return DayMeans(
        days=samples.days[enough],
        y=(sums(samples, samples.y) / count)[enough],
        prediction=(sums(samples, prediction) / count)[enough],
    )


def alert_level(samples: Samples, level: float | None, quantile: float | None) -> float:
    """The alert threshold in µg/m³: as set, or that quantile of these days' means.

    Give it training days only: a quantile of later days would tell the model about them.
    """
    if level is not None:
        return level
    means = by_day(samples, samples.y).y
    return float(np.quantile(means, quantile or 0.0)) if len(means) else float("inf")


def season(valid_time: NDArray[np.datetime64]) -> NDArray[np.intp]:
    """0 for December to February, 1 for March to May, and so on (n,)."""
    month = valid_time.astype("datetime64[M]").astype(int) % 12  # 0 is January
    result: NDArray[np.intp] = ((month + 1) % 12 // 3).astype(np.intp)
    return result
