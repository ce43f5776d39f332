"""Every prediction served, in SQLite, written in batches by a thread of its own.

A request only appends to a list. The thread writes what has gathered as soon as it is a batch, and
at the latest after `interval_s`, in one transaction. A process that is killed therefore loses at
most what came in since the last one, and the next start says so: `services` holds a row for each
run, and a run that ended in order has its end filled in.
"""

import functools
import itertools
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from ..clock import Clock

logger = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode

_SCHEMA = """
CREATE TABLE IF NOT EXISTS predictions (
    id INTEGER PRIMARY KEY, logged_at TEXT, request_id TEXT, endpoint TEXT, model_version TEXT,
    issue_time TEXT, valid_time TEXT, prediction REAL, lower REAL, upper REAL, features TEXT);
CREATE INDEX IF NOT EXISTS predictions_valid_time ON predictions (valid_time);
-- The forecast is issued once a day and model, however often the service is started.
CREATE UNIQUE INDEX IF NOT EXISTS predictions_forecast
    ON predictions (issue_time, valid_time, model_version) WHERE endpoint = 'forecast';
CREATE TABLE IF NOT EXISTS services (
    id INTEGER PRIMARY KEY, pid INTEGER, started_at TEXT, ended_at TEXT);
"""

_COLUMNS = (
    "logged_at, request_id, endpoint, model_version, issue_time, valid_time, prediction, lower, "
    "upper, features"
)
_CHUNK = 256
"""Rows a statement: one call into SQLite instead of 256, and Python's lock is free meanwhile. Row
by row, a busy service would let this thread in once per turn of its event loop and fall behind."""


@functools.cache
def _insert(rows: int) -> str:
    values = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * rows)
    return f"INSERT OR IGNORE INTO predictions ({_COLUMNS}) VALUES {values}"  # noqa: S608


class Entry(Struct, frozen=True, gc=False):
    """The predictions of one request, n rows; `features` is (n, f), leads are in hours."""

    request_id: str
    endpoint: str
    model_version: str
    valid_times: list[datetime]
    lead_hours: np.ndarray
    predictions: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    features: np.ndarray
    logged_at: datetime


class PredictionLog:
    """Append from any thread; `written`, `dropped`, `pending` and `error` tell how it goes."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        batch: int,
        interval_s: float,
        capacity: int = 50_000,
        timeout_s: float = 2.0,
    ) -> None:
        self.path = path
        self.written = 0
        self.dropped = 0
        self.pending = 0
        self.error = ""
        self._clock = clock
        self._batch = batch
        self._interval_s = interval_s
        self._capacity = capacity
        self._timeout_s = timeout_s
        self._entries: list[Entry] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._connection: sqlite3.Connection | None = None
        self._service_id: int | None = None
        self._thread = threading.Thread(target=self._write_forever, name="prediction-log")

    def start(self) -> None:
        """Open the file, say how the last service ended, and start writing."""
        try:
            self._open()
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
        self._thread.start()

    def add(self, entry: Entry) -> bool:
        """Queue the predictions of one request; False, and counted, where the queue is full."""
        rows = len(entry.valid_times)
        with self._lock:
            if self.pending + rows > self._capacity:
                self.dropped += rows
                return False
            self._entries.append(entry)
            self.pending += rows
        if self.pending >= self._batch and not self._wake.is_set():
            self._wake.set()
        return True

    def close(self) -> None:
        """Write what is left and note that this service ended in order."""
        self._closing = True
        self._wake.set()
        self._thread.join()
        if self.pending:
            logger.error("%d predictions could not be logged: %s", self.pending, self.error)
            self.dropped += self.pending
        if self._connection is None:
            return
        try:
            with self._connection:
                self._connection.execute(
                    "UPDATE services SET ended_at = ? WHERE id = ?",
                    (self._now().isoformat(timespec="seconds"), self._service_id),
                )
            self._connection.close()
        except sqlite3.Error as error:
            self._failed(error)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=self._timeout_s, check_same_thread=False)
        try:
            # WAL: the monitor reads while the service writes. NORMAL: a commit survives the end of
            # the process, though not a power cut.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
            with connection:
                crashed = connection.execute(
                    "SELECT id, pid, started_at FROM services WHERE ended_at IS NULL"
                ).fetchall()
                crashed = [row for row in crashed if row[1] == os.getpid() or not _alive(row[1])]
                connection.executemany(
                    "UPDATE services SET ended_at = 'crashed' WHERE id = ?",
                    [row[:1] for row in crashed],
                )
                self._service_id = connection.execute(
                    "INSERT INTO services (pid, started_at) VALUES (?, ?)",
                    (os.getpid(), self._now().isoformat(timespec="seconds")),
                ).lastrowid
            (last,) = connection.execute("SELECT max(logged_at) FROM predictions").fetchone()
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        for _, _, started_at in crashed:
            logger.warning(
                "The service started at %s UTC did not shut down in order: up to one batch of "
                "predictions is missing from the log. The last one in it: %s.",
                started_at,
                last or "none",
            )

    def _write_forever(self) -> None:
        while not self._closing:
            self._wake.wait(self._interval_s)
            self._wake.clear()
            self._write()
        self._write()

    def _write(self) -> None:
        """One transaction with all that has gathered; on an error it stays queued."""
        with self._lock:
            entries, self._entries = self._entries, []
        if not entries:
            return
        rows = (row for entry in entries for row in _rows(entry))
        count = 0
        try:
            if self._connection is None:
                self._open()
            assert self._connection is not None
            with self._connection:
                while chunk := list(itertools.islice(rows, _CHUNK)):
                    self._connection.execute(
                        _insert(len(chunk)), list(itertools.chain.from_iterable(chunk))
                    )
                    count += len(chunk)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            with self._lock:
                self._entries[:0] = entries
            return
        with self._lock:
            self.pending -= count
        self.written += count
        self.error = ""

    def _failed(self, error: Exception) -> None:
        if not self.error:
            logger.error("%s cannot be written: %s. Serving goes on.", self.path, error)
        self.error = f"The prediction log cannot be written: {error}."

    def _now(self) -> datetime:
        return self._clock.now().replace(tzinfo=None)


def _rows(entry: Entry) -> Iterator[tuple[Any, ...]]:
    """Rows of the table; times are naive UTC, as in all tables of the project."""
    logged_at = _text(entry.logged_at)
    head = (logged_at, entry.request_id, entry.endpoint, entry.model_version)
    columns = zip(
        entry.valid_times,
        entry.lead_hours.tolist(),
        entry.predictions.tolist(),
        entry.lower.tolist(),
        entry.upper.tolist(),
        entry.features.tolist(),
        strict=True,
    )
    for valid_time, lead, prediction, lower, upper, features in columns:
        numbers = (prediction, lower, upper, _encode(features).decode())
        yield (*head, *_times(valid_time, lead), *numbers)


@functools.lru_cache(maxsize=4096)
def _times(valid_time: datetime, lead_hours: float) -> tuple[str, str]:
    """Issue time and valid time as text; the same hours come again and again."""
    return _text(valid_time - timedelta(hours=int(lead_hours))), _text(valid_time)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat()


def _alive(pid: int) -> bool:
    """Whether a process of that number runs here."""
    if os.name == "nt":
        return False  # os.kill would end it there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
