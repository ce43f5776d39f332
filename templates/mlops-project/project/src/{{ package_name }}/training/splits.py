"""Time-ordered splits: expanding training windows, then a last period that nothing may touch.

    |---- train ----| gap | fold 1 |
    |-------- train --------| gap | fold 2 |
    |---------------- train ----------------| gap | hold-out |

Folds choose the model, its rounds and its intervals. The hold-out only measures. Each gap leaves
out the issue days whose labels were not all published when the first forecast after it was made.
"""

from dataclasses import dataclass

import numpy as np

from ..config import Train
from ..errors import DataError
from .samples import Days

MIN_TRAIN_DAYS = 56
MIN_FOLD_DAYS = 14
MIN_HOLDOUT_DAYS = 14
MIN_FOLDS = 2


@dataclass(frozen=True)
class Fold:
    """Train on issues up to `train_end`, judge on `start` to `end`; all days included."""

    number: int
    train_end: np.datetime64
    start: np.datetime64
    end: np.datetime64


@dataclass(frozen=True)
class Plan:
    """The folds (oldest first), the hold-out (number -1), and what had to be shortened."""

    first: np.datetime64
    folds: tuple[Fold, ...]
    holdout: Fold
    note: str


def plan(days: Days, train: Train, gap_days: int) -> Plan:
    """Split the issue days (d,); folds and hold-out get shorter and fewer where days are few.

    Raises DataError that says how many days are needed where even the shortest do not fit.
    """
    first, last = days[0], days[-1]
    span = int((last - first).astype(int)) + 1
    least = MIN_TRAIN_DAYS + MIN_FOLDS * MIN_FOLD_DAYS + MIN_HOLDOUT_DAYS + 2 * gap_days
    if min(span, len(days)) < least:
        raise DataError(
            f"Training needs {least} days with labels, and there are {len(days)}.",
            f"Collect at least {least - len(days)} days more (8 days come on top as history).",
        )
    holdout_days = min(train.holdout_days, max(MIN_HOLDOUT_DAYS, span // 5))
    room = span - holdout_days - MIN_TRAIN_DAYS - 2 * gap_days
    folds = max(MIN_FOLDS, min(train.folds, room // MIN_FOLD_DAYS))
    fold_days = min(train.fold_days, room // folds)
    holdout_start = last - (holdout_days - 1)
    end = holdout_start - gap_days
    made = tuple(
        _fold(number, end - (folds - number + 1) * fold_days, fold_days, gap_days)
        for number in range(1, folds + 1)
    )
    asked = (train.folds, train.fold_days, train.holdout_days)
    shortened = (folds, fold_days, holdout_days) != asked
    note = (
        f"Only {len(days)} days: {folds} folds of {fold_days} days and a hold-out of "
        f"{holdout_days} instead of {asked[0]} of {asked[1]} and {asked[2]}."
    )
    holdout = _fold(-1, holdout_start, holdout_days, gap_days)
    return Plan(first, made, holdout, note if shortened else "")


def _fold(number: int, start: np.datetime64, length: int, gap_days: int) -> Fold:
    return Fold(number, start - 1 - gap_days, start, start + (length - 1))
