"""Out-of-fold predictions: every model in every fold, and the number of boosting rounds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..models import Model, Vector
from ..models.gbm import Boosting
from .samples import Samples
from .splits import Fold, Plan

STEP = 50
"""Boosting is judged after every 50 rounds."""


@dataclass(frozen=True)
class OutOfFold:
    """Rows of all validation folds, in order of time, with a model's predictions (n,) for them."""

    prediction: Vector
    rounds: int
    """Boosting rounds that were best over the folds; 0 for the other models."""
    curve: list[tuple[int, float]]
    """(rounds, MAE over all folds); empty for the other models."""


def validation_rows(samples: Samples, plan: Plan) -> tuple[Samples, Vector]:
    """The rows of all folds, and each row's fold number (n,)."""
    rows = samples.between(plan.folds[0].start, plan.folds[-1].end)
    number = np.zeros(len(rows))
    for fold in plan.folds:
        number[(rows.issue_day >= fold.start) & (rows.issue_day <= fold.end)] = fold.number
    return rows, number


def out_of_fold(samples: Samples, plan: Plan, make: Callable[[], Model]) -> OutOfFold:
    """Train a fresh model for each fold on what lies before it, and predict the fold.

    For boosting, one number of rounds is chosen for all folds. That is the only thing tuned on them
    by default, so their MAE is a little flattering for it; the hold-out is not.
    """
    staged = [_fold(samples, plan, fold, make()) for fold in plan.folds]
    rows, _ = validation_rows(samples, plan)
    predictions = {stage: np.concatenate([part[stage] for part in staged]) for stage in staged[0]}
    errors = {stage: float(np.abs(p - rows.y).mean()) for stage, p in predictions.items()}
    best = min(errors, key=lambda stage: errors[stage])
    return OutOfFold(
        prediction=predictions[best],
        rounds=best,
        curve=list(errors.items()) if len(errors) > 1 else [],
    )


def _fold(samples: Samples, plan: Plan, fold: Fold, model: Model) -> dict[int, Vector]:
    """Predictions of one fold, by number of rounds (0: the model has no rounds)."""
    train = samples.between(plan.first, fold.train_end)
    valid = samples.between(fold.start, fold.end)
    if not len(valid):
        return {stage: np.zeros(0) for stage in _stages(model)}
    model.fit(train.X, train.y)
    return {stage: _predict(model, valid, stage) for stage in _stages(model)}


def _stages(model: Model) -> list[int]:
    if not isinstance(model, Boosting):
        return [0]
    return [*range(STEP, model.rounds, STEP), model.rounds]


def _predict(model: Model, valid: Samples, stage: int) -> Vector:
    if isinstance(model, Boosting):
        return np.maximum(model.predict_after(valid.X, stage), 0.0)
    return np.maximum(model.predict(valid.X), 0.0)
