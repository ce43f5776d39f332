"""The live source: Open-Meteo's public API, no key, non-commercial use, CC BY 4.0.

The air-quality host gives the CAMS analysis; the previous-runs host gives the weather as it was
forecast N x 24 hours before (`<name>_previous_dayN`). https://open-meteo.com/en/docs
"""

import hashlib
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta

from ...clock import Clock
from ...config import Place
from ...provenance import LIVE
from ...usecase import Dataset
from . import body
from .base import Opening, Response, Source, SourceType
from .http import ApiClient
from .quota import Quota, call_cost

FORECAST_DAYS = 6


class OpenMeteoSource:
    """`Source` over HTTP; `base_url` stands in for every host (a mirror, a recorded server)."""

    name = LIVE
    licence = "CC BY 4.0"

    def __init__(self, client: ApiClient, clock: Clock, base_url: str | None = None) -> None:
        self._client = client
        self._clock = clock
        self._base_url = base_url.rstrip("/") if base_url else None

    @property
    def requests(self) -> int:
        """Requests made so far, failed ones included."""
        return self._client.requests

    @property
    def retries(self) -> Mapping[str, int]:
        """Failed attempts so far, by kind."""
        return dict(self._client.retries)

    def attribution(self, dataset: Dataset) -> str:
        """Who the licence asks to name."""
        return dataset.attribution

    def last_day(self, dataset: Dataset, today: date) -> date:
        """Both hosts forecast some days ahead."""
        return today + timedelta(days=FORECAST_DAYS)

    def fetch(self, dataset: Dataset, place: Place, start: date, end: date) -> Response:
        """One request. Raises SourceError when the API refuses, fails or gives something else."""
        days = (end - start).days + 1
        reply = self._client.get(
            (self._base_url or f"https://{dataset.host}") + dataset.path,
            {
                "latitude": place.latitude,
                "longitude": place.longitude,
                "hourly": ",".join(variable.name for variable in dataset.variables),
                "start_date": start.isoformat(),
                "end_date": end.isoformat(),
                "timezone": "GMT",
                "wind_speed_unit": "ms",
            },
            cost=call_cost(len(dataset.variables), days),
        )
        return Response(
            rows=body.parse(reply.document, dataset, start, end),
            url=reply.url,
            body_sha256=hashlib.sha256(reply.data).hexdigest(),
            body_bytes=len(reply.data),
            fetched_at=self._clock.now(),
            cost=reply.cost,
            attempts=reply.attempts,
        )


@contextmanager
def _open(opening: Opening) -> Iterator[Source]:
    limits = opening.settings.collect
    client = ApiClient(
        opening.clock,
        Quota(limits, opening.clock, opening.past_calls.get(LIVE, ())),
        timeout_s=limits.timeout_s,
        max_attempts=limits.max_attempts,
        jitter=random.Random(),  # noqa: S311 spreads waits, guards nothing
        on_wait=opening.on_wait,
    )
    try:
        yield OpenMeteoSource(client, opening.clock, opening.base_url or limits.base_url)
    finally:
        client.close()


SOURCE = SourceType(LIVE, _open)
