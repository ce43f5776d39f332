"""Ridge regression on log concentrations: what a linear model makes of the same features."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .base import Matrix, Vector, fill_missing, medians


class Linear:
    """log(1 + y) as a linear function of standardised features, logs of them, and the seasons.

    Concentrations are skewed and act by ratios, so those columns enter as log(1 + x). The hour and
    the day of the year enter as two harmonics each, because 23 h and 0 h are neighbours. Predicting
    needs numpy only: the coefficients are plain numbers.
    """

    kind = "linear"
    is_baseline = False
    alpha = 10.0
    harmonics = 2

    def __init__(
        self,
        log_columns: Sequence[int],
        hour_column: int,
        day_column: int,
        *,
        fill: Sequence[float] = (),
        mean: Sequence[float] = (),
        scale: Sequence[float] = (),
        weights: Sequence[float] = (),
        intercept: float = 0.0,
        ceiling: float = 0.0,
    ) -> None:
        """Columns of X (n, f) that enter as logs or hold the calendar; the rest is learnt."""
        self.log_columns = list(log_columns)
        self.hour_column = hour_column
        self.day_column = day_column
        self.fill = np.asarray(fill, dtype=np.float64)
        self.mean = np.asarray(mean, dtype=np.float64)
        self.scale = np.asarray(scale, dtype=np.float64)
        self.weights = np.asarray(weights, dtype=np.float64)
        self.intercept = intercept
        self.ceiling = ceiling

    def fit(self, X: Matrix, y: Vector) -> None:
        """See `Model.fit`."""
        from sklearn.linear_model import Ridge

        self.fill = medians(X)
        Z = self._design(X)
        self.mean = Z.mean(axis=0)
        spread = Z.std(axis=0)
        self.scale = np.where(spread > 1e-12, spread, 1.0)  # a constant column tells nothing
        ridge = Ridge(alpha=self.alpha).fit((Z - self.mean) / self.scale, np.log1p(y))
        self.weights = ridge.coef_
        self.intercept = float(ridge.intercept_)
        # exp() makes a mild extrapolation a wild one: predict at most twice the highest value seen.
        self.ceiling = 2.0 * float(y.max())

    def predict(self, X: Matrix) -> Vector:
        """See `Predictor.predict`."""
        Z = (self._design(X) - self.mean) / self.scale
        exponent = np.minimum(Z @ self.weights + self.intercept, np.log1p(self.ceiling))
        result: Vector = np.maximum(np.expm1(exponent), 0.0)
        return result

    def parameters(self) -> Mapping[str, Any]:
        """See `Model.parameters`."""
        return {"alpha": self.alpha, "harmonics": self.harmonics}

    def export(self) -> dict[str, bytes]:
        """See `Model.export`."""
        arrays = ("fill", "mean", "scale", "weights")
        content = {
            "log_columns": self.log_columns,
            "hour_column": self.hour_column,
            "day_column": self.day_column,
            **{name: getattr(self, name).tolist() for name in arrays},
            "intercept": self.intercept,
            "ceiling": self.ceiling,
        }
        return {"model.json": json.dumps(content, allow_nan=False).encode()}

    def _design(self, X: Matrix) -> Matrix:
        """Features (n, f) to regressors (n, f + 4 harmonics)."""
        Z = fill_missing(X, self.fill)
        logs = self.log_columns
        Z[:, logs] = np.log1p(np.maximum(Z[:, logs], 0.0))
        waves = []
        for column, period in ((self.hour_column, 24.0), (self.day_column, 365.25)):
            phase = 2 * np.pi * X[:, column] / period
            for k in range(1, self.harmonics + 1):
                waves += [np.sin(k * phase), np.cos(k * phase)]
        return np.column_stack([Z, *waves])
