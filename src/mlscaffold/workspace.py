"""Staging folders and their locks.

A project is rendered, checked and committed in a staging folder that nobody else looks at, on the
same file system as its target, and appears there by one rename. What a crash leaves is found by the
next run, which knows it for dead because the lock in it is free.

    <parent>/.mlscaffold-<name>-<random>/     for a target that does not exist
    <target>/.mlscaffold-here/                for a folder to be merged into, one run at a time
        lock        held as long as the run lives
        <name>/     the render
        journal.json, replaced/     only while merging
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from filelock import FileLock, Timeout

from .errors import TargetError
from .placement import recover, uninterrupted
from .target import Target, nearest_folder

PREFIX = ".mlscaffold-"
HERE = f"{PREFIX}here"
_LOCK = "lock"
_UNLOCKED_S = 60.0  # how long a live run may take from making its folder to locking it


@dataclass(frozen=True)
class Staging:
    """A held staging folder: `root` is ours, `tree` in it is where the render goes."""

    root: Path
    tree: Path


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
        yield Staging(parent / label, parent / label / name)
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
