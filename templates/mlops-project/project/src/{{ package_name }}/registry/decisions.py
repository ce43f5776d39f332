"""Every decision on who serves, in the order taken: one JSON object a line, only ever appended.

The history answers "who was champion before this one?" for `rollback`, and "why?" for the report.
"""

import json
import os
from pathlib import Path
from typing import Any

from ..config import Settings
from ..errors import DataError

SCHEMA = 1


def history_file(settings: Settings) -> Path:
    """Where the decisions stand."""
    return settings.models_dir / "decisions.jsonl"


def append(settings: Settings, entry: dict[str, Any]) -> None:
    """Add one decision and wait until it is on the disk. Raises DataError when it cannot be."""
    path = history_file(settings)
    line = json.dumps({"schema": SCHEMA, **entry}, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as handle:
            handle.seek(max(0, handle.seek(0, os.SEEK_END) - 1))
            torn = handle.read(1) not in (b"", b"\n")  # a crash cut the last line off
            handle.write((b"\n" if torn else b"") + line.encode())
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        raise DataError(
            f"The decision could not be written to {path}: {error.strerror or error}.",
            "Free some disk space, then run this again.",
        ) from error


def read(settings: Settings) -> list[dict[str, Any]]:
    """All decisions, oldest first. Raises DataError that names the damaged line."""
    path = history_file(settings)
    if not path.exists():
        return []
    entries = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            entry = json.loads(line)
            entries.append({**entry, "champion": str(entry["champion"]), "action": entry["action"]})
        except (ValueError, KeyError, TypeError):
            raise DataError(
                f"Line {number} of {path} is damaged.",
                "Delete that line; a rollback that names its version works without the history.",
            ) from None
    return entries


def previous_champion(entries: list[dict[str, Any]], current: str) -> str | None:
    """The version that served before `current`; None where there was none.

    Promotions pile up and a rollback takes off what lies above the version it goes back to, so two
    rollbacks in a row go two champions back rather than to and fro.
    """
    pile: list[str] = []
    for entry in entries:
        version = entry["champion"]
        if entry["action"] == "rolled back" and version in pile:
            while pile[-1] != version:
                pile.pop()
        elif not pile or pile[-1] != version:
            pile.append(version)
    if pile and pile[-1] == current:
        pile.pop()
    return pile[-1] if pile else None
