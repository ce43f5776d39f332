"""The API's quotas, kept on this side so that they are not run into.

A call costs max(1, variables / 10, variables / 10 * days / 14); the free API allows so many calls
in a minute, an hour and a day. The windows here roll, which is never laxer than the API's own.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from ... import CLI
from ...clock import Clock
from ...config import Collect
from ...errors import SourceError

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def call_cost(variables: int, days: int) -> float:
    """What one request for one place counts, in calls."""
    return max(1.0, variables / 10, variables / 10 * days / 14)


class Quota:
    """Calls of the last day, and whether one more may be made.

    `past` are the times (aware) and costs of earlier runs' calls, as the manifest has them.
    """

    def __init__(
        self, limits: Collect, clock: Clock, past: Iterable[tuple[datetime, float]] = ()
    ) -> None:
        self._limits = ((MINUTE, limits.minutely), (HOUR, limits.hourly), (DAY, limits.daily))
        self._clock = clock
        newest_first = clock.now() - DAY
        self._calls = deque(sorted(call for call in past if call[0] > newest_first))
        self.spent = 0.0
        """Calls booked by this object."""

    def book(self, cost: float) -> None:
        """Count a call that was made just now."""
        self._calls.append((self._clock.now(), cost))
        self.spent += cost

    def delay(self, cost: float) -> float:
        """Seconds until a call of this cost fits into the minute and the hour.

        Raises SourceError when it does not fit into the day any more: nobody waits that long.
        """
        now = self._clock.now()
        while self._calls and self._calls[0][0] <= now - DAY:
            self._calls.popleft()
        wait = 0.0
        for window, limit in self._limits:
            used = [(at, spent) for at, spent in self._calls if at > now - window]
            excess = sum(spent for _, spent in used) + cost - limit
            free_at = now
            for at, spent in used:
                if excess <= 0:
                    break
                excess -= spent
                free_at = at + window
            if excess > 0 and cost > limit and used:
                free_at = used[-1][0] + window  # can never fit: go alone
            if window is DAY and free_at > now:
                raise SourceError(
                    f"The day's budget of {limit} API calls is used up; what was collected stays.",
                    f"Run `{CLI} collect` again after {free_at:%Y-%m-%d %H:%M} UTC: it goes on.",
                )
            wait = max(wait, (free_at - now).total_seconds())
        return wait
