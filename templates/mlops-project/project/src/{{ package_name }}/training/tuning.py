"""Optional search for LightGBM's parameters with Optuna, on the expanding folds only."""

from typing import Any

import numpy as np

from ..config import Train
from ..models.gbm import DEFAULTS
from ..progress import Progress
from ..usecase import UseCase
from .crossval import out_of_fold, validation_rows
from .lineup import BOOSTING, lineup
from .samples import Samples
from .splits import Plan


def search(
    samples: Samples, plan: Plan, use_case: UseCase, train: Train, trials: int, progress: Progress
) -> dict[str, Any]:
    """The parameters with the lowest MAE over the folds; the hold-out is never looked at.

    Seeded: the same data and number of trials give the same answer. The defaults are the first
    trial, so the result is never worse than them on the folds.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows, _ = validation_rows(samples, plan)

    def objective(trial: Any) -> float:
        progress("train: searching parameters", trial.number, trials)
        chosen = {
            "num_leaves": trial.suggest_int("num_leaves", 4, 63, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.15, log=True),
            "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 20, 300, log=True),
            "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1.0),
            "bagging_fraction": trial.suggest_float("bagging_fraction", 0.4, 1.0),
            "lambda_l2": trial.suggest_float("lambda_l2", 0.01, 50.0, log=True),
        }
        found = out_of_fold(samples, plan, lineup(use_case, train, chosen)[BOOSTING])
        return float(np.abs(found.prediction - rows.y).mean())

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=train.seed))
    study.enqueue_trial({name: value for name, value in DEFAULTS.items() if name != "max_bin"})
    study.optimize(objective, n_trials=trials)
    return dict(study.best_params)
