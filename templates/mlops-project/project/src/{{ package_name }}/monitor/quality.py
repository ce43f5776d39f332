"""Data quality of the period: what comes in is whole, possible, alive and in time, or not.

    missing    share of hours without a value, worst variable of a dataset
    range      share of values that cannot be (limits: the use case)
    stuck      longest run of one and the same value, in hours; zero and the variable's limits
               may last (no rain, saturated air)
    frozen     longest run in which no variable of a dataset changes at all
    age        hours since the newest label, at the period's end
    late       share of hours that should have a label by now and have none

No chance is involved: a healthy feed has none of these, so thresholds alone decide. The gate before
`features` asks whether the whole history can be learnt from; this asks about the newest weeks.
"""

from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day

import duckdb
import numpy as np

from .. import CLI
from ..clock import Clock
from ..config import Settings
from ..data.store import RawStore
from ..errors import DataError
from ..models import Matrix, Vector
from ..timing import label_cut, naive_utc
from ..usecase import Dataset, UseCase
from .findings import Check, Finding, concluded
from .scoring import Scored
from .seasons import Span

NAME = "data quality"


def compare(
    settings: Settings, clock: Clock, use_case: UseCase, period: Span, scored: Scored
) -> Check:
    """Judge the raw data of the period's hours and how well labels keep up."""
    begin = datetime.combine(period.start, time_of_day.min)
    end = datetime.combine(period.end, time_of_day(23))
    known = naive_utc(label_cut(settings, clock.now()))
    findings: list[Finding] = []
    store = RawStore(settings.raw_dir)
    for dataset in map(store.given, use_case.datasets):
        last = min(end, known) if dataset.name == use_case.label_dataset else end
        if last < begin:
            continue
        findings += _dataset(settings, dataset, read_hourly(settings, dataset, begin, last))
    findings += _labels(settings, clock, period, scored, known)
    if scored.skew is not None:
        level = float(np.nanmean(np.abs(scored.prediction)))
        findings.append(
            _finding("served / back-scored", "relative difference", scored.skew / level, 0.1)
        )
    bad = [found for found in findings if found.alarm]
    value = "; ".join(f"{found.name}: {found.measure} {found.effect:.3g}" for found in bad[:3])
    findings.sort(key=lambda found: -found.severity)
    return concluded(NAME, findings, value or "nothing missing, impossible, stuck or late")


def read_hourly(settings: Settings, dataset: Dataset, begin: datetime, end: datetime) -> Matrix:
    """Raw values (hours, variables) of `begin` to `end`, both included; NaN where there is none.

    Read from the raw store, because what staging drops must be seen here. Raises DataError when it
    is missing or damaged.
    """
    hours = int((end - begin) / timedelta(hours=1)) + 1
    values = np.full((hours, len(dataset.variables)), np.nan)
    files = (settings.raw_dir / dataset.name / "month=*" / "part.parquet").as_posix()
    names = ", ".join(variable.name for variable in dataset.variables)
    try:
        with duckdb.connect() as connection:
            table = connection.execute(
                f"SELECT date_diff('hour', ?, valid_time) AS hour, {names}"  # noqa: S608 our names
                " FROM read_parquet(?, hive_partitioning = false)"
                " WHERE place_id = ? AND valid_time BETWEEN ? AND ?",
                [begin, files, settings.place.id, begin, end],
            ).fetchnumpy()
    except duckdb.Error as error:
        raise DataError(
            f"The raw {dataset.name} data cannot be read: {str(error).splitlines()[0]}",
            f"Run `{CLI} collect` again: it fetches what is missing.",
        ) from None
    hour = np.asarray(table["hour"], dtype=np.intp)
    for index, variable in enumerate(dataset.variables):
        column = np.ma.filled(table[variable.name].astype(np.float64), np.nan)
        values[hour, index] = column
    return values


def _dataset(settings: Settings, dataset: Dataset, values: Matrix) -> list[Finding]:
    limits = settings.monitor
    low = np.array([variable.low for variable in dataset.variables])
    high = np.array([variable.high for variable in dataset.variables])
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        impossible = known & ((values < low) | (values > high))
        may_last = (values <= low) | (values >= high) | (values == 0)
        same = np.zeros_like(known)
        same[1:] = values[1:] == values[:-1]
    # Fractions are of all hours of the period; a variable that is wrong throughout gives 1.
    missing, out = 1 - known.mean(axis=0), impossible.mean(axis=0)
    stuck = np.array([_longest(column) for column in (same & ~may_last).T])
    frozen = _longest((same | ~known).all(axis=1) & known.any(axis=1) & ~may_last.all(axis=1))
    names = [variable.name for variable in dataset.variables]

    def worst(what: Vector) -> str:
        return f"{dataset.name}, {names[int(what.argmax())]}" if what.any() else dataset.name

    return [
        _finding(worst(missing), "missing share", missing.max(), limits.missing_share),
        _finding(worst(out), "impossible share", out.max(), limits.impossible_share),
        _finding(worst(stuck), "stuck hours", stuck.max(), limits.stuck_hours),
        _finding(dataset.name, "frozen hours", frozen, limits.frozen_hours),
    ]


def _labels(
    settings: Settings, clock: Clock, period: Span, scored: Scored, known: datetime
) -> list[Finding]:
    hours = scored.hours
    seen_at = min(clock.now(), _end_of(period) + timedelta(hours=settings.labels.delay_hours))
    labelled = hours.valid_time[np.isfinite(hours.y)]
    before = datetime.combine(period.start, time_of_day.min)
    newest = labelled.max().item() if len(labelled) else before
    age = (naive_utc(seen_at) - newest) / timedelta(hours=1)
    due = hours.valid_time <= np.datetime64(known)
    late = float(np.isnan(hours.y[due]).mean()) if due.any() else 0.0
    limits = settings.monitor
    return [
        _finding("labels", "age in hours", age, limits.label_age_hours),
        _finding("labels", "late share", late, limits.late_share),
    ]


def _end_of(period: Span) -> datetime:
    return datetime.combine(period.end + timedelta(days=1), time_of_day.min, UTC)


def _finding(name: str, measure: str, effect: float, threshold: float) -> Finding:
    effect = float(effect)
    return Finding(name, measure, effect, float(threshold), alarm=effect > threshold)


def _longest(mask: Vector) -> int:
    """Length of the longest run of a value, where `mask` (n,) says "as the hour before"."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    runs = edges[1::2] - edges[::2]
    return int(runs.max()) + 1 if len(runs) else 0
