"""Collect hourly data month by month: resumable, incremental, idempotent.

`months.py` says what to ask for. What the source does not have stays a gap.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import ceil

import polars as pl

from .. import provenance, runs
from ..clock import Clock
from ..config import Settings
from ..errors import SourceError
from ..files import exclusive
from ..progress import Progress, quiet
from ..provenance import Origin
from ..usecase import Dataset, active
from .gaps import Gap, find_gaps, hours_missing
from .manifest import Chunk
from .months import Month, asked, days_to_collect, lost, to_fetch
from .sources import Injection, Opening, Response, Source, opened, plan
from .store import RawStore

LISTED = 50
"""Gaps named in the result, the longest first; `gap_count` counts them all."""


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

    Stored months that are damaged or lost are fetched anew, also those outside these days.

    `start` defaults to `collect.start` of the settings, `end` to yesterday, the newest whole day.
    Forecast datasets are collected further ahead (`Dataset.days_ahead`), for the next issue.
    `source` gives every dataset to which `collect.sources` of the settings names no other. Raises
    ConfigError for dates that cannot be, BusyError when another run is under way, DataError when
    the store holds other data or the disk refuses, SourceError when a source fails; whatever was
    fetched until then is kept.
    """
    began = clock.monotonic()
    today, datasets = clock.now().date(), active().datasets
    start, end = days_to_collect(settings, datasets, start, end, today)
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
            on_wait=lambda reason, waited, seconds: progress(
                f"waiting, in seconds ({reason})", int(waited), ceil(seconds)
            ),
        )
        with opened(sources, opening) as source_of:
            months = asked(source_of, datasets, start, end, today)
            months += lost(store, datasets, months)
            wanted = to_fetch(months, store, settings, clock.now(), inject)
            cost, received = 0.0, 0
            for number, piece in enumerate(wanted):
                progress("collect", number, len(wanted))
                giver = source_of[piece.dataset.name]
                response = giver.fetch(piece.dataset, settings.place, piece.start, piece.end)
                store.put(_chunk(piece, response, giver, settings), response.rows, settings.place)
                cost, received = cost + response.cost, received + response.body_bytes
            progress("collect", len(wanted), len(wanted))
        rows = {dataset.name: store.read(dataset.name) for dataset in datasets}
        gaps = [gap for dataset in datasets for gap in _gaps(store, dataset, rows)]
        givers = {giver.name: giver for giver in source_of.values()}.values()
        hours = [hour for table in rows.values() for hour in table["valid_time"]]
        result = CollectResult(
            source=provenance.label(sources.values()),
            place=settings.place.id,
            start=start.isoformat(),
            end=end.isoformat(),
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


def _chunk(piece: Month, response: Response, source: Source, settings: Settings) -> Chunk:
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
