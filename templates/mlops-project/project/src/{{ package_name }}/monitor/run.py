"""`monitor` tells whether the champion is still right for the air that comes in.

Four checks of a period, each with its own test: data drift, prediction drift, concept drift (the
error) and data quality. Labels are joined as far as they had arrived at the clock's "now", so that
a run for a past instant sees what a run back then would have seen.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from .. import CLI, runs
from ..bundle import Bundle
from ..clock import Clock
from ..config import Settings
from ..errors import DataError, NotReadyError
from ..files import write_json_atomic, write_text_atomic
from ..progress import Progress, quiet
from ..timing import label_cut, naive_utc
from ..usecase import UseCase, active
from . import concept, drift, gauges, quality
from .champion import Unseen, read_champion, read_unseen, trained_until
from .findings import Check, not_judged
from .page import Pictures, render
from .profile import Profile, count_bins, quantile_edges
from .scoring import Hours, Scored, read_hours, score
from .seasons import Reference, Span, choose_period, same_season

SCHEMA = 1
STEPS = 5


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
    use_case = active()
    bundle = read_champion(settings)
    unseen, seen_until = read_unseen(bundle), trained_until(bundle)
    with _warehouse(settings, clock, use_case) as (connection, available, source):
        period = choose_period(start, end, available, settings.monitor)
        reference = same_season(period, available, settings.monitor)
        progress("monitor: scoring the champion", 0, STEPS)
        hours = read_hours(connection, use_case, available.start, period.end)
    scored = score(
        _take(hours, period.days), bundle, unseen, settings.predictions, period, seen_until
    )
    progress("monitor: data drift", 1, STEPS)
    judged = tuple(name for name in use_case.columns if name not in use_case.calendar_columns)
    before = _take(hours, reference.days)
    profiles = _profiles(judged, before, scored.hours, bundle)
    checks = [_drift(settings, "data drift", profiles, judged, reference)]
    progress("monitor: prediction drift", 2, STEPS)
    checks.append(_drift(settings, "prediction drift", profiles, ("prediction",), reference))
    progress("monitor: concept drift", 3, STEPS)
    errors = _errors(use_case, hours, scored, unseen, reference)
    checks.append(_concept(settings, bundle, *errors, reference))
    progress("monitor: data quality", 4, STEPS)
    checks.append(quality.compare(settings, clock, use_case, period, scored))

    sources = {source, str(bundle.info["source"])}
    named = zip(("current", "reference"), errors, strict=True)
    mae = {name: days.mae for name, days in named if len(days)}
    result = MonitorResult(
        alarm=any(check.alarm for check in checks),
        verdict=_verdict(checks, period, reference, "simulated" in sources),
        start=period.start.isoformat(),
        end=period.end.isoformat(),
        reference=str(reference),
        comparable=reference.comparable,
        checks=tuple(checks),
        counts=_counts(scored),
        errors=mae,
        warnings=tuple(_warnings(period, reference, seen_until, scored, available, end)),
        model_version=str(bundle.info["version"]),
        model_kind=str(bundle.info["kind"]),
        source="simulated" if "simulated" in sources else source,
        place=settings.place.name,
        html=settings.reports_dir / "monitor.html",
        json=settings.monitor_dir / "latest.json",
        prometheus=settings.monitor_dir / "metrics.prom",
    )
    pictures = Pictures(scored, profiles, *errors, unit=use_case.unit)
    now = clock.now()
    write_text_atomic(result.html, render(result, pictures, now))
    write_text_atomic(result.prometheus, gauges.render(result, now))
    content = {"schema": SCHEMA, "created_at": now.isoformat(timespec="seconds"), **asdict(result)}
    write_json_atomic(result.json, content)
    runs.record(settings, "monitor", clock, result, source=result.source)
    progress("monitor: done", STEPS, STEPS)
    return result


@contextmanager
def _warehouse(
    settings: Settings, clock: Clock, use_case: UseCase
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Span, str]]:
    """The warehouse as known "now": the view `watched`, its issue days, the data's source."""
    if not settings.warehouse.is_file():
        raise NotReadyError(
            "There are no features yet.", f"Run `{CLI} collect` and `{CLI} features` first."
        )
    now = clock.now()
    known = naive_utc(label_cut(settings, now)).isoformat(sep=" ")
    variables = use_case.dataset(use_case.label_dataset).variables
    target = next(variable for variable in variables if variable.name == use_case.target)
    try:
        with duckdb.connect(settings.warehouse, read_only=True) as connection:
            # A view takes no parameters; dates and names here are our own.
            connection.execute(
                "CREATE TEMP VIEW watched AS"  # noqa: S608
                f" SELECT f.*, CASE WHEN l.valid_time <= TIMESTAMP '{known}'"
                # An impossible label is a matter of quality and says nothing about the model.
                f" AND l.{use_case.target} BETWEEN {target.low} AND {target.high}"
                f" THEN l.{use_case.target} END AS label"
                " FROM features AS f LEFT JOIN labels AS l USING (place_id, valid_time)"
                f" WHERE place_id = '{settings.place.id}'"
                f" AND issue_time <= TIMESTAMP '{naive_utc(now).isoformat(sep=' ')}'"
            )
            found = connection.execute(
                "SELECT min(issue_time), max(issue_time),"
                " (SELECT value FROM meta WHERE key = 'source') FROM watched"
            ).fetchall()[0]
            if found[0] is None:
                raise NotReadyError(
                    f"There are no features of {settings.place.name} up to {now:%Y-%m-%d}.",
                    f"Run `{CLI} collect` and `{CLI} features` first.",
                )
            yield connection, Span(found[0].date(), found[1].date()), str(found[2])
    except duckdb.Error as error:
        raise DataError(
            f"{settings.warehouse} cannot be read: {str(error).splitlines()[0]}",
            f"Build it again: `{CLI} features`.",
        ) from None


def _take(hours: Hours, days: np.ndarray) -> Hours:
    chosen = hours.on(days)
    return Hours(
        hours.issue_day[chosen], hours.valid_time[chosen], hours.X[chosen], hours.y[chosen]
    )


def _profiles(
    judged: tuple[str, ...], before: Hours, now: Hours, bundle: Bundle
) -> tuple[Profile, Profile]:
    """Features and the champion's own predictions, reference and period, binned alike."""
    with duckdb.connect() as connection:
        for name, hours in (("reference", before), ("period", now)):
            columns = {"issue_day": hours.issue_day, "prediction": bundle.predict(hours.X)}
            columns |= {c: hours.X[:, bundle.columns.index(c)] for c in judged}
            connection.register(name, pl.DataFrame(columns, nan_to_null=True))
        edges = quantile_edges(connection, "reference", (*judged, "prediction"), "issue_day")
        return (
            count_bins(connection, "reference", edges, "issue_day"),
            count_bins(connection, "period", edges, "issue_day"),
        )


def _drift(
    settings: Settings,
    name: str,
    profiles: tuple[Profile, Profile],
    columns: tuple[str, ...],
    reference: Reference,
) -> Check:
    if len(reference.days) < settings.monitor.min_days:
        return not_judged(name, "too few earlier days to compare with")
    before, now = (profile.only(columns) for profile in profiles)
    return drift.compare(
        name,
        before,
        now,
        threshold=settings.monitor.psi,
        alpha=settings.monitor.alpha,
        block_days=settings.monitor.block_days,
        comparable=reference.comparable,
    )


def _errors(
    use_case: UseCase, hours: Hours, scored: Scored, unseen: Unseen, reference: Reference
) -> tuple[concept.DailyErrors, concept.DailyErrors]:
    """Daily errors of the period, and of the reference days by unseen predictions."""
    persistence = use_case.columns.index(use_case.persistence_column)
    now = concept.daily_errors(
        scored.hours.issue_day, scored.hours.y, scored.prediction, scored.hours.X[:, persistence]
    )
    before = _take(hours, reference.days)
    prediction = unseen.at(before.valid_time)
    earlier = concept.daily_errors(before.issue_day, before.y, prediction, before.X[:, persistence])
    return now, earlier


def _concept(
    settings: Settings,
    bundle: Bundle,
    now: concept.DailyErrors,
    before: concept.DailyErrors,
    reference: Reference,
) -> Check:
    limits = settings.monitor
    if len(now) < limits.min_days:
        return not_judged(
            concept.NAME, f"{len(now)} days with labels and predictions, {limits.min_days} needed"
        )
    if len(before) < limits.min_days:
        return not_judged(concept.NAME, "no unseen predictions of the same season to compare with")
    return concept.compare(
        before,
        now,
        threshold=limits.error_ratio,
        alpha=limits.alpha,
        block_days=limits.block_days,
        comparable=reference.comparable,
        against_persistence=bundle.info["kind"] != "persistence",
    )


def _counts(scored: Scored) -> dict[str, int]:
    names = ("logged", "unseen", "back_scored", "labelled", "waiting", "other_versions")
    return {name: int(getattr(scored, name)) for name in names}


def _verdict(checks: list[Check], period: Span, reference: Reference, simulated: bool) -> str:
    """One sentence (and "Simulated data: " before it where that is so)."""
    label = "Simulated data: " if simulated else ""
    found = [f"{check.name} ({check.value})" for check in checks if check.alarm]
    if found:
        return f"{label}alarm for {period}: {'; '.join(found)}."
    open_ = [check.name for check in checks if check.status in ("not comparable", "not judged")]
    rest = f" Not judged: {', '.join(open_)}." if open_ else ""
    return f"{label}no drift found from {period}.{rest}"


def _warnings(
    period: Span,
    reference: Reference,
    seen_until: date,
    scored: Scored,
    available: Span,
    end: date | None,
) -> Iterator[str]:
    if not reference.comparable:
        yield (
            f"No data of the same season in earlier years: the {len(reference.days)} days before "
            "the period stand in, and drift from them is no alarm (another season is no drift)."
        )
    if period.start <= seen_until:
        yield (
            f"The champion was trained on days up to {seen_until}. On those, errors are taken from "
            "its validation, where it had not seen them; days without are not judged."
        )
    if end and end > available.end:
        yield f"There are features up to {available.end} only."
    if scored.waiting:
        yield f"{scored.waiting} predicted hours have no label yet and are not judged."
