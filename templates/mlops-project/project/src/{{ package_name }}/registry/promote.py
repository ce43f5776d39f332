"""Who serves: the gate applied to challenger, champion and baseline, and the way back.

Order of a change: the pointer (the service follows it), MLflow's alias, the decision's record. A
crash in between is healed by the next promotion, which takes the pointer as the truth.
"""

import getpass
from dataclasses import asdict, dataclass
from typing import Any

from .. import CLI, runs
from ..clock import Clock
from ..config import Settings
from ..errors import DataError, NotReadyError, RegistryError
from ..models.bundle import Bundle
from ..progress import Progress, quiet
from ..training.resample import Estimate
from ..usecase import active
from . import decisions, registry, tracking
from .gate import Action, Comparison, Contender, decide, rivals
from .holdout import unseen


@dataclass(frozen=True)
class PromoteResult:
    """The decision with its numbers (errors in the target's unit)."""

    action: Action
    champion: str
    champion_name: str
    is_baseline: bool
    previous: str | None
    reason: str
    holdout_start: str
    holdout_end: str
    holdout_days: int
    level: float
    """Confidence of the intervals."""
    contenders: tuple[Contender, ...]
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RollbackResult:
    """Which version serves again instead of which."""

    champion: str
    champion_name: str
    is_baseline: bool
    previous: str
    who: str
    reason: str


def promote(settings: Settings, clock: Clock, progress: Progress = quiet) -> PromoteResult:
    """Compare the contenders on the same unseen days and let the winner serve.

    Raises NotReadyError before the first training, RegistryError or DataError when a model's
    bundle is missing or damaged, BusyError when another run changes the registry.
    """
    with registry.locked(settings):
        challenger_version, champion_version, bundles = _contenders(settings)
        healed = _heal(settings, clock)
        holdout = unseen(settings, bundles.values())
        predictions = {}
        for done, (version, bundle) in enumerate(bundles.items()):
            progress("scoring the contenders", done, len(bundles))
            predictions[version] = bundle.predict(holdout.samples.X)
        progress("scoring the contenders", len(bundles), len(bundles))

        scored = {
            version: _score(bundle, holdout.evaluator.mae_hourly(predictions[version]))
            for version, bundle in bundles.items()
        }
        challenger, champion = scored.get(challenger_version), scored.get(champion_version)
        baseline = min(
            (scored[version] for version in registry.baselines(settings)), key=lambda one: one.mae
        )
        comparisons = tuple(
            _compare(
                model,
                against,
                holdout.evaluator.difference(
                    predictions[model.version], predictions[against.version]
                ),
            )
            for model, against in rivals(challenger, champion, baseline)
        )
        verdict = decide(challenger, champion, baseline, comparisons)
        result = PromoteResult(
            action=verdict.action,
            champion=verdict.winner.version,
            champion_name=verdict.winner.name,
            is_baseline=verdict.winner.is_baseline,
            previous=champion.version if champion else None,
            reason=verdict.reason,
            holdout_start=str(holdout.samples.days[0]),
            holdout_end=str(holdout.samples.days[-1]),
            holdout_days=len(holdout.samples.days),
            level=holdout.evaluator.level,
            contenders=tuple(scored.values()),
            comparisons=comparisons,
            notes=tuple(note for note in (healed, holdout.note) if note),
        )
        if champion is None or verdict.winner.version != champion.version:
            registry.point_to(settings, clock, bundles[verdict.winner.version])
        _record(settings, clock, result)
        return result


def rollback(
    settings: Settings, clock: Clock, version: str | None = None, *, reason: str = ""
) -> RollbackResult:
    """Let the champion before this one, or `version`, serve again.

    Raises NotReadyError when there is nothing to go back to, RegistryError when there is no such
    version, DataError when its bundle or the history is damaged. A named version works without
    the history and without a readable pointer.
    """
    with registry.locked(settings):
        current = _current(settings, named=version is not None)
        if version is None:
            version = decisions.previous_champion(decisions.read(settings), current)
        if version is None:
            raise NotReadyError(
                f"Version {current} is the first champion: there is none to go back to.",
                f"Name a version instead: {CLI} rollback --to VERSION.",
            )
        if version == current:
            raise RegistryError(f"Version {version} is the champion already.")
        bundle = registry.load(settings, version)
        pointer = registry.point_to(settings, clock, bundle)
        result = RollbackResult(
            champion=version,
            champion_name=str(bundle.info["name"]),
            is_baseline=pointer.is_baseline,
            previous=current,
            who=_user(),
            reason=reason or "not given",
        )
        _note(settings, clock, "rolled back", asdict(result))
        tracking.tag_version(settings, version, {"decision": f"rolled back from {current}"})
        runs.record(settings, "rollback", clock, result)
        return result


def _heal(settings: Settings, clock: Clock) -> str:
    """Bring alias and history in line with the pointer; what was done, or ""."""
    history = decisions.read(settings)
    pointer = registry.champion(settings)
    sentence = registry.heal(settings)
    if pointer and (not history or history[-1]["champion"] != pointer.version):
        sentence = sentence or f"The record of version {pointer.version}'s promotion was missing."
        _note(settings, clock, "healed", {"champion": pointer.version, "reason": sentence})
    return sentence


def _contenders(settings: Settings) -> tuple[str, str, dict[str, Bundle]]:
    """Versions of challenger and champion ("": there is none), and the bundles to compare."""
    baselines = registry.baselines(settings)
    if not baselines:
        raise NotReadyError("No model has been trained yet.", f"Run: {CLI} train")
    pointer = registry.champion(settings)
    champion = pointer.version if pointer else ""
    challenger = tracking.get_alias(settings, registry.CHALLENGER) or ""
    if challenger == champion:
        challenger = ""
    # One entry a version: the champion may be a baseline itself.
    versions = [version for version in (challenger, champion, *baselines) if version]
    bundles = {version: registry.load(settings, version) for version in versions}
    for version, bundle in bundles.items():
        if bundle.columns != active().columns:
            raise RegistryError(
                f"Version {version} takes other features than {CLI} builds now.",
                f"Train again; a champion like that is replaced by: {CLI} rollback --to VERSION.",
            )
    return challenger, champion, bundles


def _score(bundle: Bundle, error: Estimate) -> Contender:
    return Contender(
        version=str(bundle.info["version"]),
        name=str(bundle.info["name"]),
        is_baseline=registry.is_baseline(bundle.info),
        **_figures("mae", error),
    )


def _compare(model: Contender, against: Contender, difference: Estimate) -> Comparison:
    figures = _figures("difference", difference)
    return Comparison(model.version, against.version, **figures, better=figures["upper"] < 0)


def _figures(name: str, estimate: Estimate) -> dict[str, float]:
    """An estimate's value under `name`, and its bounds; the hold-out is never empty here."""
    assert estimate.value is not None
    assert estimate.low is not None
    assert estimate.high is not None
    return {name: estimate.value, "lower": estimate.low, "upper": estimate.high}


def _record(settings: Settings, clock: Clock, result: PromoteResult) -> None:
    _note(settings, clock, result.action, asdict(result))
    decided = f"{result.action}: {result.reason}"
    for contender in result.contenders:
        tags = {"holdout_mae": f"{contender.mae:.4f}", "decision": decided}
        tracking.tag_version(settings, contender.version, tags)
    runs.record(settings, "promote", clock, result)


def _note(settings: Settings, clock: Clock, action: str, fields: dict[str, Any]) -> None:
    stamp = clock.now().isoformat(timespec="seconds")
    decisions.append(settings, {**fields, "at": stamp, "action": action})


def _current(settings: Settings, *, named: bool) -> str:
    """Version that serves; where one was named, a damaged pointer does not stand in the way."""
    try:
        pointer = registry.champion(settings)
    except DataError:
        if not named:
            raise
        return "unknown"
    if pointer is None:
        raise NotReadyError("Nothing has been promoted yet.", f"Run `{CLI} promote` first.")
    return pointer.version


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"
