"""The index of a user's repository, changed under git's own lock.

While `index.lock` is there, git refuses to change the index, and so do we. Ours is known by its
content: what a dead run of ours left is removed, anybody else's stays.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import files
from .errors import TargetError
from .git import git
from .journal import Journal, home

_MARK = b"mlscaffold is changing this project; `mlscaffold undo` takes back what a dead run did\n"

Entries = dict[str, frozenset[str]]  # by path: mode, id and stage of each entry


def refuse_unusable(root: Path, git_dir: Path) -> None:
    """Raise unless the index can be kept and put back as one file that nobody is writing.

    Raises:
        TargetError: git is at work in the repository, or its index is split over two files.
    """
    if (git_dir / "index.lock").exists():
        raise _busy(git_dir)
    if git(root, "rev-parse", "--shared-index-path").strip():
        raise TargetError(
            "The repository's index is split over two files, which undo could not bring back.",
            str(root),
            "Join them first: git update-index --no-split-index",
        )


@contextmanager
def locked(journal: Journal, git_dir: Path) -> Iterator[None]:
    """Hold the index's lock; what a dead run of ours left of it is taken over.

    Raises:
        TargetError: git holds it.
    """
    lock = git_dir / "index.lock"
    if _is_ours(lock, journal):
        lock.unlink()
    mark = journal.folder / "index.mark"
    mark.write_bytes(_MARK)
    try:
        _create(lock, mark)
    except FileExistsError:
        raise _busy(git_dir) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def put(source: Path, git_dir: Path) -> None:
    """Make the index the file `source`, or no index where that is not there; the lock is held."""
    index, lock = git_dir / "index", git_dir / "index.lock"
    if source.exists():
        files.put(source, lock, home(git_dir) / "index.new")
        lock.replace(index)
        files.sync(git_dir)
    else:
        index.unlink(missing_ok=True)


def entries(root: Path, index: Path) -> Entries:
    """What an index holds; nothing where there is none."""
    if not index.exists():
        return {}
    listed = git(root, "ls-files", "-s", "-z", extra={"GIT_INDEX_FILE": str(index)})
    found: dict[str, set[str]] = {}
    for line in filter(None, listed.split("\0")):
        about, _, path = line.partition("\t")
        found.setdefault(path, set()).add(about)
    return {path: frozenset(each) for path, each in found.items()}


def held_back(root: Path, paths: set[str]) -> list[str]:
    """Those of the paths that git was told not to look at: skip-worktree, assume-unchanged."""
    listed = git(root, "ls-files", "-v", "-z", neutral=False)
    marks = ((line[0], line[2:]) for line in listed.split("\0") if line)
    return [path for mark, path in marks if path in paths and (mark == "S" or mark.islower())]


def _create(lock: Path, mark: Path) -> None:
    """Make the lock with our mark in it, in one step where the file system can."""
    try:
        os.link(mark, lock)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):
        with lock.open("xb") as file:
            file.write(_MARK)


def _is_ours(lock: Path, journal: Journal) -> bool:
    try:
        content = lock.read_bytes()
    except FileNotFoundError:
        return False
    ours = (each.read_bytes() for each in (journal.index, journal.index_after) if each.exists())
    return content == _MARK or content in ours


def _busy(git_dir: Path) -> TargetError:
    return TargetError(
        "git is at work in this repository: it holds the index's lock.",
        str(git_dir / "index.lock"),
        "Wait for it; if no git is running, remove that file.",
    )
