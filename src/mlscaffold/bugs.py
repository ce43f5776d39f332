"""An exception that nobody foresaw.

What is needed to mend it goes to a log in the user's folder.
"""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime

from . import __version__


def record(error: Exception) -> str:
    """Write `error` to the log and say so in words for the user; never raises."""
    from platformdirs import user_log_path

    log = user_log_path("mlscaffold", appauthor=False) / "bugs.log"
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    head = f"{now} mlscaffold {__version__} on Python {sys.version}\n{sys.argv}\n"
    trace = "".join(traceback.format_exception(error))
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(f"{head}{trace}\n")
    except OSError:
        where = f"no log could be written, so here it is:\n{trace}"
    else:
        where = f"the log is {log}"
    return (
        f"This is a bug in mlscaffold: {type(error).__name__}: {error}\nPlease report it; {where}"
    )
