"""Which hours are known when: the one rule that keeps the future out of features and labels."""

from datetime import UTC, datetime, timedelta

from .config import Settings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def naive_utc(instant: datetime) -> datetime:
    """An aware instant as the naive UTC that tables hold."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def label_cut(settings: Settings, instant: datetime) -> datetime:
    """The last hour whose analysis was complete and published at `instant` (both aware, UTC).

    `20_features.sql` has the same rule: subtract the delay, round down to a whole step. Between two
    steps the API interpolates, so such an hour already holds the step that is still to come.
    """
    step = timedelta(hours=settings.label_step_hours)
    known = instant.astimezone(UTC) - timedelta(hours=settings.labels.delay_hours)
    return EPOCH + (known - EPOCH) // step * step


def gap_days(settings: Settings) -> int:
    """Issue days to leave out before a validation period.

    A day's last label must not be later than the cut of the first validation issue; 1 means that
    the day right before it is left out.
    """
    issue = EPOCH + timedelta(days=10)
    last_label = issue + timedelta(hours=23)
    days = 1
    while last_label > label_cut(settings, issue + timedelta(days=days)):
        days += 1
    return days - 1
