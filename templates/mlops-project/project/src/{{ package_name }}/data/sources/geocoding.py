"""Find a city's coordinates with Open-Meteo's geocoding API (GeoNames data)."""

import random
from dataclasses import dataclass

from ...clock import Clock
from ...config import Collect
from ...errors import SourceError
from .http import ApiClient
from .quota import Quota

HOST = "https://geocoding-api.open-meteo.com"


@dataclass(frozen=True)
class Match:
    """A place of that name; degrees north and east."""

    name: str
    country: str
    region: str
    latitude: float
    longitude: float
    timezone: str
    population: int | None


def locate(
    city: str,
    clock: Clock,
    *,
    limits: Collect | None = None,
    base_url: str | None = None,
    count: int = 10,
) -> list[Match]:
    """Places whose name begins like `city`, the most likely first.

    Raises SourceError when there is none or the API cannot be reached.
    """
    limits = limits or Collect()
    name = city.strip()
    if len(name) < 2:
        raise SourceError("A city's name has at least two letters.", "Write more of the name.")
    client = ApiClient(
        clock,
        Quota(limits, clock),
        timeout_s=limits.timeout_s,
        max_attempts=limits.max_attempts,
        jitter=random.Random(),  # noqa: S311 spreads waits, guards nothing
    )
    try:
        url = (base_url or HOST).rstrip("/") + "/v1/search"
        found = client.get(url, {"name": name, "count": count, "language": "en"}).document
    finally:
        client.close()
    results = found.get("results")
    if not isinstance(results, list) or not results:
        raise SourceError(
            f"No place is called '{name}'.", "Try another spelling or a larger city nearby."
        )
    try:
        return [
            Match(
                name=str(entry["name"]),
                country=str(entry.get("country", "")),
                region=str(entry.get("admin1", "")),
                latitude=float(entry["latitude"]),
                longitude=float(entry["longitude"]),
                timezone=str(entry.get("timezone", "")),
                population=entry.get("population"),
            )
            for entry in results
        ]
    except (KeyError, TypeError, ValueError):
        raise SourceError(
            "The geocoding answer is not as expected.", "Check the base URL."
        ) from None
