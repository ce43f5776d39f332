"""A seeded generator of air and weather that speaks the API's format.

It stands in where there is no network and no account, and in tests. Nothing of it is measured, and
the store, the reports and the README say so. `climate.py` holds the physics; here its values are
handed out as the API would: rounded, as JSON, through the same parser.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from ...clock import Clock
from ...config import Place
from ...errors import SourceError
from ...provenance import SIMULATED
from ...usecase import Dataset
from . import body
from .base import Opening, Response, Source, SourceType
from .climate import Site, simulate_year
from .injection import Injection, apply_faults

DECIMALS = {"relative_humidity_2m": 0, "wind_speed_10m": 2, "wind_direction_10m": 0}
DECIMALS |= {"carbon_monoxide": 0}


def series(
    place: Place, start: date, end: date, seed: int = 7, injection: Injection | None = None
) -> dict[str, np.ndarray]:
    """All variables, hour by hour from `start` 00:00 to `end` 23:00 UTC, keyed by the API's names.

    The values depend on place, seed and hour only, not on where a request begins or ends. Units are
    the API's with wind in m/s; NaN stands for a missing value, which only an injection makes.
    """
    site = Site(place.latitude, place.longitude, place.label_step_hours)
    parts = []
    for year in range(start.year, end.year + 1):
        first, last = max(start, date(year, 1, 1)), min(end, date(year, 12, 31))
        begin = 24 * (first - date(year, 1, 1)).days
        window = slice(begin, begin + 24 * ((last - first).days + 1))
        block = _year(site, seed, year, injection)
        parts.append({name: values[window] for name, values in block.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@lru_cache(maxsize=4)
def _year(site: Site, seed: int, year: int, injection: Injection | None) -> dict[str, np.ndarray]:
    values = simulate_year(site, seed, year, injection)
    rounded = {name: np.round(column, _decimals(name)) for name, column in values.items()}
    if injection is not None:
        apply_faults(rounded, injection, seed, year)
    return rounded


def _decimals(name: str) -> int:
    return DECIMALS.get(name.partition("_previous_day")[0], 1)


def document(
    dataset: Dataset, place: Place, start: date, end: date, seed: int, injection: Injection | None
) -> dict[str, Any]:
    """The API's answer as a JSON-ready dict. Raises SourceError for an unknown variable."""
    values = series(place, start, end, seed, injection)
    hourly: dict[str, Any] = {
        "time": [hour.isoformat(timespec="minutes") for hour in body.hours_between(start, end)]
    }
    for variable in dataset.variables:
        if variable.name not in values:
            raise SourceError(
                f"The simulated source has no {variable.name}.",
                "Add it to sources/climate.py, or collect with --source live.",
            )
        column = values[variable.name]
        hourly[variable.name] = [None if value != value else value for value in column.tolist()]
    return {
        "latitude": place.latitude,
        "longitude": place.longitude,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "hourly_units": {"time": "iso8601"} | {v.name: v.unit for v in dataset.variables},
        "hourly": hourly,
    }


class SimulatedSource:
    """`Source` over the generator; with an injection, from its date on, something is wrong."""

    name = SIMULATED
    licence = "none: generated values"

    def __init__(self, clock: Clock, *, seed: int = 7, injection: Injection | None = None) -> None:
        self._clock = clock
        self._seed = seed
        self._injection = injection
        self.requests = 0
        self.retries: dict[str, int] = {}

    def attribution(self, dataset: Dataset) -> str:
        """Says that nobody measured this."""
        return f"simulated {dataset.name} (seed {self._seed}): no measurement, no forecast"

    def last_day(self, dataset: Dataset, today: date) -> date:
        """Forecasts reach as far ahead as the API's own."""
        return today + timedelta(days=6)

    def fetch(self, dataset: Dataset, place: Place, start: date, end: date) -> Response:
        """Generate, encode and parse, as if it had come over the network."""
        self.requests += 1
        answer = document(dataset, place, start, end, self._seed, self._injection)
        data = json.dumps(answer, separators=(",", ":")).encode()
        suffix = f"&inject={self._injection}" if self._injection else ""
        return Response(
            rows=body.parse(body.decode(data), dataset, start, end),
            url=f"simulated:{dataset.path}?start_date={start}&end_date={end}&seed={self._seed}{suffix}",
            body_sha256=hashlib.sha256(data).hexdigest(),
            body_bytes=len(data),
            fetched_at=self._clock.now(),
            cost=0.0,
            attempts=1,
        )


@contextmanager
def _open(opening: Opening) -> Iterator[Source]:
    yield SimulatedSource(opening.clock, injection=opening.injection)


SOURCE = SourceType(SIMULATED, _open)
