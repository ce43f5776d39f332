"""The two forecasts that cost nothing; a model that does not beat both is not worth serving."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .base import Matrix, Vector

LEADS = 24
DAYS = 366


class Persistence:
    """Tomorrow's hour will be as the same hour was on the last known day."""

    kind = "persistence"
    is_baseline = True

    def __init__(self, column: int, fallback: float = 0.0) -> None:
        """Repeat that column of X; where it is missing, `fallback` (the training median)."""
        self.column = column
        self.fallback = fallback

    def fit(self, X: Matrix, y: Vector) -> None:
        """Only the fallback is learnt; see `Model.fit`."""
        self.fallback = float(np.median(y))

    def predict(self, X: Matrix) -> Vector:
        """See `Predictor.predict`."""
        last = X[:, self.column]
        return np.where(np.isnan(last), self.fallback, last)

    def parameters(self) -> Mapping[str, Any]:
        """See `Model.parameters`."""
        return {"column": self.column}

    def export(self) -> dict[str, bytes]:
        """See `Model.export`."""
        return {"model.json": _json({"column": self.column, "fallback": self.fallback})}


class Climatology:
    """The usual value for this hour at this time of the year: a smoothed table (hour, day of year).

    Each entry is the mean of the hour's training values, weighted by exp(-(d / width)^2 / 2) with d
    the distance in days around the circle of the year. `prior_days` values of the hour's overall
    mean are mixed in, so that a season the training data does not hold falls back to that.
    """

    kind = "climatology"
    is_baseline = True
    width_days = 10.0
    prior_days = 2.0

    def __init__(
        self, hour_column: int, day_column: int, table: Sequence[Sequence[float]] = ()
    ) -> None:
        """Which columns of X hold the lead hour and the day of the year; `table` is (24, 366)."""
        self.hour_column = hour_column
        self.day_column = day_column
        self.table = np.asarray(table, dtype=np.float64)

    def fit(self, X: Matrix, y: Vector) -> None:
        """See `Model.fit`."""
        hour, day = self._cell(X)
        total = np.zeros((LEADS, DAYS))
        count = np.zeros((LEADS, DAYS))
        np.add.at(total, (hour, day), y)
        np.add.at(count, (hour, day), 1.0)
        apart = np.abs(np.arange(DAYS)[:, None] - np.arange(DAYS))
        apart = np.minimum(apart, DAYS - apart)
        kernel = np.exp(-0.5 * (apart / self.width_days) ** 2)  # (366, 366), symmetric
        overall = y.mean()
        seen = count.sum(axis=1)
        of_hour = np.where(seen > 0, total.sum(axis=1) / np.maximum(seen, 1), overall)[:, None]
        smooth = total @ kernel + self.prior_days * of_hour
        self.table = smooth / (count @ kernel + self.prior_days)

    def predict(self, X: Matrix) -> Vector:
        """See `Predictor.predict`; the calendar is never missing."""
        result: Vector = self.table[self._cell(X)]
        return result

    def parameters(self) -> Mapping[str, Any]:
        """See `Model.parameters`."""
        return {"width_days": self.width_days, "prior_days": self.prior_days}

    def export(self) -> dict[str, bytes]:
        """See `Model.export`."""
        content = {
            "hour_column": self.hour_column,
            "day_column": self.day_column,
            "table": self.table.round(4).tolist(),
        }
        return {"model.json": _json(content)}

    def _cell(self, X: Matrix) -> tuple[np.ndarray, np.ndarray]:
        hour = X[:, self.hour_column].astype(np.intp)
        return hour, X[:, self.day_column].astype(np.intp) - 1


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, allow_nan=False).encode()
