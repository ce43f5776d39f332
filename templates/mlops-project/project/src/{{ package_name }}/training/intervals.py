"""Prediction intervals by split conformal prediction on out-of-fold residuals.

The residual is a log ratio, r = log((y + c) / (p + c)): errors of concentrations grow with their
level. For each lead hour the interval runs between the finite-sample quantiles of the residuals
(Angelopoulos and Bates 2023, "Conformal prediction: a gentle introduction", section 1), half of the
miss rate on each side. Residuals come from folds that the predicting model was not trained on. Days
are not exchangeable as the theory wants them, so the coverage on the hold-out is measured.
"""

from typing import Any

import numpy as np

from ..models import Vector
from .daily import by_day
from .samples import Samples

OFFSET = 1.0
"""µg/m³ added to both sides, so that a ratio of small values stays finite."""

LEADS = 24


def fit_intervals(samples: Samples, prediction: Vector, level: float) -> dict[str, Any]:
    """Residual quantiles of each lead hour and of daily means, ready for `bundle.json`.

    `prediction` (n,) belongs to the rows of `samples` and must be out of sample. A lead hour
    without rows gets the quantiles of all hours.
    """
    residual = log_ratio(samples.y, prediction)
    overall = _quantiles(residual, level)
    hourly = []
    for lead in range(LEADS):
        of_lead = residual[samples.lead_hours == lead]
        hourly.append(_quantiles(of_lead, level) if len(of_lead) else overall)
    day = by_day(samples, prediction)
    lower, upper = _quantiles(log_ratio(day.y, day.prediction), level) if len(day.y) else overall
    return {
        "level": level,
        "offset": OFFSET,
        "hourly": {"lower": [low for low, _ in hourly], "upper": [high for _, high in hourly]},
        "daily": {"lower": lower, "upper": upper},
    }


def log_ratio(y: Vector, prediction: Vector) -> Vector:
    """log((y + c) / (p + c)), element by element."""
    result: Vector = np.log((y + OFFSET) / (np.maximum(prediction, 0.0) + OFFSET))
    return result


def bounds(
    intervals: dict[str, Any], samples: Samples, prediction: Vector
) -> tuple[Vector, Vector]:
    """Lower and upper bound (n,) of the hourly predictions (n,); the same as `Bundle.interval`."""
    lower, upper = (np.asarray(intervals["hourly"][side]) for side in ("lower", "upper"))
    scale = prediction + intervals["offset"]
    low = np.exp(lower[samples.lead_hours]) * scale - intervals["offset"]
    high = np.exp(upper[samples.lead_hours]) * scale - intervals["offset"]
    return np.maximum(low, 0.0), np.maximum(high, 0.0)


def daily_bounds(intervals: dict[str, Any], prediction: Vector) -> tuple[Vector, Vector]:
    """Lower and upper bound (d,) of daily means (d,)."""
    scale = prediction + intervals["offset"]
    low, high = (
        np.exp(intervals["daily"][side]) * scale - intervals["offset"]
        for side in ("lower", "upper")
    )
    return np.maximum(low, 0.0), np.maximum(high, 0.0)


def _quantiles(residual: Vector, level: float) -> tuple[float, float]:
    """The finite-sample quantiles: of n + 1 equally likely ranks, those that leave out 1 - level.

    With too few residuals for the level, smallest and largest are taken: coverage is then lower.
    """
    ordered = np.sort(residual)
    n = len(ordered)
    tail = (1 - level) / 2
    # 40 x 0.05 must be 2 although (1 - 0.9) / 2 falls short of 0.05.
    low = max(int(np.floor((n + 1) * tail + 1e-9)), 1)
    high = n + 1 - low
    return float(ordered[low - 1]), float(ordered[high - 1])
