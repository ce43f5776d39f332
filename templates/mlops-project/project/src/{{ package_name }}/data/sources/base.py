"""What a data source is, so that a measured station is one more file beside `open_meteo.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import polars as pl

from ...config import Place
from ...usecase import Dataset


@dataclass(frozen=True)
class Response:
    """What a source gave for some whole days of a dataset and place, and how it was come by.

    `rows` has the columns `valid_time` (naive UTC, one row an hour, in order, none left out) and
    one float column a variable; a value that the source does not have is null.
    """

    rows: pl.DataFrame
    url: str
    body_sha256: str
    body_bytes: int
    fetched_at: datetime
    cost: float
    """What the request and its failed attempts count against the source's quota, in calls."""
    attempts: int


class Source(Protocol):
    """Where hourly values come from."""

    @property
    def name(self) -> str:
        """Everything made from the data carries it on: "live" or "simulated"."""
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
