"""What a model is: fitted on a matrix, exported as plain files, restored without its trainer."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""Features (n, f), columns in the use case's order, NaN where missing."""

Vector = NDArray[np.float64]
"""One number a row (n,)."""


LEVEL_OFFSET = 5.0
"""µg/m³ added to the recent level: near zero, a ratio would be all noise."""


class Predictor(Protocol):
    """The half of a model that serving needs."""

    def predict(self, X: Matrix) -> Vector:
        """Predictions (n,) in the target's unit for features (n, f); NaN is a missing feature."""
        ...


class Model(Predictor, Protocol):
    """A model that can be trained. `kind` says how its files are read back (`models.restore`)."""

    kind: str
    is_baseline: bool

    def fit(self, X: Matrix, y: Vector) -> None:
        """Learn from features (n, f) and targets (n,), in order of time, without NaN in y."""
        ...

    def export(self) -> dict[str, bytes]:
        """File name to content; never a pickle."""
        ...

    def parameters(self) -> Mapping[str, Any]:
        """What was set or found, for the experiment tracker."""
        ...


def medians(X: Matrix) -> Vector:
    """Median of each column (f,) over its known values, 0 where a column has none."""
    known = ~np.isnan(X).all(axis=0)
    result = np.zeros(X.shape[1])
    result[known] = np.nanmedian(X[:, known], axis=0)
    return result


def fill_missing(X: Matrix, fill: Vector) -> Matrix:
    """X (n, f) with each NaN replaced by its column's entry of `fill` (f,)."""
    return np.where(np.isnan(X), fill, X)


def recent_level(rows: Matrix, columns: Sequence[int]) -> Vector:
    """Mean of those columns (n,), kept above 0 so that a ratio to it exists; rows without NaN."""
    recent = rows[:, columns]
    # Not `mean`: its overhead on one row is as long as the model takes.
    level: Vector = np.maximum(recent.sum(axis=1) / recent.shape[1], 0.0) + LEVEL_OFFSET
    return level
