"""Which months to ask for: those missing, not final yet, asked for in another way, or damaged.

A month is final once it was fetched `settle_days` after its end; until then it is asked for again,
because the analysis is still revised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from ..config import Settings
from ..errors import ConfigError
from ..provenance import SIMULATED
from ..usecase import Dataset
from .manifest import Chunk
from .sources import Injection, Source
from .store import RawStore

FRESH_HOURS = 6
"""A month that is not final is asked for again after this long: the models run every 6 hours."""


@dataclass(frozen=True)
class Month:
    """Days of one month of a dataset, `start` to `end`, both included."""

    dataset: Dataset
    month: str
    start: date
    end: date

    @property
    def key(self) -> tuple[str, str]:
        """As the store's chunks are named."""
        return self.dataset.name, self.month


def days_to_collect(
    settings: Settings,
    datasets: Sequence[Dataset],
    start: date | None,
    end: date | None,
    today: date,
) -> tuple[date, date]:
    """First and last day to collect. Raises ConfigError for days that no source can have."""
    newest = today - timedelta(days=1)
    start, end = start or settings.collect.start, end or newest
    for what, day in (("start", start), ("end", end)):
        if day > newest:
            raise ConfigError(
                f"The {what} {day} lies in the future: the newest whole day is {newest} (UTC).",
                f"Choose {newest} or earlier.",
            )
    if end < start:
        raise ConfigError(
            f"The end {end} lies before the start {start}.", "Exchange --start and --end."
        )
    latest = max(datasets, key=lambda dataset: dataset.first_day)
    if start < date.fromisoformat(latest.first_day):
        raise ConfigError(
            f"The start {start} lies before {latest.first_day}, when {latest.name} begins.",
            f"Choose {latest.first_day} or later.",
        )
    return start, end


def asked(
    source_of: Mapping[str, Source],
    datasets: Sequence[Dataset],
    start: date,
    end: date,
    today: date,
) -> list[Month]:
    """Every month of every dataset, cut to the days `start` to `end` and what the source has."""
    months = []
    for dataset in datasets:
        newest = source_of[dataset.name].last_day(dataset, today)
        last = min(end + timedelta(days=dataset.days_ahead), newest)
        first = start
        while first <= last:
            following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
            stop = min(last, following - timedelta(days=1))
            months.append(Month(dataset, f"{first:%Y-%m}", first, stop))
            first = following
    return months


def lost(store: RawStore, datasets: Sequence[Dataset], months: Sequence[Month]) -> list[Month]:
    """Stored months beside `months` whose part is gone, or was removed because it was damaged."""
    known, others = {dataset.name: dataset for dataset in datasets}, {each.key for each in months}
    return [
        Month(known[key[0]], key[1], *chunk.days)
        for key, chunk in store.chunks().items()
        if key not in others and key[0] in known and not store.has(chunk)
    ]


def to_fetch(
    months: Sequence[Month],
    store: RawStore,
    settings: Settings,
    now: datetime,
    inject: Injection | None,
) -> list[Month]:
    """Those of `months` for which what is stored will not do, joined with the days stored."""
    stored = store.chunks()
    wanted = []
    for month in months:
        chunk = stored.get(month.key)
        if chunk is None:
            wanted.append(month)
        elif not store.has(chunk) or not _will_do(month, chunk, settings, now, inject):
            first, last = chunk.days
            joined = replace(month, start=min(first, month.start), end=max(last, month.end))
            wanted.append(joined)
    return wanted


def _will_do(
    month: Month, chunk: Chunk, settings: Settings, now: datetime, inject: Injection | None
) -> bool:
    """Whether the chunk covers the month in days, variables and injected drift, and is final."""
    first, last = chunk.days
    covered = first <= month.start and month.end <= last
    covered &= chunk.variables == [variable.name for variable in month.dataset.variables]
    if inject is not None and chunk.source == SIMULATED:
        covered &= last < inject.start or chunk.url.endswith(f"inject={inject}")
    settled = datetime.combine(last, time(), UTC) + timedelta(days=1 + settings.collect.settle_days)
    fresh = now - chunk.fetched < timedelta(hours=FRESH_HOURS)
    return covered and (chunk.fetched >= settled or fresh)
