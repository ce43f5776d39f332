"""`mlscaffold undo`: take the last command back to the exact state before it."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from . import files, journal, project, repo, workspace
from .errors import TargetError
from .git import git
from .placement import uninterrupted
from .restore import later_edits, later_entries, put_aside, restore, restore_files

if TYPE_CHECKING:
    from .journal import Journal

_NAMED = 10  # paths named in an error


@dataclass(frozen=True)
class UndoResult:
    """What was taken back.

    Attributes:
        command: The command that it takes back.
        folder: The project's folder.
        restored: Paths, from the top of the work tree, that are as they were again.
        removed: Paths that the command had added.
        kept: What stays in the project's folder although `new` is undone.
        aside: Folder to which later edits were moved; None when there were none.
        was_stopped: The command had not ended as it should.
        repository_removed: `.git` went with the project.
    """

    command: str
    folder: Path
    restored: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...] = ()
    aside: Path | None = None
    was_stopped: bool = False
    repository_removed: bool = False


def undo(folder: Path, *, force: bool = False) -> UndoResult:
    """Take back the last `new`, `update`, `set` or `adopt` of a project.

    Args:
        folder: The project's folder, or one in it.
        force: Move later edits out of the way instead of refusing.

    Raises:
        TargetError: There is nothing to undo, or it would lose what was done since.
        GitError: git failed; running it again goes on.
    """
    _refuse_without_repository(folder)
    place = project.unmarked(folder)
    with journal.locked(place.git_dir):
        record = journal.load(place.git_dir)
        if record is None:
            raise _nothing(folder, "No command is recorded, or the last one was taken back.")
        if not place.prefix.startswith(record.prefix):
            raise TargetError(
                f"The last command in this repository was `{record.command}` of another project.",
                str(place.root / record.prefix),
                "Give that folder.",
            )
        _refuse_moved_head(record, place)
        aside = _later_aside(record, place, force=force)
        if record.done:  # from here on it is as after a kill: to be gone on with
            replace(record, done=False).write()
        with uninterrupted():
            result = _result(record, place, aside)
            if not record.made_repository:
                restore(record, place.root, place.git_dir)
                journal.discard(record)
                return result
            restore_files(record, place.root)
            leaves = aside is None and _holds_only(record, place.root)
            if not leaves:
                journal.discard(record)
    return _finish_new(record, place, result, leaves=leaves)


def _refuse_without_repository(folder: Path) -> None:
    if folder.is_dir() and repo.enclosing(folder.expanduser().resolve()) is None:
        raise _nothing(folder, "What a command did is recorded in a project's .git; here is none.")


def _nothing(folder: Path, why: str) -> TargetError:
    return TargetError("There is nothing to undo.", str(folder), why)


def _refuse_moved_head(record: Journal, place: project.Project) -> None:
    branch = repo.branch(place.root)
    if branch != record.branch:
        wanted = record.branch.removeprefix("refs/heads/")
        raise TargetError(
            f"Another branch is checked out than when `{record.command}` ran.",
            str(place.root),
            f"Go back to it first: git switch {wanted or f'--detach {record.head}'}",
        )
    if place.head not in (record.commit, record.head):
        since = record.commit or record.head
        raise TargetError(
            f"You committed since `{record.command}`, which undo would lose.",
            str(place.root),
            "Remove the project's folder yourself."
            if record.made_repository
            else f"Take commits back with git: git revert {since[:12]}"
            + ("" if record.commit else "..HEAD"),
        )


def _later_aside(record: Journal, place: project.Project, *, force: bool) -> Path | None:
    """Where later edits were put; None when there are none."""
    edits = later_edits(record, place.root)
    staged = later_entries(record, place.root, place.git_dir)
    if not edits and not staged:
        return None
    if not force:
        raise TargetError(
            f"You changed since `{record.command}`: {_names([*edits, *staged])}.",
            str(place.root),
            "Undo would lose that. Put it elsewhere first, or let undo move it: undo --force",
        )
    return put_aside(edits, place.root, place.git_dir)


def _names(paths: Collection[str]) -> str:
    unique = list(dict.fromkeys(paths))
    more = f" and {len(unique) - _NAMED} more" if len(unique) > _NAMED else ""
    return ", ".join(unique[:_NAMED]) + more


def _result(record: Journal, place: project.Project, aside: Path | None) -> UndoResult:
    changed = [each for each in record.steps if files.state(place.root / each.path) != each.before]
    return UndoResult(
        record.command,
        place.root / record.prefix,
        tuple(each.path for each in changed if each.before),
        tuple(each.path for each in changed if not each.before),
        aside=aside,
        was_stopped=not record.done,
    )


def _holds_only(record: Journal, root: Path) -> bool:
    """Whether a repository holds nothing but the commit that `new` made in it."""
    refs = git(root, "for-each-ref", "--format=%(objectname)").split()
    logged = git(root, "log", "--walk-reflogs", "--format=%H", check=False).split()
    return {*refs, *logged} == {record.commit} and len(refs) == 1


def _finish_new(
    record: Journal, place: project.Project, result: UndoResult, *, leaves: bool
) -> UndoResult:
    """Remove the repository that `new` made, and the project's folder when it is empty then."""
    with uninterrupted():
        if leaves:
            _remove_repository(place.root, place.git_dir)
        if record.made_folder:
            with suppress(OSError):  # not empty
                place.root.rmdir()
    kept = sorted(os.listdir(place.root)) if place.root.exists() else []
    return replace(result, kept=tuple(kept), repository_removed=leaves)


def _remove_repository(root: Path, git_dir: Path) -> None:
    """Move the repository away in one step, then remove it; the next `new` here sweeps the rest."""
    gone = root / f"{workspace.PREFIX}undo-{token_hex(4)}"
    gone.mkdir(mode=0o700)
    (gone / "lock").touch()
    git_dir.rename(gone / ".git")
    workspace.remove(gone)
