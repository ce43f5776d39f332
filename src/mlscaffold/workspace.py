"""Staging, locks and placement: the only module that writes in a user's folder, beside git.

A project is rendered, checked and committed in a staging folder that nobody else looks at, on the
same file system as its target, and appears there by one rename. What a crash leaves is found by the
next run, which knows it for dead because the lock in it is free.

    <parent>/.mlscaffold-<name>-<random>/     for a target that does not exist
    <target>/.mlscaffold-here/                for a folder to be merged into (one at a time: a fixed
    name)
        lock        held as long as the run lives
        <name>/     the render
        journal.json, replaced/     only while merging
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from threading import current_thread, main_thread
from typing import Any

from filelock import FileLock, Timeout

from . import repo
from .errors import TargetError
from .target import Target, nearest_folder

PREFIX = ".mlscaffold-"
HERE = f"{PREFIX}here"
_LOCK = "lock"
_JOURNAL = "journal.json"
_REPLACED = "replaced"
_UNLOCKED_S = 60.0  # how long a live run may take from making its folder to locking it


class Staging:
    """A held staging folder; `tree` is where the render goes."""

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self.tree = root / name

    def place(self, target: Target) -> None:
        """Rename the tree to a target that does not exist, making its parents.

        Raises:
            TargetError: Something came to stand there in the meantime.
        """
        made = _make_parents(target.path.parent)
        try:
            os.rename(self.tree, target.path)
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

    def merge(self, target: Target, commit: str = "") -> None:
        """Move the tree's entries into the existing folder `target`, and its branch to `commit`.

        Every step is in the journal first: a failure, or the next run after a crash, takes it all
        back until the branch has moved (or, without a commit, until the journal is gone).
        """
        names = sorted(os.listdir(self.tree))
        theirs = {name.lower(): name for name in os.listdir(target.path)}
        kept = {name.lower() for name in target.licences}
        journal: dict[str, Any] = {
            "tree": self.tree.name,
            "moves": [name for name in names if name.lower() not in kept],
            "replaced": [
                theirs[name.lower()] for name in names if name.lower() in theirs.keys() - kept
            ],
            "commit": commit,
            "head": target.repository.head if target.repository else "",
        }
        (self.root / _REPLACED).mkdir()
        _write_journal(self.root, journal)
        try:
            for name in journal["replaced"]:
                os.rename(target.path / name, self.root / _REPLACED / name)
            for name in journal["moves"]:
                os.rename(self.tree / name, target.path / name)
            if commit:
                repo.reset_index(target.path, commit)
                repo.move_head(target.path, commit, journal["head"])
        except BaseException:
            with uninterrupted():
                recover(self.root, target.path)
            raise
        (self.root / _JOURNAL).unlink()


def _write_journal(root: Path, journal: dict[str, Any]) -> None:
    draft = root / f"{_JOURNAL}.new"
    draft.write_text(json.dumps(journal), "utf-8")
    draft.rename(root / _JOURNAL)


def recover(root: Path, target: Path) -> None:
    """Undo a merge that a journal in `root` shows to be unfinished; safe to run twice."""
    try:
        journal = json.loads((root / _JOURNAL).read_text("utf-8"))
    except FileNotFoundError:
        return
    if journal["commit"] and repo.head(target) == journal["commit"]:
        return
    for name in journal["moves"]:
        placed, staged = target / name, root / journal["tree"] / name
        if os.path.lexists(placed) and not os.path.lexists(staged):
            os.rename(placed, staged)
    for name in journal["replaced"]:
        if os.path.lexists(root / _REPLACED / name):
            os.rename(root / _REPLACED / name, target / name)
    if journal["commit"]:
        repo.reset_index(target, journal["head"])
    (root / _JOURNAL).unlink()


@contextmanager
def staging(target: Target | None, name: str = "project") -> Iterator[Staging]:
    """A locked staging folder for `target`, removed at the end however the run ends.

    Args:
        target: None when the folder's name is known only after the questions: beside the working
            directory.
        name: Name of the tree when there is no target.

    Raises:
        TargetError: Another run is at work in the folder to be merged into.
    """
    if target is None:
        parent, label = Path.cwd(), f"{PREFIX}{name}-{token_hex(4)}"
    elif target.exists:
        parent, label = target.path, HERE
        name = target.path.name
    else:
        parent, name = nearest_folder(target.path), target.path.name
        label = f"{PREFIX}{name}-{token_hex(4)}"
    lock = _hold(parent / label, parent)
    try:
        yield Staging(parent / label, name)
    finally:
        with uninterrupted():
            lock.release()
            remove(parent / label)


def _hold(root: Path, parent: Path) -> FileLock:
    """Make a staging folder and lock it; TargetError when another run has it."""
    lock = FileLock(root / _LOCK, thread_local=False)
    with suppress(FileExistsError, Timeout):
        root.mkdir(mode=0o700)
        lock.acquire(blocking=False)
        if (root / _LOCK).exists():  # a sweep may have come between the two
            return lock
    raise TargetError("Another mlscaffold is at work in this folder.", str(parent), "Wait for it.")


def sweep(folder: Path) -> list[Path]:
    """Undo and remove what dead runs left in `folder`; returns what was removed."""
    removed = []
    with suppress(OSError):
        for root in sorted(folder.glob(f"{PREFIX}*")):
            if not root.is_dir() or root.is_symlink():
                continue
            if not (root / _LOCK).is_file():  # not ours, or killed between making and locking it
                if time.time() - root.stat().st_mtime > _UNLOCKED_S:
                    with suppress(OSError):
                        root.rmdir()
                continue
            lock = FileLock(root / _LOCK, thread_local=False)
            try:
                lock.acquire(blocking=False)
            except (Timeout, OSError):
                continue
            with uninterrupted():
                recover(root, folder)
                lock.release()
                remove(root)
            removed.append(root)
    return removed


def remove(root: Path) -> None:
    """Delete a staging folder with its read-only files (git's objects on Windows); never raises."""

    def writable_again(function: Callable[[str], object], path: str, _: object) -> None:
        with suppress(OSError):
            os.chmod(path, stat.S_IRWXU)
            function(path)

    if sys.version_info >= (3, 12):
        shutil.rmtree(root, onexc=writable_again)
    else:
        shutil.rmtree(root, onerror=writable_again)


def normalise_modes(tree: Path) -> None:
    """Give every file and folder the mode that a checkout by git would give it.

    Copier carries over the template's modes, which depend on how the template was installed.
    """
    mask = os.umask(0)
    os.umask(mask)
    for folder, _, files in os.walk(tree):
        os.chmod(folder, 0o777 & ~mask)
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                executable = os.stat(path).st_mode & stat.S_IXUSR
                os.chmod(path, (0o777 if executable else 0o666) & ~mask)


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
