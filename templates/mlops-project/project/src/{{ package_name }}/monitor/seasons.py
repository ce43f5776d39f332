"""Which days are judged, and with which earlier ones they are compared.

Against the whole history every January has drifted: it is colder than the mean. The reference is
therefore the same season of earlier years. Where the data holds none, the nearest days before the
period stand in, and the checks say that they cannot judge by them.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from .. import CLI
from ..config import Monitor
from ..errors import ConfigError, NotReadyError
from .chance import Days

YEAR_DAYS = 365.25
DEFAULT_DAYS = 30


@dataclass(frozen=True)
class Span:
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    def __len__(self) -> int:
        return (self.end - self.start).days + 1

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"

    @property
    def days(self) -> Days:
        """Each day (d,)."""
        count = np.arange(len(self)).astype("timedelta64[D]")
        return np.datetime64(self.start, "D") + count


@dataclass(frozen=True)
class Reference:
    """The days to compare with (d,), in order; `comparable` if they are of the same season."""

    days: Days
    comparable: bool

    def __str__(self) -> str:
        """The runs of consecutive days."""
        if not len(self.days):
            return "none"
        breaks = np.flatnonzero(np.diff(self.days) > np.timedelta64(1, "D"))
        firsts, lasts = [0, *(breaks + 1)], [*breaks, len(self.days) - 1]
        return ", ".join(
            f"{self.days[first]} to {self.days[last]}"
            for first, last in zip(firsts, lasts, strict=True)
        )


def choose_period(start: date | None, end: date | None, available: Span, settings: Monitor) -> Span:
    """The period to judge: as asked for, else the last 30 days for which there are features.

    Raises ConfigError when it is reversed or short, NotReadyError where there are no features.
    """
    last = end or max(available.end, start or available.end)
    first = start or last - timedelta(days=max(DEFAULT_DAYS, settings.min_days) - 1)
    if first > last:
        raise ConfigError(
            f"The period begins on {first}, after its end on {last}.", "Swap --start and --end."
        )
    span = Span(max(first, available.start), min(last, available.end))
    if span.start > span.end:
        raise NotReadyError(
            f"There are no features from {first} to {last}; there are some from {available}.",
            f"Run `{CLI} collect` and `{CLI} features`, or choose days of that span.",
        )
    if len(span) < settings.min_days:
        raise NotReadyError(
            f"{len(span)} days ({span}) are too few to tell drift from weather: "
            f"{settings.min_days} are needed.",
            f"Choose a longer period; there are features from {available}.",
        )
    return span


def same_season(period: Span, available: Span, settings: Monitor) -> Reference:
    """The period's days of the year in earlier years, `season_days` more on either side.

    With less than `min_days` of them: as many days right before the period, not comparable.
    """
    margin = timedelta(days=settings.season_days)
    earlier = Span(available.start, min(available.end, period.start - timedelta(days=1))).days
    chosen = np.zeros(len(earlier), dtype=bool)
    years = 1 + int(len(earlier) / YEAR_DAYS)
    for back in range(1, years + 1):
        shift = timedelta(days=round(back * YEAR_DAYS))
        first, last = period.start - shift - margin, period.end - shift + margin
        chosen |= (earlier >= np.datetime64(first)) & (earlier <= np.datetime64(last))
    if chosen.sum() >= settings.min_days:
        return Reference(earlier[chosen], True)
    return Reference(earlier[-(len(period) + 2 * settings.season_days) :], False)
