"""Collect hourly data month by month: resumable, incremental, idempotent.

A month is final once it was fetched `settle_days` after its end; until then it is asked for again,
because the analysis is still revised. What the source does not have stays a gap.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from .. import provenance, runs
from ..clock import Clock
from ..config import Settings
from ..errors import ConfigError, SourceError
from ..files import exclusive
from ..progress import Progress, quiet
from ..provenance import SIMULATED, Origin
from ..usecase import Dataset, active
from .chunk import Chunk
from .gaps import Gap, find_gaps, hours_missing
from .sources import Injection, Opening, Response, Source, opened, plan
from .store import RawStore

LISTED = 50
"""Gaps named in the result, the longest first; `gap_count` counts them all."""
FRESH_HOURS = 6
"""A month that is not final is asked for again after this long: the models run every 6 hours."""


@dataclass(frozen=True)
class CollectResult:
    """What is stored after a run, and what the run did for it. Times are ISO, in UTC.

    `source` is the label of all datasets (see `provenance.py`), `origins` tells of each.
    """

    source: str
    place: str
    start: str
    end: str
    first_hour: str
    last_hour: str
    rows: dict[str, int]
    data_hash: str
    bytes_stored: int
    bytes_received: int
    chunks_fetched: int
    chunks_kept: int
    requests: int
    cost: float
    retries: dict[str, int] = field(default_factory=dict)
    healed: list[str] = field(default_factory=list)
    missing_hours: dict[str, int] = field(default_factory=dict)
    gap_count: int = 0
    gaps: list[Gap] = field(default_factory=list)
    attribution: list[str] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class _Wanted:
    """Days of one month of a dataset to ask for."""

    dataset: Dataset
    month: str
    start: date
    end: date


def collect(
    settings: Settings,
    clock: Clock,
    *,
    start: date | None = None,
    end: date | None = None,
    source: str = "live",
    base_url: str | None = None,
    inject: Injection | None = None,
    progress: Progress = quiet,
) -> CollectResult:
    """Bring the raw store up to date for the days `start` to `end`, both included.

    `start` defaults to `collect.start` of the settings, `end` to yesterday, the newest whole day.
    Forecast datasets are collected further ahead (`Dataset.days_ahead`), for the next issue.
    `source` gives every dataset to which `collect.sources` of the settings names no other. Raises
    ConfigError for dates that cannot be, BusyError when another run is under way, DataError when
    the store holds other data or the disk refuses, SourceError when a source fails; whatever was
    fetched until then is kept.
    """
    began = clock.monotonic()
    period = _period(settings, start, end, clock.now().date())
    sources = plan(settings, source)
    store = RawStore(settings.raw_dir)
    with exclusive(settings.raw_dir / ".lock", "collect"):
        healed = store.heal()
        store.check_label(sources, settings.place)
        past_calls: dict[str, list[tuple[datetime, float]]] = {}
        for chunk in store.history():
            past_calls.setdefault(chunk.source, []).append((chunk.fetched, chunk.cost))
        opening = Opening(
            settings,
            clock,
            base_url=base_url,
            injection=inject,
            past_calls=past_calls,
            on_wait=lambda reason, s: progress(f"waiting ({reason})", 0, round(s)),
        )
        with opened(sources, opening) as source_of:
            months = list(_months(source_of, *period, clock.now().date()))
            stored = store.chunks()
            wanted = [
                piece
                for month in months
                if (piece := _to_fetch(month, stored, store, settings, clock.now(), inject))
            ]
            cost, received = 0.0, 0
            for number, piece in enumerate(wanted):
                progress("collect", number, len(wanted))
                giver = source_of[piece.dataset.name]
                response = giver.fetch(piece.dataset, settings.place, piece.start, piece.end)
                store.put(_chunk(piece, response, giver, settings), response.rows, settings.place)
                cost, received = cost + response.cost, received + response.body_bytes
            progress("collect", len(wanted), len(wanted))
        rows = {dataset.name: store.read(dataset.name) for dataset in active().datasets}
        gaps = [gap for dataset in active().datasets for gap in _gaps(store, dataset, rows)]
        givers = {giver.name: giver for giver in source_of.values()}.values()
        hours = [hour for table in rows.values() for hour in table["valid_time"]]
        result = CollectResult(
            source=provenance.label(sources.values()),
            place=settings.place.id,
            start=period[0].isoformat(),
            end=period[1].isoformat(),
            first_hour=min(hours).isoformat(timespec="minutes"),
            last_hour=max(hours).isoformat(timespec="minutes"),
            rows={name: table.height for name, table in rows.items()},
            data_hash=store.content_hash(),
            bytes_stored=store.size(),
            bytes_received=received,
            chunks_fetched=len(wanted),
            chunks_kept=len(months) - len(wanted),
            requests=sum(giver.requests for giver in givers),
            cost=round(cost, 2),
            retries=dict(sum((Counter(giver.retries) for giver in givers), Counter())),
            healed=healed,
            missing_hours=hours_missing(gaps),
            gap_count=len(gaps),
            gaps=sorted(gaps, key=lambda gap: -gap.hours)[:LISTED],
            attribution=sorted({origin.attribution for origin in store.origins()}),
            origins=store.origins(),
            seconds=round(clock.monotonic() - began, 3),
        )
    runs.record(settings, "collect", clock, result, source=result.source)
    return result


def _period(
    settings: Settings, start: date | None, end: date | None, today: date
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
    latest = max(active().datasets, key=lambda dataset: dataset.first_day)
    if start < date.fromisoformat(latest.first_day):
        raise ConfigError(
            f"The start {start} lies before {latest.first_day}, when {latest.name} begins.",
            f"Choose {latest.first_day} or later.",
        )
    return start, end


def _months(
    source_of: Mapping[str, Source], start: date, end: date, today: date
) -> Iterator[_Wanted]:
    """Every month of every dataset, cut to the period."""
    for dataset in active().datasets:
        newest = source_of[dataset.name].last_day(dataset, today)
        last = min(end + timedelta(days=dataset.days_ahead), newest)
        first = start
        while first <= last:
            following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
            stop = min(last, following - timedelta(days=1))
            yield _Wanted(dataset, f"{first:%Y-%m}", first, stop)
            first = following


def _to_fetch(
    wanted: _Wanted,
    stored: dict[tuple[str, str], Chunk],
    store: RawStore,
    settings: Settings,
    now: datetime,
    inject: Injection | None,
) -> _Wanted | None:
    """The days to ask for, joined with those stored, or None where what is stored will do."""
    chunk = stored.get((wanted.dataset.name, wanted.month))
    if chunk is None or not store.has(chunk):
        return wanted
    first, last = chunk.days
    covered = first <= wanted.start and wanted.end <= last
    covered &= chunk.variables == [variable.name for variable in wanted.dataset.variables]
    if inject is not None and chunk.source == SIMULATED:
        covered &= last < inject.start or chunk.url.endswith(f"inject={inject}")
    settled = datetime.combine(last, time(), UTC) + timedelta(days=1 + settings.collect.settle_days)
    fresh = now - chunk.fetched < timedelta(hours=FRESH_HOURS)
    if covered and (chunk.fetched >= settled or fresh):
        return None
    return replace(wanted, start=min(first, wanted.start), end=max(last, wanted.end))


def _chunk(piece: _Wanted, response: Response, source: Source, settings: Settings) -> Chunk:
    use_case = active()
    if piece.dataset.name == use_case.label_dataset and use_case.target in response.absent:
        raise SourceError(
            f"The source '{source.name}' has no {use_case.target}, which is to be predicted.",
            f"Name another source for {piece.dataset.name} in config.toml, [collect] sources.",
        )
    return Chunk(
        dataset=piece.dataset.name,
        month=piece.month,
        start=piece.start.isoformat(),
        end=piece.end.isoformat(),
        rows=response.rows.height,
        variables=[variable.name for variable in piece.dataset.variables],
        body_sha256=response.body_sha256,
        part_sha256="",
        url=response.url,
        fetched_at=response.fetched_at.isoformat(timespec="seconds"),
        cost=round(response.cost, 3),
        attempts=response.attempts,
        source=source.name,
        place=settings.place.id,
        licence=source.licence,
        attribution=source.attribution(piece.dataset),
        absent=list(response.absent),
    )


def _gaps(store: RawStore, dataset: Dataset, rows: Mapping[str, pl.DataFrame]) -> list[Gap]:
    """Gaps of the variables that the dataset's source has."""
    names = [variable.name for variable in store.given(dataset).variables]
    return find_gaps(rows[dataset.name].select("place_id", "valid_time", *names), dataset.name)
