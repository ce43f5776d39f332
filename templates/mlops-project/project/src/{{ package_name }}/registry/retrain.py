"""Train again when the world has changed: monitor, train, promote or keep, one record of why."""

from dataclasses import dataclass
from typing import Literal

from .. import runs
from ..clock import Clock
from ..config import Settings
from ..progress import Progress, quiet


@dataclass(frozen=True)
class RetrainResult:
    """What was done and why; `champion` is None where nothing was trained."""

    action: Literal["not needed", "promoted", "kept", "baseline"]
    alarm: bool | None
    """What monitoring found; None where it was not asked."""
    trained: bool
    champion: str | None
    champion_name: str | None
    is_baseline: bool | None
    reason: str


def retrain(
    settings: Settings, clock: Clock, *, if_drift: bool = False, progress: Progress = quiet
) -> RetrainResult:
    """Train and let the gate decide; with `if_drift` only when monitoring raises an alarm.

    Raises what `monitor`, `train` and `promote` raise; the record is written when all went well.
    """
    from ..monitor import monitor
    from ..training.train import train
    from .promote import promote

    alarm = None
    if if_drift:
        found = monitor(settings, clock, start=None, end=None, progress=progress)
        alarm = found.alarm
        if not alarm:
            reason = "No drift: the champion stays and nothing is trained."
            result = RetrainResult("not needed", alarm, False, None, None, None, reason)
            runs.record(settings, "retrain", clock, result)
            return result
    train(settings, clock, progress=progress)
    decision = promote(settings, clock, progress)
    why = "Monitoring raised an alarm" if if_drift else "Retraining was asked for"
    result = RetrainResult(
        action=decision.action,
        alarm=alarm,
        trained=True,
        champion=decision.champion,
        champion_name=decision.champion_name,
        is_baseline=decision.is_baseline,
        reason=f"{why}. {decision.reason}",
    )
    runs.record(settings, "retrain", clock, result)
    return result
