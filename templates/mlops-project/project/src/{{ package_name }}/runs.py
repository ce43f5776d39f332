"""Run records: what each step measured, when, on what; `report` writes the README from them."""

import json
import os
import platform
import subprocess
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from .clock import Clock, FixedClock
from .config import Settings
from .files import read_json, write_json_atomic

SCHEMA = 1


def record(
    settings: Settings, kind: str, clock: Clock, payload: Any, *, source: str | None = None
) -> Path:
    """Write what a run of `kind` (train, monitor, ...) found, and return the file.

    `payload` is a dataclass or a JSON-ready dict; `source` is the data's label and is read from
    the raw store where it is not given.
    """
    now = clock.now()
    commit, dirty = git_state(settings.root)
    content = {
        "schema": SCHEMA,
        "kind": kind,
        "created_at": now.isoformat(timespec="seconds"),
        "clock_set": isinstance(clock, FixedClock),
        "git_commit": commit,
        "git_dirty": dirty,
        "source": source or data_source(settings),
        "hardware": hardware(),
        "payload": asdict(payload)
        if is_dataclass(payload) and not isinstance(payload, type)
        else payload,
    }
    stamp = now.strftime("%Y%m%dT%H%M%S%fZ")
    path = settings.runs_dir / f"{kind}-{stamp}.json"
    write_json_atomic(path, content)
    return path


def latest(settings: Settings, kind: str) -> dict[str, Any] | None:
    """The newest record of that kind, or None where no such step has run."""
    found = sorted(settings.runs_dir.glob(f"{kind}-*.json"))
    return read_json(found[-1]) if found else None


def data_source(settings: Settings) -> str | None:
    """The label of the data (see `provenance.py`); None before anything was collected."""
    path = settings.raw_dir / "store.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["source"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def git_state(root: Path) -> tuple[str | None, bool]:
    """Commit of the project (None outside git) and whether there are uncommitted changes."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments],  # noqa: S607 git is found on the PATH on purpose
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        ).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD"), bool(git("status", "--porcelain"))
    except (OSError, subprocess.SubprocessError):
        return None, False


def hardware() -> dict[str, Any]:
    """What the figures were measured on: processor kind, cores, system, Python."""
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
