"""What a data source is, so that a measured station is one more file beside `open_meteo.py`.

Such a file holds a class that is a `Source`, and declares how it is called and opened:

    @contextmanager
    def _open(opening: Opening) -> Iterator[Source]:
        yield StationSource(opening.clock, opening.settings.root / "station.csv")

    SOURCE = SourceType("station", _open)
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

import polars as pl

from ...clock import Clock
from ...config import Place, Settings
from ...usecase import Dataset
from .body import hours_between
from .injection import Injection

OnWait = Callable[[str, float, float], None]
"""Told why a source waits, how many seconds it has waited so far, and how many it will in all."""


@dataclass(frozen=True)
class Response:
    """What a source gave for some whole days of a dataset and place, and how it was come by.

    `rows` has the columns `valid_time` (naive UTC, one row an hour, in order, none left out) and
    one float column a variable; a value that the source does not have is null. (`whole_hours` makes
    such rows of what there is.)
    """

    rows: pl.DataFrame
    url: str
    body_sha256: str
    body_bytes: int
    fetched_at: datetime
    cost: float
    """What the request and its failed attempts count against the source's quota, in calls."""
    attempts: int
    absent: tuple[str, ...] = ()
    """Variables that the source does not have at all: nobody will ask where their values are."""


def whole_hours(found: pl.DataFrame, dataset: Dataset, start: date, end: date) -> pl.DataFrame:
    """The rows of a `Response`, from `valid_time` (naive UTC, unique) and some of the variables.

    What is not found is null: hours as well as whole variables. Columns of no variable are dropped.
    """
    hours = pl.Series("valid_time", hours_between(start, end), pl.Datetime("us"))
    names = [variable.name for variable in dataset.variables]
    given = found.select(
        pl.col("valid_time").cast(pl.Datetime("us")),
        *(pl.col(name).cast(pl.Float64) for name in names if name in found.columns),
    )
    rows = hours.to_frame().join(given, on="valid_time", how="left").sort("valid_time")
    absent = [pl.lit(None, pl.Float64).alias(name) for name in names if name not in found.columns]
    return rows.with_columns(absent).select("valid_time", *names)


class Source(Protocol):
    """Where hourly values come from."""

    @property
    def name(self) -> str:
        """The name in its `SourceType`; everything made from the data carries it on."""
        ...

    @property
    def licence(self) -> str:
        """Licence of the values."""
        ...

    @property
    def requests(self) -> int:
        """Requests made so far, failed ones included."""
        ...

    @property
    def retries(self) -> Mapping[str, int]:
        """Failed attempts so far that were made up for, by kind."""
        ...

    def attribution(self, dataset: Dataset) -> str:
        """Who is to be named beside the values of `dataset`."""
        ...

    def last_day(self, dataset: Dataset, today: date) -> date:
        """Newest day for which the source can have values on `today` (forecasts reach ahead)."""
        ...

    def fetch(self, dataset: Dataset, place: Place, start: date, end: date) -> Response:
        """All variables of `dataset` for the days `start` to `end`, both included.

        Raises SourceError, with a remedy, when the source does not give them.
        """
        ...


def _silent(reason: str, waited: float, seconds: float) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class Opening:
    """What a source is opened with; each takes what it needs."""

    settings: Settings
    clock: Clock
    base_url: str | None = None
    """Stands in for every host."""
    injection: Injection | None = None
    past_calls: Mapping[str, Iterable[tuple[datetime, float]]] = field(default_factory=dict)
    """Times (aware) and costs of earlier calls by source, for its quota."""
    on_wait: OnWait = _silent


@dataclass(frozen=True)
class SourceType:
    """What a file of this folder declares as its `SOURCE`."""

    name: str
    open: Callable[[Opening], AbstractContextManager[Source]]
