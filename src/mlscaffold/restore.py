"""Taking a command back by its journal: after an error at once, otherwise by `undo`.

Every step may be done twice, so that a run which is killed here is finished by the next one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from . import files, index
from .git import git
from .journal import Journal, Step, home


def later_edits(journal: Journal, root: Path) -> tuple[str, ...]:
    """What stands in the way of a restore: paths where somebody changed what the command left."""
    touched = {each.path for each in journal.steps}
    found: dict[str, None] = {}
    for step in journal.steps:
        for path in _obstacles(journal, step, root, touched):
            found[path] = None
    return tuple(found)


def _obstacles(journal: Journal, step: Step, root: Path, touched: set[str]) -> Iterable[str]:
    if parent := _blocking_parent(root, step.path):
        return [parent] if step.before and parent not in touched else []
    path = root / step.path
    if files.is_folder(path):
        below = files.below(root, step.path) if step.before else []
        return [each for each in below if each not in touched]
    now = files.state(path)
    if now in (None, step.before, step.after):
        return []
    if not journal.done and files.is_prefix(path, journal.after / step.path):
        return []
    return [step.path]


def _blocking_parent(root: Path, path: str) -> str:
    """The first parent of `path` that is there and is no real folder; empty for none."""
    for parent in files.parents(path):
        if os.path.lexists(root / parent) and not files.is_folder(root / parent):
            return parent
    return ""


def later_entries(journal: Journal, root: Path, git_dir: Path) -> tuple[str, ...]:
    """Paths whose entry in the index is neither as before the command nor as after it."""
    now = index.entries(root, git_dir / "index")
    before = index.entries(root, journal.index)
    after = index.entries(root, journal.index_after)
    return tuple(
        path
        for path in sorted({*now, *before, *after})
        if now.get(path) not in (before.get(path), after.get(path))
    )


def put_aside(paths: Iterable[str], root: Path, git_dir: Path) -> Path:
    """Move later edits, and a copy of the index, to a new folder in the repository."""
    number = 1
    while (folder := home(git_dir) / f"kept-{number}").exists():
        number += 1
    folder.mkdir()
    if (git_dir / "index").exists():
        files.copy(git_dir / "index", folder / "index")
    for path in paths:
        if os.path.lexists(root / path):
            (folder / "files" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(root / path, folder / "files" / path)
    return folder


def restore(journal: Journal, root: Path, git_dir: Path) -> None:
    """Bring back files, index and HEAD as they were before the command.

    There are no later edits, or they were put aside.

    Raises:
        TargetError: git holds the index's lock.
        GitError: HEAD moved meanwhile.
        OSError: A file cannot be written.
    """
    with index.locked(journal, git_dir):
        restore_files(journal, root)
        index.put(journal.index, git_dir)
        restore_head(journal, root)


def restore_files(journal: Journal, root: Path) -> None:
    """Bring back the files, and the folders that they need."""
    for step in journal.steps:
        path = root / step.path
        reachable = not _blocking_parent(root, step.path)
        if not step.before and reachable and not files.is_folder(path):
            files.remove(path)
    for folder in reversed(journal.folders):
        if not _blocking_parent(root, f"{folder}/x"):
            with suppress(OSError):  # not empty: it holds files of the user's
                (root / folder).rmdir()
    for folder in journal.replaced:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for number, step in enumerate(journal.steps):
        path = root / step.path
        if not step.before or files.same(journal.copy(number), path):
            continue
        if files.is_folder(path):
            _remove_empty(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.put(journal.copy(number), path, path.parent / f".mlscaffold-undo-{number}")


def _remove_empty(folder: Path) -> None:
    """Remove a folder that holds nothing but folders."""
    for where, _, _ in os.walk(folder, topdown=False):
        os.rmdir(where)


def restore_head(journal: Journal, root: Path) -> None:
    """Move HEAD's branch back from the commit that the command made."""
    if not journal.commit or not _head_is(root, journal.commit):
        return
    if journal.head:
        words = ("-m", f"mlscaffold undo: {journal.command}", "HEAD", journal.head, journal.commit)
        git(root, "update-ref", *words)
    else:
        git(root, "update-ref", "-d", "HEAD", journal.commit)


def _head_is(root: Path, commit: str) -> bool:
    from . import repo

    return repo.head(root) == commit
