"""What a model goes by: permutation importance for any of them, SHAP values for boosting."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..models import Model, Vector
from ..models.gbm import Boosting
from .samples import Samples

REPEATS = 2
SHAP_EVERY = 4
"""SHAP values of every fourth hour: neighbouring hours tell the same."""


def permutation_importance(
    model: Model, samples: Samples, columns: Sequence[str], seed: int
) -> list[dict[str, Any]]:
    """How much the MAE rises when a column's values are shuffled among the rows (Breiman 2001).

    Returned in order of importance, in the target's unit. Columns that say nearly the same share
    their importance: a low figure is no proof that a column is useless.
    """
    rng = np.random.default_rng(seed)
    base = _mae(model.predict(samples.X), samples.y)
    found = []
    for index, name in enumerate(columns):
        rises = []
        for _ in range(REPEATS):
            shuffled = samples.X.copy()
            shuffled[:, index] = rng.permutation(shuffled[:, index])
            rises.append(_mae(model.predict(shuffled), samples.y) - base)
        found.append({"feature": name, "mae_rise": float(np.mean(rises))})
    return sorted(found, key=lambda row: -row["mae_rise"])


def shap_summary(
    model: Model, samples: Samples, columns: Sequence[str]
) -> list[dict[str, Any]] | None:
    """Mean size of each feature's SHAP value over the hours; None for models without.

    Lundberg et al. 2020, Nature Machine Intelligence 2, 56: exact for trees, and LightGBM computes
    them itself. They add up in the model's own scale, the log ratio to the recent level: 0.1 means
    about 10 % of the prediction.
    """
    if not isinstance(model, Boosting):
        return None
    size = np.abs(model.contributions(samples.X[::SHAP_EVERY])).mean(axis=0)
    found = [
        {"feature": name, "mean_abs_shap": float(value)}
        for name, value in zip(columns, size, strict=True)
    ]
    return sorted(found, key=lambda row: -row["mean_abs_shap"])


def _mae(prediction: Vector, y: Vector) -> float:
    return float(np.abs(np.maximum(prediction, 0.0) - y).mean())
