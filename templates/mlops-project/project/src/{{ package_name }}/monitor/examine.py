"""The four checks of a period, from the warehouse, the champion and the prediction log.

Everything is read as it was known at the clock's "now", so that a run for a past instant sees what
a run back then would have seen.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np

from .. import CLI
from ..clock import Clock
from ..config import Settings
from ..errors import DataError, NotReadyError
from ..models import Vector
from ..models.bundle import Bundle
from ..progress import Progress, quiet
from ..provenance import of_model
from ..timing import label_cut, naive_utc
from ..usecase import UseCase, active
from . import concept, drift, quality
from .champion import read_champion, read_unseen, trained_until
from .findings import Check, not_judged
from .profile import Profile, count_bins, open_database, quantile_edges
from .scoring import Hours, Scored, read_hours, score
from .seasons import Reference, Span, choose_period, same_season

STEPS = 4


@dataclass(frozen=True)
class Examined:
    """The checks and what they were made from; `now` and `before` are the daily errors."""

    period: Span
    reference: Reference
    available: Span
    bundle: Bundle
    trained_until: date
    source: str
    scored: Scored
    profiles: tuple[Profile, Profile]
    """Features and the champion's predictions: of the reference, of the period."""
    now: concept.DailyErrors
    before: concept.DailyErrors
    checks: tuple[Check, ...]


def examine(
    settings: Settings,
    clock: Clock,
    *,
    start: date | None = None,
    end: date | None = None,
    progress: Progress = quiet,
) -> Examined:
    """Judge the issue days from `start` to `end`; raises what `monitor` raises."""
    use_case, bundle = active(), read_champion(settings)
    unseen, seen_until = read_unseen(bundle), trained_until(bundle)
    with _warehouse(settings, clock, use_case) as (connection, available, source):
        period = choose_period(start, end, available, settings.monitor)
        reference = same_season(period, available, settings.monitor)
        hours = read_hours(connection, use_case, available.start, period.end)
    progress("monitor: data drift", 0, STEPS)
    judged = tuple(name for name in use_case.columns if name not in use_case.calendar_columns)
    recent, earlier = _take(hours, period.days), _take(hours, reference.days)
    scored = score(recent, bundle, unseen, settings.predictions, period, seen_until)
    profiles = _profiles(judged, earlier, recent, bundle)
    data = _drift(settings, "data drift", profiles, judged, reference)
    progress("monitor: prediction drift", 1, STEPS)
    predictions = _drift(settings, "prediction drift", profiles, ("prediction",), reference)
    progress("monitor: concept drift", 2, STEPS)
    usual = use_case.columns.index(use_case.persistence_column)
    now = _errors(recent, scored.prediction, usual)
    before = _errors(earlier, unseen.at(earlier.valid_time), usual)
    errors = _concept(settings, bundle, now, before, reference)
    progress("monitor: data quality", 3, STEPS)
    fit = quality.compare(settings, clock, use_case, period, scored)
    progress("monitor: data quality", 4, STEPS)
    return Examined(
        period,
        reference,
        available,
        bundle,
        seen_until,
        of_model(source, str(bundle.info["source"])),
        scored,
        profiles,
        now,
        before,
        (data, predictions, errors, fit),
    )


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
    with open_database() as connection:
        for name, hours in (("reference", before), ("period", now)):
            columns = {"issue_day": hours.issue_day.astype("datetime64[us]")}
            columns |= {c: hours.X[:, bundle.columns.index(c)] for c in judged}
            connection.register(name, columns | {"prediction": bundle.predict(hours.X)})
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


def _errors(hours: Hours, prediction: Vector, usual: int) -> concept.DailyErrors:
    """Daily errors of predictions (n,), beside those of persistence, column `usual` of X."""
    return concept.daily_errors(hours.issue_day, hours.y, prediction, hours.X[:, usual])


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
