"""Which models compete, and how each is made for the use case."""

from collections.abc import Callable, Mapping
from typing import Any

from ..config import Train
from ..models import Climatology, Linear, Model, Persistence
from ..models.gbm import DEFAULTS, Boosting
from ..usecase import UseCase

ROUNDS = 200
"""The most boosting rounds; the folds say how many of them are used."""

BOOSTING = "lightgbm"


def lineup(
    use_case: UseCase,
    train: Train,
    boosting: Mapping[str, Any] | None = None,
    rounds: int = ROUNDS,
) -> dict[str, Callable[[], Model]]:
    """Name of each competitor and how to make a fresh one; the baselines come first."""
    index = use_case.columns.index
    hour, day = index(use_case.hour_column), index(use_case.day_column)
    # Concentrations: they enter the linear model as logs.
    logs = [
        position
        for position, feature in enumerate(use_case.features)
        if feature.unit == use_case.unit and feature.low >= 0
    ]
    level = [index(column) for column in use_case.level_columns]
    return {
        "persistence": lambda: Persistence(index(use_case.persistence_column)),
        "climatology": lambda: Climatology(hour, day),
        "linear": lambda: Linear(logs, hour, day),
        BOOSTING: lambda: Boosting(
            level,
            rounds=rounds,
            seed=train.seed,
            threads=train.threads,
            settings={**DEFAULTS, **(boosting or {})},
        ),
    }
