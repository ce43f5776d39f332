"""`monitor` tells whether the champion is still right for the air that comes in.

It runs the checks (`examine.py`), sums them up in a sentence, and writes the page, the JSON, the
gauges and the run record.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from .. import runs
from ..clock import Clock
from ..config import Settings
from ..files import write_json_atomic, write_text_atomic
from ..progress import Progress, quiet
from ..provenance import notice
from . import gauges
from .examine import Examined, examine
from .findings import Check
from .page import render

SCHEMA = 1


@dataclass(frozen=True)
class MonitorResult:
    """What was found, and where it is written. The CLI exits with 3 when `alarm` is true."""

    alarm: bool
    verdict: str
    start: str
    end: str
    reference: str
    comparable: bool
    checks: tuple[Check, ...]
    counts: dict[str, int]
    """Predicted hours: logged, unseen, back_scored, labelled, waiting, other_versions."""
    errors: dict[str, float]
    """Mean absolute error, in the target's unit, of the current and the reference days."""
    warnings: tuple[str, ...]
    model_version: str
    model_kind: str
    source: str
    place: str
    html: Path
    json: Path
    prometheus: Path


def monitor(
    settings: Settings,
    clock: Clock,
    *,
    start: date | None = None,
    end: date | None = None,
    progress: Progress = quiet,
) -> MonitorResult:
    """Judge the issue days from `start` to `end` (the last 30 with features) and write the reports.

    Raises NotReadyError without a champion, a warehouse or enough days; ConfigError when the dates
    are reversed; DataError when warehouse, bundle, raw data or prediction log are damaged.
    """
    found = examine(settings, clock, start=start, end=end, progress=progress)
    errors = {"current": found.now, "reference": found.before}
    result = MonitorResult(
        alarm=any(check.alarm for check in found.checks),
        verdict=_verdict(found),
        start=found.period.start.isoformat(),
        end=found.period.end.isoformat(),
        reference=str(found.reference),
        comparable=found.reference.comparable,
        checks=found.checks,
        counts=_counts(found),
        errors={name: days.mae for name, days in errors.items() if len(days)},
        warnings=tuple(_warnings(found, end)),
        model_version=str(found.bundle.info["version"]),
        model_kind=str(found.bundle.info["kind"]),
        source=found.source,
        place=settings.place.name,
        html=settings.reports_dir / "monitor.html",
        json=settings.monitor_dir / "latest.json",
        prometheus=settings.monitor_dir / "metrics.prom",
    )
    now = clock.now()
    write_text_atomic(result.html, render(result, found, now))
    write_text_atomic(result.prometheus, gauges.render(result, now))
    content = {"schema": SCHEMA, "created_at": now.isoformat(timespec="seconds"), **asdict(result)}
    write_json_atomic(result.json, content)
    runs.record(settings, "monitor", clock, result, source=result.source)
    return result


def _counts(found: Examined) -> dict[str, int]:
    names = ("logged", "unseen", "back_scored", "labelled", "waiting", "other_versions")
    return {name: int(getattr(found.scored, name)) for name in names}


def _verdict(found: Examined) -> str:
    """One sentence (and "Simulated data: " before it where that is so)."""
    warning = notice(found.source)
    label = f"{warning}: " if warning else ""
    alarms = [f"{check.name} ({check.value})" for check in found.checks if check.alarm]
    if alarms:
        return f"{label}alarm for {found.period}: {'; '.join(alarms)}."
    unsure = [check.name for check in found.checks if _is_open(check)]
    rest = f" Not judged: {', '.join(unsure)}." if unsure else ""
    return f"{label}no drift found from {found.period}.{rest}"


def _is_open(check: Check) -> bool:
    return check.status in ("not comparable", "not judged")


def _warnings(found: Examined, asked_end: date | None) -> Iterator[str]:
    if not found.reference.comparable:
        yield (
            "No data of the same season in earlier years: the "
            f"{len(found.reference.days)} days before the period stand in, and a difference from "
            "them is no alarm (another season is no drift)."
        )
    if found.period.start <= found.trained_until:
        yield (
            f"The champion was trained on days up to {found.trained_until}. On those, errors are "
            "taken from its validation, where it had not seen them; days without are not judged."
        )
    if asked_end and asked_end > found.available.end:
        yield f"There are features up to {found.available.end} only."
    if found.scored.waiting:
        yield f"{found.scored.waiting} predicted hours have no label yet and are not judged."
