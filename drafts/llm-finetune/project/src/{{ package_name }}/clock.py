"""The one clock of the project: every "now" and every wait goes through it.

Tests and back-dated runs (`--as-of`) inject a clock that stands still; waits then cost nothing.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from . import ENV_PREFIX
from .errors import ConfigError


class Clock(Protocol):
    """What the project asks of a clock."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations and rate limits."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)


class FixedClock:
    """A clock that moves only when somebody sleeps; `waited` sums those seconds."""

    def __init__(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise ConfigError(f"The instant {now.isoformat()} has no time zone.", "Give it in UTC.")
        self._now = now.astimezone(UTC)
        self.waited = 0.0

    def now(self) -> datetime:
        """The instant the clock was set to, plus all waits."""
        return self._now

    def monotonic(self) -> float:
        """Seconds waited so far."""
        return self.waited

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.waited += seconds
        self._now += timedelta(seconds=seconds)


def parse_instant(text: str) -> datetime:
    """`2026-01-31` (its midnight) or `2026-01-31T06:00` as an aware UTC instant.

    Raises ConfigError when the text is no ISO date.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"'{text}' is not a date.", "Write it as 2026-01-31.") from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def clock_for(as_of: str | None = None) -> Clock:
    """The clock of a run: fixed at `as_of`, else at the environment's `<PREFIX>NOW`, else real."""
    text = as_of or os.environ.get(f"{ENV_PREFIX}NOW")
    return FixedClock(parse_instant(text)) if text else SystemClock()
