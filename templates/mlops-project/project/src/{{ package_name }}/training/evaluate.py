"""How good predictions are, with intervals: errors, alerts, coverage, and who is served worse.

All figures are ratios of sums over days, so one set of bootstrap weights (`resample.py`) serves
them all and differences between models are paired.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Matrix, Vector
from .daily import by_day, season, sums
from .intervals import bounds, daily_bounds
from .resample import Estimate, day_weights, ratio
from .samples import Samples

SEASONS = ("December-February", "March-May", "June-August", "September-November")
HOUR_BLOCKS = ("00-05 UTC", "06-11 UTC", "12-17 UTC", "18-23 UTC")


@dataclass(frozen=True)
class Evaluator:
    """A period with its true values and the bootstrap draws that every metric shares."""

    samples: Samples
    threshold: float
    level: float
    block_days: int
    draws: int
    seed: int

    def weights(self, days: int) -> Matrix:
        """Bootstrap weights (draws, days), equal for equal `days`: models are compared paired."""
        return day_weights(days, self.block_days, self.draws, self.seed)

    def mae_hourly(self, prediction: Vector) -> Estimate:
        """Mean absolute error of the hours."""
        return self._mean(np.abs(prediction - self.samples.y))

    def mae_daily(self, prediction: Vector) -> Estimate:
        """Mean absolute error of the daily means."""
        day = by_day(self.samples, prediction)
        return self._of_days(np.abs(day.prediction - day.y), np.ones(len(day.y)))

    def bias(self, prediction: Vector) -> Estimate:
        """Mean of prediction minus observation, over the hours."""
        return self._mean(prediction - self.samples.y)

    def difference(self, prediction: Vector, other: Vector) -> Estimate:
        """MAE of `prediction` minus MAE of `other`, same hours; below 0: the first is better."""
        y = self.samples.y
        return self._mean(np.abs(prediction - y) - np.abs(other - y))

    def alerts(self, prediction: Vector) -> dict[str, Any]:
        """Precision and recall of "the daily mean exceeds the threshold", and what always alerting
        would give: its precision is the base rate, its recall 1.
        """
        day = by_day(self.samples, prediction)
        is_alert, said = day.y > self.threshold, day.prediction > self.threshold
        hit = (is_alert & said).astype(float)
        ones = np.ones(len(day.y))
        return {
            "threshold": self.threshold,
            "days": len(day.y),
            "alert_days": int(is_alert.sum()),
            "predicted_days": int(said.sum()),
            "precision": self._of_days(hit, said.astype(float)).json(),
            "recall": self._of_days(hit, is_alert.astype(float)).json(),
            "base_rate": self._of_days(is_alert.astype(float), ones).json(),
        }

    def coverage(self, prediction: Vector, intervals: dict[str, Any]) -> dict[str, Any]:
        """Share of hours and of days inside their intervals, and the intervals' mean widths."""
        low, high = bounds(intervals, self.samples, prediction)
        inside = (self.samples.y >= low) & (self.samples.y <= high)
        day = by_day(self.samples, prediction)
        day_low, day_high = daily_bounds(intervals, day.prediction)
        day_inside = (day.y >= day_low) & (day.y <= day_high)
        ones = np.ones(len(day.y))
        return {
            "level": intervals["level"],
            "hourly": self._mean(inside.astype(float)).json(),
            "daily": self._of_days(day_inside.astype(float), ones).json(),
            "hourly_width": self._mean(high - low).json(),
            "daily_width": self._of_days(day_high - day_low, ones).json(),
        }

    def all(self, prediction: Vector, intervals: dict[str, Any] | None = None) -> dict[str, Any]:
        """Everything but the slices, JSON-ready."""
        found: dict[str, Any] = {
            "mae_hourly": self.mae_hourly(prediction).json(),
            "mae_daily": self.mae_daily(prediction).json(),
            "bias": self.bias(prediction).json(),
            "alerts": self.alerts(prediction),
        }
        if intervals is not None:
            found["coverage"] = self.coverage(prediction, intervals)
        return found

    def slices(self, prediction: Vector, high_level: float) -> list[dict[str, Any]]:
        """MAE and bias of each season, block of hours, and of polluted and other days.

        The fairness view: who or when is served worse? `high_level` is the daily mean from which a
        day counts as polluted, taken from the training days.
        """
        found = []
        for group, name, mask in self._groups(prediction, high_level):
            if mask.any():
                error = prediction - self.samples.y
                found.append(
                    {
                        "group": group,
                        "slice": name,
                        "hours": int(mask.sum()),
                        "mae": self._mean(np.abs(error), mask).json(),
                        "bias": self._mean(error, mask).json(),
                    }
                )
        return found

    def _groups(
        self, prediction: Vector, high_level: float
    ) -> list[tuple[str, str, NDArray[np.bool_]]]:
        of_season = season(self.samples.valid_time)
        block = self.samples.lead_hours // 6
        day = by_day(self.samples, prediction)
        polluted = np.isin(self.samples.issue_day, day.days[day.y > high_level])
        cleaner = np.isin(self.samples.issue_day, day.days[day.y <= high_level])
        return [
            *(("season", name, of_season == i) for i, name in enumerate(SEASONS)),
            *(("hour", name, block == i) for i, name in enumerate(HOUR_BLOCKS)),
            ("pollution", "high-pollution days", polluted),
            ("pollution", "other days", cleaner),
        ]

    def _mean(self, values: Vector, mask: NDArray[np.bool_] | None = None) -> Estimate:
        """Mean of hourly values (n,), over the hours in `mask`."""
        chosen = np.ones(len(values)) if mask is None else mask.astype(float)
        return self._of_days(sums(self.samples, values * chosen), sums(self.samples, chosen))

    def _of_days(self, numerator: Vector, denominator: Vector) -> Estimate:
        return ratio(numerator, denominator, self.weights(len(numerator)), self.level)
