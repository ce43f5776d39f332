"""Runs SQL that a model wrote, so that it can only read, and only for a while.

Every guard is SQLite's own: the file is opened read-only, an authorizer lets nothing through but
reading and plain functions (no PRAGMA, no ATTACH, no write), a progress handler stops what runs too
long, and limits hold texts, rows and statements small. What is in the database may be read; a
database with secrets does not belong here.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_ROWS = 10_000
MAX_STEPS = 50_000_000
"""Instructions of SQLite's machine, roughly 1 to 3 seconds: the same answer on a busy machine."""

_CHECK_EVERY = 10_000
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,  # bytes of one value
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_RECURSIVE,
}
# Their results differ from call to call, so that a score would; or they reach outside.
_REFUSED = {"random", "randomblob", "load_extension", "fts3_tokenizer", "edit", "readfile"}

_ALL_WRITING = {
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,
    sqlite3.SQLITE_DELETE,
    sqlite3.SQLITE_TRANSACTION,
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_CREATE_INDEX,
    sqlite3.SQLITE_CREATE_VIEW,
    sqlite3.SQLITE_ALTER_TABLE,
    sqlite3.SQLITE_REINDEX,
    sqlite3.SQLITE_FUNCTION,
    *_READING,
}


class QueryError(Exception):
    """Why a query has no result, in SQLite's words or those of a limit."""


@dataclass(frozen=True)
class Result:
    """Rows of a query, in the order they came, and how many columns they have."""

    columns: int
    rows: list[tuple[Any, ...]]


class Database:
    """A SQLite file, or a script of CREATE TABLE and INSERT run in memory, open for reading.

    Use it in a `with` block. Raises QueryError when the file is no database or the script fails.
    """

    def __init__(self, *, file: Path | None = None, script: str = "", timeout_s: float = 5.0):
        self._timeout_s = timeout_s
        self._steps = 0
        self._deadline = 0.0
        self._stopped = ""
        try:
            if file is None:
                self._connection = sqlite3.connect(":memory:", isolation_level=None)
            else:
                # immutable: no lock and no journal beside a file that is only read
                uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
                self._connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        except sqlite3.Error as error:
            raise QueryError(f"{file} cannot be opened: {error}") from None
        self._connection.execute("PRAGMA trusted_schema = OFF")
        self._connection.execute("PRAGMA temp_store = MEMORY")
        for limit, value in _LIMITS.items():
            self._connection.setlimit(limit, value)
        self._connection.set_progress_handler(self._over, _CHECK_EVERY)
        try:
            if script:
                self._fill(script)
            self._connection.set_authorizer(_only_reading)
            self.run("SELECT count(*) FROM sqlite_master")
        except QueryError:
            self.close()
            raise

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def run(self, query: str, max_rows: int = MAX_ROWS) -> Result:
        """The result of one SELECT. Raises QueryError for anything else and at every limit."""
        with self._watched():
            cursor = self._connection.execute(query)
            if cursor.description is None:
                raise QueryError("it is not a query")
            rows = cursor.fetchmany(max_rows + 1)
        if len(rows) > max_rows:
            raise QueryError(f"more than {max_rows} rows")
        return Result(len(cursor.description), rows)

    def parses(self, query: str) -> bool:
        """Whether SQLite understands it against this schema, without running it."""
        try:
            with self._watched():
                self._connection.execute(f"EXPLAIN {query}")
        except QueryError:
            return False
        return True

    def _fill(self, script: str) -> None:
        self._connection.set_authorizer(_filling)
        with self._watched():
            self._connection.executescript(script)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        self._steps, self._stopped = 0, ""
        self._deadline = time.monotonic() + self._timeout_s
        try:
            yield
        # Warning and ValueError: several statements, a NUL or half a surrogate in the text.
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            raise QueryError(self._stopped or str(error) or type(error).__name__) from None
        except MemoryError:
            raise QueryError("it needs too much memory") from None

    def _over(self) -> int:
        """SQLite asks this every so many steps; anything but 0 stops the query."""
        self._steps += _CHECK_EVERY
        if self._steps > MAX_STEPS:
            self._stopped = f"more than {MAX_STEPS:,} steps"
        elif time.monotonic() > self._deadline:
            self._stopped = f"longer than {self._timeout_s:g} s"
        return int(bool(self._stopped))


def _only_reading(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_DENY if second in _REFUSED else sqlite3.SQLITE_OK
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _filling(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION and second in _REFUSED:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _ALL_WRITING else sqlite3.SQLITE_DENY
