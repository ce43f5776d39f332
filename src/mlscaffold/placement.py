"""Placement: how a finished tree comes to stand where the user wants it.

Where nothing is yet, by one rename. In a folder that is there, by a few, which a journal lets undo.
"""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any

from . import repo
from .errors import TargetError

if TYPE_CHECKING:
    from .target import Target

_JOURNAL = "journal.json"
_REPLACED = "replaced"


def place(tree: Path, target: Target) -> None:
    """Rename a tree to a target that does not exist, making its parents.

    Raises:
        TargetError: Something came to stand there in the meantime.
    """
    made = _make_parents(target.path.parent)
    try:
        os.rename(tree, target.path)
    except OSError as error:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        if os.path.lexists(target.path):
            raise TargetError(
                "The destination was made by somebody else meanwhile; it was left alone.",
                str(target.path),
                "Another run may have made it: look there, or choose another destination.",
            ) from error
        raise


def merge(root: Path, tree: Path, target: Target, commit: str = "") -> None:
    """Move a tree's entries into the existing folder `target`, and its branch to `commit`.

    Every step is in a journal in `root` first: a failure, or the next run after a crash, takes all
    back until the branch has moved (or, without a commit, until the journal is gone).
    """
    names = sorted(os.listdir(tree))
    theirs = {name.lower(): name for name in os.listdir(target.path)}
    kept = {name.lower() for name in target.licences}
    journal: dict[str, Any] = {
        "tree": tree.name,
        "moves": {name: _identity(tree / name) for name in names if name.lower() not in kept},
        "replaced": [
            theirs[name.lower()] for name in names if name.lower() in theirs.keys() - kept
        ],
        "commit": commit,
        "head": target.repository.head if target.repository else "",
    }
    (root / _REPLACED).mkdir()
    _write_journal(root, journal)
    try:
        for name in journal["replaced"]:
            os.rename(target.path / name, root / _REPLACED / name)
        for name in journal["moves"]:
            os.rename(tree / name, target.path / name)
        if commit:
            repo.reset_index(target.path, commit)
            repo.move_head(target.path, commit, journal["head"])
    except BaseException:
        with uninterrupted():
            recover(root, target.path)
        raise
    (root / _JOURNAL).unlink()


def _write_journal(root: Path, journal: dict[str, Any]) -> None:
    draft = root / f"{_JOURNAL}.new"
    draft.write_text(json.dumps(journal), "utf-8")
    draft.rename(root / _JOURNAL)


def recover(root: Path, target: Path) -> None:
    """Undo a merge that a journal in `root` shows to be unfinished; safe to run twice.

    A journal may come with a folder that somebody else packed: only what is the very file that the
    journal's run placed is taken out, and nothing is overwritten.
    """
    try:
        journal = json.loads((root / _JOURNAL).read_text("utf-8"))
        _refuse_paths([journal["tree"], *journal["moves"], *journal["replaced"]])
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return
    if journal["commit"] and repo.head(target) == journal["commit"]:
        return
    for name, identity in journal["moves"].items():
        if identity and _identity(target / name) == identity:
            os.rename(target / name, root / journal["tree"] / name)
    for name in journal["replaced"]:
        if os.path.lexists(root / _REPLACED / name) and not os.path.lexists(target / name):
            os.rename(root / _REPLACED / name, target / name)
    if journal["commit"]:
        repo.reset_index(target, journal["head"])
    (root / _JOURNAL).unlink()


def _identity(path: Path) -> list[int] | None:
    """What tells an entry from any other, and a file from itself once edited; renames keep it."""
    with suppress(OSError):
        found = path.lstat()
        return [found.st_ino, 0 if stat.S_ISDIR(found.st_mode) else found.st_mtime_ns]
    return None


def _refuse_paths(names: list[str]) -> None:
    """Raise ValueError unless each is the name of an entry, not a path to somewhere else."""
    for name in names:
        if name in {"", ".", ".."} or os.path.basename(name) != name:
            raise ValueError(name)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off Ctrl-C and SIGTERM while what was begun is put right."""
    if current_thread() is not main_thread():
        yield
        return
    signals = [signal.SIGINT, signal.SIGTERM]
    before = [signal.signal(each, signal.SIG_IGN) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def _make_parents(folder: Path) -> list[Path]:
    """Make the missing ones of `folder` and its parents; returns those made, outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
    return missing[::-1]
