"""Where hourly values come from: `open_source` gives the source of that name.

A measured station is one more file here that implements `base.Source`, and one more line below.
"""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from ...clock import Clock
from ...config import Settings
from ...errors import ConfigError
from .base import Response, Source
from .http import ApiClient, OnWait
from .injection import Injection
from .open_meteo import OpenMeteoSource
from .quota import Quota
from .simulated import SimulatedSource

__all__ = ["NAMES", "Injection", "Response", "Source", "open_source"]

NAMES = ("live", "simulated")


@contextmanager
def open_source(
    name: str,
    settings: Settings,
    clock: Clock,
    *,
    base_url: str | None = None,
    injection: Injection | None = None,
    past_calls: Iterable[tuple[datetime, float]] = (),
    on_wait: OnWait = lambda reason, seconds: None,
) -> Iterator[Source]:
    """The source called `name`, closed at the end of the `with` block.

    `past_calls` are the times and costs of earlier calls, for the quota. Raises ConfigError for an
    unknown name, and for an injection into anything but simulated data.
    """
    if name not in NAMES:
        raise ConfigError(f"There is no source '{name}'.", f"Choose one of {', '.join(NAMES)}.")
    if name == "simulated":
        yield SimulatedSource(clock, injection=injection)
        return
    if injection is not None:
        raise ConfigError("Drift is injected into simulated data only.", "Add --source simulated.")
    limits = settings.collect
    client = ApiClient(
        clock,
        Quota(limits, clock, past_calls),
        timeout_s=limits.timeout_s,
        max_attempts=limits.max_attempts,
        jitter=random.Random(),  # noqa: S311 spreads waits, guards nothing
        on_wait=on_wait,
    )
    try:
        yield OpenMeteoSource(client, clock, base_url or limits.base_url)
    finally:
        client.close()
