"""The champion's predictions beside what came true, hour by hour, each with its origin.

    logged        what the service predicted at the time (prediction log, endpoint `forecast`)
    unseen        out-of-sample predictions from training, for days up to the end of training
    back-scored   the champion on the warehouse's features, for later days without a logged one

An hour whose label has not arrived yet is counted and not judged.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..models import Matrix, Vector
from ..models.bundle import Bundle
from ..usecase import UseCase
from .champion import Unseen, lookup
from .chance import Days
from .seasons import Span

_HOUR = "datetime64[s]"


@dataclass(frozen=True)
class Hours:
    """n hours of the warehouse in order; `y` is NaN where there is no label yet."""

    issue_day: Days
    valid_time: NDArray[np.datetime64]
    X: Matrix
    y: Vector

    def on(self, days: Days) -> NDArray[np.bool_]:
        """Which hours (n,) belong to issues on these days."""
        return np.isin(self.issue_day, days)


@dataclass(frozen=True)
class Scored:
    """The predictions of the period's hours (n,) and how many are of which origin."""

    hours: Hours
    prediction: Vector
    logged: int
    unseen: int
    back_scored: int
    other_versions: int
    """Logged forecasts of other model versions: not the champion's doing, so not judged."""
    skew: float | None
    """Mean absolute difference of logged and back-scored predictions of the same hours."""

    @property
    def labelled(self) -> int:
        """Hours with a prediction and a label."""
        return int((np.isfinite(self.hours.y) & np.isfinite(self.prediction)).sum())

    @property
    def waiting(self) -> int:
        """Hours with a prediction whose label has not arrived."""
        return int((np.isnan(self.hours.y) & np.isfinite(self.prediction)).sum())


def read_hours(
    connection: duckdb.DuckDBPyConnection, use_case: UseCase, first: date, last: date
) -> Hours:
    """Features and known labels of the view `watched` for issues from `first` to `last`."""
    table = connection.execute(
        f"SELECT issue_time, valid_time, label, {', '.join(use_case.columns)} FROM watched"  # noqa: S608
        " WHERE issue_time::DATE BETWEEN ? AND ? ORDER BY valid_time",
        [first, last],
    ).fetchnumpy()
    columns = [np.ma.filled(table[name].astype(np.float64), np.nan) for name in use_case.columns]
    return Hours(
        np.asarray(table["issue_time"]).astype("datetime64[D]"),
        np.asarray(table["valid_time"]).astype(_HOUR),
        np.column_stack(columns),
        np.ma.filled(table["label"].astype(np.float64), np.nan),
    )


def score(
    hours: Hours, bundle: Bundle, unseen: Unseen, log: Path, period: Span, trained_until: date
) -> Scored:
    """Give each hour of the period its prediction; the service's own comes first."""
    fresh = bundle.predict(hours.X)
    version = str(bundle.info["version"])
    times, values, others = read_log(log, version, period)
    logged = lookup(hours.valid_time, times, values)
    seen = hours.issue_day <= np.datetime64(trained_until)
    from_training = unseen.at(hours.valid_time)
    # A day that the model was fitted on would look too good: only what it gave unseen counts.
    prediction = np.where(seen, from_training, fresh)
    prediction = np.where(np.isfinite(logged), logged, prediction)
    both = np.isfinite(logged) & np.isfinite(fresh)
    was_logged = np.isfinite(logged)
    return Scored(
        hours,
        prediction,
        logged=int(was_logged.sum()),
        unseen=int((seen & ~was_logged & np.isfinite(prediction)).sum()),
        back_scored=int((~seen & ~was_logged & np.isfinite(prediction)).sum()),
        other_versions=others,
        skew=float(np.abs(logged - fresh)[both].mean()) if both.any() else None,
    )


def read_log(path: Path, version: str, period: Span) -> tuple[NDArray[np.datetime64], Vector, int]:
    """Hours (n,), the version's forecasts for them (n,), and how many other versions' there are.

    Nothing is there before the service first ran. Raises DataError when the file is damaged.
    """
    if not path.exists():
        return np.array([], dtype=_HOUR), np.array([]), 0
    window = (period.start.isoformat(), (period.end + timedelta(days=1)).isoformat())
    query = (
        "SELECT valid_time, prediction, model_version FROM predictions WHERE endpoint = 'forecast'"
        " AND issue_time >= ? AND issue_time < ? AND prediction IS NOT NULL ORDER BY id"
    )
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            rows = connection.execute(query, window).fetchall()
        own = {hour: value for hour, value, by in rows if by == version}
        times = np.array([str(hour).replace(" ", "T")[:19] for hour in own], dtype=_HOUR)
        values = np.array(list(own.values()), dtype=np.float64)
    except (sqlite3.Error, ValueError) as error:
        raise DataError(
            f"The prediction log {path} cannot be read: {error}.",
            "Stop the service and move the file away; a new one begins with the next forecast.",
        ) from None
    return times, values, sum(by != version for _, _, by in rows)
