"""Checkpoints that a killed training resumes from, and the plan that they belong to."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..files import read_json, write_json_atomic

_PLAN = "plan.json"
_LAST_WRITTEN = "trainer_state.json"


def begin(folder: Path, plan: Mapping[str, Any], *, resume: bool) -> Path | None:
    """Make the folder ready; the checkpoint to resume from, or None to start at the first step.

    Without `resume` older checkpoints are deleted. What a kill left half-written is deleted too.
    Raises ConfigError when the checkpoints are of another plan (settings, data or base model).
    """
    if not resume or not (folder / _PLAN).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        write_json_atomic(folder / _PLAN, plan)
        return None
    old = read_json(folder / _PLAN)
    changed = [name for name in plan if old.get(name) != json.loads(json.dumps(plan[name]))]
    if changed:
        raise ConfigError(
            f"The training in {folder.parent} cannot be resumed: {', '.join(changed)} changed "
            "since it began.",
            "Set it back, or train from the start without --resume.",
        )
    discard_half_written(folder)
    return newest(folder)


def newest(folder: Path) -> Path | None:
    """The last complete checkpoint, or None."""
    complete = [path for path in _all(folder) if _is_complete(path)]
    return complete[-1] if complete else None


def discard_half_written(folder: Path) -> None:
    """Delete the checkpoint that a kill or a full disk cut off."""
    for path in _all(folder):
        if not _is_complete(path):
            shutil.rmtree(path, ignore_errors=True)


def _all(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("checkpoint-*") if path.name.split("-")[-1].isdigit()]
    return sorted(found, key=lambda path: int(path.name.split("-")[-1]))


def _is_complete(path: Path) -> bool:
    """The trainer writes its state last; a cut one is no JSON."""
    try:
        json.loads((path / _LAST_WRITTEN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
