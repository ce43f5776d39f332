"""The competition: every model through the folds, then once on the hold-out, on equal terms."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..config import Settings
from ..models import Model, Vector
from ..models.gbm import Boosting
from ..progress import Progress
from ..usecase import active
from .crossval import OutOfFold, out_of_fold, validation_rows
from .daily import alert_level
from .evaluate import Evaluator
from .intervals import fit_intervals
from .lineup import lineup
from .resample import CONFIDENCE
from .samples import Samples
from .splits import Plan

HIGH_POLLUTION_QUANTILE = 0.9


@dataclass(frozen=True)
class Entry:
    """One model: fitted on all days before the hold-out, with its out-of-sample predictions."""

    name: str
    model: Model
    validation: OutOfFold
    holdout: Vector
    intervals: dict[str, Any]

    @property
    def is_baseline(self) -> bool:
        """Whether it costs nothing to run."""
        return self.model.is_baseline


@dataclass(frozen=True)
class Contest:
    """All entries, the rows they were judged on, and the levels taken from the training days."""

    entries: tuple[Entry, ...]
    train: Samples
    validation: Samples
    fold_number: Vector
    holdout: Samples
    threshold: float
    high_level: float

    def best(self, *, baseline: bool) -> Entry:
        """The baseline, or the learned model, with the lowest MAE over the folds."""
        group = [entry for entry in self.entries if entry.is_baseline == baseline]
        return min(group, key=self.validation_mae)

    def validation_mae(self, entry: Entry) -> float:
        """MAE of the hours over all folds."""
        return float(np.abs(entry.validation.prediction - self.validation.y).mean())


def hold_contest(
    settings: Settings,
    samples: Samples,
    plan: Plan,
    boosting: dict[str, Any],
    progress: Progress,
) -> Contest:
    """Judge every model in the folds, fit it on all days before the hold-out, predict that."""
    rows, fold_number = validation_rows(samples, plan)
    train = samples.between(plan.first, plan.holdout.train_end)
    holdout = samples.between(plan.holdout.start, plan.holdout.end)
    makers = lineup(active(), settings.train, boosting)
    entries = []
    for done, (name, make) in enumerate(makers.items()):
        progress(f"train: {name}", done, len(makers))
        validation = out_of_fold(samples, plan, make)
        model = make()
        if isinstance(model, Boosting):
            model.rounds = validation.rounds
        model.fit(train.X, train.y)
        entries.append(
            Entry(
                name=name,
                model=model,
                validation=validation,
                holdout=np.maximum(model.predict(holdout.X), 0.0),
                intervals=fit_intervals(rows, validation.prediction, settings.train.interval_level),
            )
        )
    return Contest(
        entries=tuple(entries),
        train=train,
        validation=rows,
        fold_number=fold_number,
        holdout=holdout,
        threshold=alert_level(train, settings.alert.level, settings.alert.quantile),
        high_level=alert_level(train, None, HIGH_POLLUTION_QUANTILE),
    )


def judge(settings: Settings, contest: Contest) -> dict[str, Any]:
    """Every figure about every entry, with intervals, JSON-ready.

    Coverage is measured on the hold-out only: the intervals were fitted on the folds.
    """
    baseline, candidate = contest.best(baseline=True), contest.best(baseline=False)
    folds = _evaluator(settings, contest, contest.validation)
    held = _evaluator(settings, contest, contest.holdout)
    models = [
        {
            "name": entry.name,
            "kind": entry.model.kind,
            "is_baseline": entry.is_baseline,
            "parameters": dict(entry.model.parameters()),
            "validation": folds.all(entry.validation.prediction),
            "holdout": held.all(entry.holdout, entry.intervals),
            "against_baseline": held.difference(entry.holdout, baseline.holdout).json(),
            "against": {
                other.name: held.difference(entry.holdout, other.holdout).json()
                for other in contest.entries
                if other.is_baseline and other is not entry
            },
        }
        for entry in contest.entries
    ]
    always = held.alerts(np.full(len(contest.holdout), np.inf))
    return {
        "models": models,
        "always_alert": {"precision": always["precision"], "recall": always["recall"]},
        "slices": _slices(held, contest, candidate.holdout, baseline.holdout),
        "slices_validation": _slices(
            folds, contest, candidate.validation.prediction, baseline.validation.prediction
        ),
    }


def _evaluator(settings: Settings, contest: Contest, samples: Samples) -> Evaluator:
    return Evaluator(
        samples,
        threshold=contest.threshold,
        level=CONFIDENCE,
        block_days=settings.train.block_days,
        draws=settings.train.bootstrap_samples,
        seed=settings.train.seed,
    )


def _slices(
    evaluator: Evaluator, contest: Contest, candidate: Vector, baseline: Vector
) -> list[dict[str, Any]]:
    """The candidate's slices, each with the best baseline's MAE beside it."""
    rows = evaluator.slices(candidate, contest.high_level)
    beside = evaluator.slices(baseline, contest.high_level)
    return [{**row, "baseline_mae": other["mae"]} for row, other in zip(rows, beside, strict=True)]
