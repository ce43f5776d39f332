"""`train`: four models compete on equal terms; the best of each kind becomes a candidate.

    1  read the labelled hours, split them by time
    2  every model through the folds, then once on the hold-out     contest.py
    3  what the winner goes by, and whether more data would help    explain.py, curves.py
    4  bundles of the best learned model and of the best baseline   bundle.py
    5  everything to MLflow, candidates to the registry             tracking.py, registry.py

The models that are stored have not seen the hold-out: what was measured is what serves, and
`promote` can compare any two versions on days that neither was trained on.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import runs
from ..clock import Clock
from ..config import Settings
from ..errors import DataError
from ..files import exclusive
from ..models.bundle import Candidate, model_hash
from ..progress import Progress, quiet
from ..registry import registry, tracking
from ..timing import gap_days
from ..usecase import active
from . import plots
from .contest import Contest, hold_contest, judge
from .curves import learning_curve
from .daily import by_day
from .explain import permutation_importance, shap_summary
from .export import Exported, export
from .samples import Samples, read_training
from .scoreboard import flat, table
from .splits import Plan, plan
from .tuning import search


@dataclass(frozen=True)
class TrainResult:
    """What was trained and measured, errors in the target's unit; `report` reads it.

    A figure is `{"value", "low", "high", "days"}`: low and high bound its bootstrap interval.
    `figures` holds models, always_alert, slices, slices_validation, learning_curve, rounds_curve,
    importance and shap.
    """

    candidate: str
    baseline: str
    challenger_version: str
    baseline_version: str
    source: str
    place: str
    rows: int
    days: int
    trained_on: dict[str, Any]
    folds: int
    fold_days: int
    holdout: dict[str, Any]
    note: str
    threshold: float
    level: float
    figures: dict[str, Any]
    export_difference: float
    model_hash: str
    model_bytes: int
    plots: tuple[Path, ...]
    run_id: str
    candidates: tuple[Candidate, ...]
    table: tuple[str, ...]
    seconds: float


def train(
    settings: Settings, clock: Clock, *, trials: int | None = None, progress: Progress = quiet
) -> TrainResult:
    """Train, measure, store and register; `trials` > 0 searches LightGBM's parameters first.

    Raises NotReadyError before `collect` and `features`, DataError when the data is damaged, too
    short or constant, BusyError when another training is under way.
    """
    began = time.perf_counter()  # not the clock: it may stand still, the work does not
    with exclusive(settings.data_dir / ".train.lock", "train"):
        samples, meta = read_training(settings)
        if np.ptp(samples.y) == 0:
            raise DataError(
                f"Every one of the {len(samples)} labels is {samples.y[0]:g}: nothing to learn.",
                "The source repeats one value for this place. Check it, or choose another place.",
            )
        split = plan(samples.days, settings.train, gap_days(settings))
        wanted = settings.train.trials if trials is None else trials
        boosting: dict[str, Any] = {}
        if wanted:
            boosting = search(samples, split, active(), settings.train, wanted, progress)
        contest = hold_contest(settings, samples, split, boosting, progress)

        progress("train: measuring", 0, 3)
        figures = judge(settings, contest)
        figures |= _explain(settings, samples, split, contest, boosting)
        drawn = _draw(settings, contest, figures)
        progress("train: storing", 1, 3)
        best, baseline = contest.best(baseline=False), contest.best(baseline=True)
        # Every baseline is kept: a later promotion may find another one best on its days.
        others = [e for e in contest.entries if e.is_baseline and e is not baseline]
        exported = [
            export(settings, clock, contest, entry, figures, meta)
            for entry in (best, baseline, *others)
        ]
        progress("train: tracking", 2, 3)
        run_id, candidates = _track(settings, clock, contest, figures, meta, exported, drawn)
        registered = registry.register_candidates(settings, clock, candidates)
        info = exported[0].info
        result = TrainResult(
            candidate=best.name,
            baseline=baseline.name,
            challenger_version=registered.challenger,
            baseline_version=registered.baseline,
            source=meta["source"],
            place=meta["place"],
            rows=len(samples),
            days=len(samples.days),
            trained_on=info["trained_on"],
            folds=len(split.folds),
            fold_days=len(contest.validation.days) // len(split.folds),
            holdout={
                "start": str(split.holdout.start),
                "end": str(split.holdout.end),
                "days": len(contest.holdout.days),
            },
            note=split.note,
            threshold=contest.threshold,
            level=settings.train.interval_level,
            figures=figures,
            export_difference=exported[0].difference,
            model_hash=model_hash(info),
            model_bytes=exported[0].size,
            plots=tuple(drawn),
            run_id=run_id,
            candidates=tuple(candidates),
            table=table(figures["models"], split.note),
            seconds=time.perf_counter() - began,
        )
        runs.record(settings, "train", clock, result, source=meta["source"])
    return result


def _explain(
    settings: Settings, samples: Samples, split: Plan, contest: Contest, boosting: dict[str, Any]
) -> dict[str, Any]:
    """What the best learned model goes by, and how errors fall with data and with rounds."""
    best = contest.best(baseline=False)
    columns, seed = active().columns, settings.train.seed
    curves = [entry.validation.curve for entry in contest.entries if entry.validation.curve]
    return {
        "learning_curve": learning_curve(settings, samples, split, contest, boosting),
        "rounds_curve": curves[0],
        "importance": permutation_importance(best.model, contest.holdout, columns, seed),
        "shap": shap_summary(best.model, contest.holdout, columns),
    }


def _draw(settings: Settings, contest: Contest, figures: dict[str, Any]) -> list[Path]:
    folder, unit = settings.reports_dir / "train", active().unit
    best = contest.best(baseline=False)
    rounds = max(entry.validation.rounds for entry in contest.entries)
    return [
        plots.comparison(folder / "comparison.png", figures["models"], unit),
        plots.learning_curve(folder / "learning-curve.png", figures["learning_curve"], unit),
        plots.rounds_curve(folder / "rounds.png", figures["rounds_curve"], rounds, unit),
        plots.importance(folder / "importance.png", figures["importance"], unit),
        plots.holdout_days(
            folder / "holdout.png", by_day(contest.holdout, best.holdout), best.intervals, unit
        ),
    ]


def _track(
    settings: Settings,
    clock: Clock,
    contest: Contest,
    figures: dict[str, Any],
    meta: dict[str, str],
    exported: Sequence[Exported],
    drawn: Sequence[Path],
) -> tuple[str, list[Candidate]]:
    """One MLflow run for the training, one below it for each model; the id and the candidates."""
    tags = {"source": meta["source"], "place": meta["place"], "data_hash": meta["data_hash"]}
    settings_used = settings.train.model_dump() | {"threshold": contest.threshold}
    parent = tracking.log_run(
        settings,
        clock,
        "training",
        params=settings_used,
        metrics={
            f"holdout_mae_{model['name']}": model["holdout"]["mae_hourly"]["value"]
            for model in figures["models"]
        },
        tags=tags,
        folders={"plots": drawn[0].parent},
    )
    folders = {item.entry.name: item for item in exported}
    candidates = {}
    for entry, model in zip(contest.entries, figures["models"], strict=True):
        item = folders.get(entry.name)
        run = tracking.log_run(
            settings,
            clock,
            entry.name,
            params=model["parameters"],
            metrics=flat(model),
            tags={**tags, "kind": entry.model.kind},
            curves={"fold_mae_by_rounds": [mae for _, mae in entry.validation.curve]},
            folders={tracking.BUNDLE: item.folder} if item else {},
            parent=parent.run_id,
        )
        if item:
            candidates[entry.name] = Candidate(
                name=entry.name,
                kind=entry.model.kind,
                folder=item.folder,
                run_id=run.run_id,
                artifact_uri=run.artifact_uri,
                is_baseline=entry.is_baseline,
            )
    return parent.run_id, [candidates[item.entry.name] for item in exported]
