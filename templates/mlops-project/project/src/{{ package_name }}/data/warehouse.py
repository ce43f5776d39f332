"""`features`: the raw Parquet files become tables, by the SQL in `sql/`, in DuckDB.

    hourly      one row an hour: air quality beside the weather that had been forecast for it
    features    24 rows an issue: what was known when that day's forecast was made
    labels      what then came true
    training    a view: features with their label
    meta        source, origin of each dataset, place, hash of the data, time of the build

The SQL runs one calendar year at a time under a memory limit, so that neither the length of the
history nor the number of places decides whether it fits.
"""

import hashlib
import json
import math
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from .. import CLI, runs
from ..clock import Clock
from ..config import Settings
from ..errors import DataError, NotReadyError, ProjectError
from ..files import exclusive, write_json_atomic
from ..progress import Progress, quiet
from ..timing import label_cut, naive_utc
from ..usecase import active
from .store import RawStore

MEMORY_LIMIT = "512MB"
NEXT_DAY_SCHEMA = 1


@dataclass(frozen=True)
class FeaturesResult:
    """What the warehouse now holds."""

    place: str
    source: str
    hours: int
    issues: int
    rows: int
    labelled: int
    columns: tuple[str, ...]
    first_issue: str | None
    last_issue: str | None
    data_hash: str
    warehouse: Path
    next_day: Path | None
    seconds: float


def build(settings: Settings, clock: Clock, progress: Progress = quiet) -> FeaturesResult:
    """Build the warehouse beside the old one, then replace it; write the next day's features.

    Raises NotReadyError when nothing was collected, DataError when a raw file is damaged, BusyError
    when another build is under way.
    """
    began = time.perf_counter()  # not the clock: it may stand still, the work does not
    parts = {data.name: _parts(settings, data.name) for data in active().datasets}
    source = runs.data_source(settings)
    if source is None:
        raise DataError(
            f"{settings.raw_dir / 'store.json'}, which names the source, is missing or damaged.",
            f"Run: {CLI} collect",
        )
    origins = RawStore(settings.raw_dir).origins()
    temporary = settings.warehouse.with_suffix(".building")
    spill = settings.data_dir / ".spill"
    with exclusive(settings.data_dir / ".features.lock", "features"):
        temporary.unlink(missing_ok=True)
        try:
            with duckdb.connect(temporary) as connection:
                _limit(connection, settings.train.threads, spill)
                data_hash = _run_sql(connection, settings, clock, parts, progress)
                meta = {
                    "source": source,
                    "origins": json.dumps([asdict(one) for one in origins]),
                    "place": settings.place.id,
                    "data_hash": data_hash,
                    "built_at": clock.now().isoformat(timespec="seconds"),
                }
                connection.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
                connection.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
                counts = _counts(connection)
                next_day = _next_day(connection, settings, meta)
            temporary.replace(settings.warehouse)
        except duckdb.Error as error:
            raise _explained(error, settings) from error
        finally:
            temporary.unlink(missing_ok=True)
            temporary.with_name(temporary.name + ".wal").unlink(missing_ok=True)
            shutil.rmtree(spill, ignore_errors=True)
        if next_day:
            write_json_atomic(settings.next_day, next_day)
    result = FeaturesResult(
        place=settings.place.id,
        source=source,
        **counts,
        data_hash=data_hash,
        warehouse=settings.warehouse,
        next_day=settings.next_day if next_day else None,
        seconds=time.perf_counter() - began,
    )
    runs.record(settings, "features", clock, result, source=source)
    return result


def _parts(settings: Settings, dataset: str) -> list[str]:
    """The raw files of a dataset. Raises NotReadyError when there are none."""
    found = sorted((settings.raw_dir / dataset).glob("month=*/part.parquet"))
    if not found:
        raise NotReadyError(f"No {dataset} data has been collected yet.", f"Run: {CLI} collect")
    return [path.as_posix() for path in found]


def _limit(connection: duckdb.DuckDBPyConnection, threads: int, spill: Path) -> None:
    """What does not fit into the memory limit goes to files in `spill`."""
    connection.execute("SET memory_limit = $limit", {"limit": MEMORY_LIMIT})
    connection.execute("SET temp_directory = $spill", {"spill": str(spill)})
    connection.execute("SET threads = $threads", {"threads": threads})
    connection.execute("SET preserve_insertion_order = false")


def _run_sql(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    clock: Clock,
    parts: dict[str, list[str]],
    progress: Progress,
) -> str:
    """Run each SQL file for each year; the hash of the hours that came out."""
    variables: dict[str, Any] = {
        **parts,
        "now": naive_utc(clock.now()),
        "labels_until": naive_utc(label_cut(settings, clock.now())),
        "label_step_hours": settings.label_step_hours,
        "label_delay_hours": settings.labels.delay_hours,
    }
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])
    years = list(_years(connection, [path for paths in parts.values() for path in paths]))
    files = active().sql_files
    digest = hashlib.sha256()
    for number, name in enumerate(files):
        statements = (settings.sql_dir / name).read_text(encoding="utf-8")
        for index, year in enumerate(years):
            done = number * len(years) + index
            progress(f"features: {name} {year}", done, len(files) * len(years))
            connection.execute("SET VARIABLE span_start = make_timestamp(?, 1, 1, 0, 0, 0)", [year])
            connection.execute(
                "SET VARIABLE span_end = make_timestamp(?, 1, 1, 0, 0, 0)", [year + 1]
            )
            connection.execute(statements)
            if number == 0:
                _add_hours(digest, connection)
    return digest.hexdigest()


def _years(connection: duckdb.DuckDBPyConnection, parts: list[str]) -> Iterator[int]:
    """The calendar years that the raw files touch; the Parquet footers tell."""
    row = connection.execute(
        "SELECT min(valid_time), max(valid_time) FROM read_parquet(?, union_by_name = true)",
        [parts],
    ).fetchone()
    if row and row[0] is not None:
        yield from range(row[0].year, row[1].year + 1)


def _add_hours(digest: Any, connection: duckdb.DuckDBPyConnection) -> None:
    """Add the year's hours, in order, to the hash; a gap counts as one fixed kind of NaN."""
    columns = connection.execute(
        "SELECT * FROM hourly WHERE valid_time >= getvariable('span_start')"
        " AND valid_time < getvariable('span_end') ORDER BY place_id, valid_time"
    ).fetchnumpy()
    for name, values in columns.items():
        digest.update(name.encode())
        if values.dtype == object:
            digest.update("\n".join(values.tolist()).encode())
        elif values.dtype.kind == "M":
            digest.update(values.astype("datetime64[s]").astype(np.int64).tobytes())
        else:
            digest.update(np.ma.filled(values.astype(np.float64), np.nan).tobytes())


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    row = connection.execute(
        "SELECT (SELECT count(*) FROM hourly), count(DISTINCT issue_time), count(*),"
        " (SELECT count(*) FROM training), min(issue_time), max(issue_time) FROM features"
    ).fetchone()
    hours, issues, rows, labelled, first, last = row or (0, 0, 0, 0, None, None)
    return {
        "hours": hours,
        "issues": issues,
        "rows": rows,
        "labelled": labelled,
        "columns": active().columns,
        "first_issue": first.isoformat() if first else None,
        "last_issue": last.isoformat() if last else None,
    }


def _next_day(
    connection: duckdb.DuckDBPyConnection, settings: Settings, meta: dict[str, str]
) -> dict[str, Any] | None:
    """Features of the newest issue as the service reads them; None before there is any."""
    columns = active().columns
    found = connection.execute(
        f"SELECT issue_time, valid_time, {', '.join(columns)} FROM features"  # noqa: S608 our names
        " WHERE place_id = $place AND issue_time ="
        " (SELECT max(issue_time) FROM features WHERE place_id = $place) ORDER BY lead_hours",
        {"place": settings.place.id},
    ).fetchall()
    if not found:
        return None
    return {
        "schema": NEXT_DAY_SCHEMA,
        "issue_time": found[0][0].isoformat(),
        "source": meta["source"],
        "place": meta["place"],
        "data_hash": meta["data_hash"],
        "columns": list(columns),
        "valid_times": [row[1].isoformat() for row in found],
        "rows": [[_number(value) for value in row[2:]] for row in found],
    }


def _number(value: float | None) -> float | None:
    """JSON has no NaN: a missing feature is null."""
    return None if value is None or math.isnan(value) else value


def _explained(error: duckdb.Error, settings: Settings) -> ProjectError:
    """DuckDB's error as a sentence with a remedy."""
    first_line = str(error).splitlines()[0]
    if "Could not write" in first_line:  # an IOException, or wrapped in the commit's own
        hint = "Free some disk space or choose another data_dir, then run this again."
        return DataError(f"The warehouse could not be written: {first_line}", hint)
    if isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
        hint = f"Delete the file that it names, then run: {CLI} collect"
        return DataError(f"The raw data or the disk is at fault: {first_line}", hint)
    hint = f"Compare the raw data's columns and the SQL in {settings.sql_dir}."
    return DataError(f"The SQL could not be run: {first_line}", hint)
