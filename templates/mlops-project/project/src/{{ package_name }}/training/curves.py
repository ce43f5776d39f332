"""Would more data help? Errors of the learned models on ever longer training spans."""

from typing import Any

import numpy as np

from ..config import Settings
from ..models import Vector
from ..usecase import active
from .contest import Contest
from .lineup import lineup
from .samples import Samples
from .splits import Plan

SHARES = (0.25, 0.5)
"""Of the newest days before the last fold; the whole of them is what the contest did."""


def learning_curve(
    settings: Settings, samples: Samples, plan: Plan, contest: Contest, boosting: dict[str, Any]
) -> list[dict[str, Any]]:
    """MAE on the last fold after training on the newest 25, 50 and 100 % of the days before it."""
    fold = plan.folds[-1]
    before = samples.between(plan.first, fold.train_end)
    valid = samples.between(fold.start, fold.end)
    in_fold = contest.fold_number == fold.number
    points = []
    for entry in contest.entries:
        if entry.is_baseline:
            continue
        makers = lineup(active(), settings.train, boosting, rounds=entry.validation.rounds)
        for share in SHARES:
            days = before.days[-max(1, int(len(before.days) * share)) :]
            train = before.between(days[0], days[-1])
            model = makers[entry.name]()
            model.fit(train.X, train.y)
            points.append(_point(entry.name, len(days), model.predict(valid.X), valid.y))
        whole = entry.validation.prediction[in_fold]
        points.append(_point(entry.name, len(before.days), whole, valid.y))
    return points


def _point(name: str, days: int, prediction: Vector, y: Vector) -> dict[str, Any]:
    error = np.abs(np.maximum(prediction, 0.0) - y).mean()
    return {"model": name, "days": days, "mae": float(error)}
