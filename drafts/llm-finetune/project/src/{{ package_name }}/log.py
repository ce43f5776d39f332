"""Structured logs: one JSON object a line, in `data/logs/` and, if asked for, on standard error."""

import contextlib
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

FIELDS = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Time, level, logger and message, plus whatever was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as one line of JSON."""
        content: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        content |= {key: value for key, value in vars(record).items() if key not in FIELDS}
        if record.exc_info:
            content["exception"] = self.formatException(record.exc_info)
        return json.dumps(content, ensure_ascii=False, default=str)


class LogFile(logging.FileHandler):
    """A log that stands in nobody's way: what a full disk does not take is lost."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; the file is made with the first."""
        with contextlib.suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 logging's own name
        """Stay silent: the user is told the error itself, not that it could not be logged."""


def configure(folder: Path, *, verbose: bool = False) -> Path:
    """Send this package's log to a file of `folder`, and to standard error if `verbose`.

    Returns the file. Where the folder cannot be written the log goes to standard error alone.
    """
    path = folder / "log.jsonl"
    handlers: list[logging.Handler] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(LogFile(path, encoding="utf-8", delay=True))
    except OSError:
        verbose = True
    if verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    logger = logging.getLogger(__package__)
    for old in logger.handlers[:]:
        logger.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(JsonFormatter())
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return path
