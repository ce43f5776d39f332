"""The journal of a command that changes a project: all that takes it back, written before it.

<git dir>/mlscaffold/
    lock                held while a command changes the project
    undo/
        journal.json    what is below, and how HEAD stood
        copies/<n>      the file of step n as it was
        index           the index as it was; absent when there was none
        index.after     the index that the command makes
        after/<path>    files as the command writes them, until it is done
    undo.old/           the journal before, until the command is done
    kept-<n>/           later edits that `undo --force` took out of the way
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from . import files
from .errors import TargetError
from .files import State

SCHEMA = 1
_FILE = "journal.json"


@dataclass(frozen=True)
class Step:
    """What a command does to a file: its path from the top of the work tree, before and after."""

    path: str
    before: State | None
    after: State | None


@dataclass(frozen=True)
class Journal:
    """What a command did, or was about to do.

    Attributes:
        folder: Where the journal lies.
        command: `new`, `update`, `set` or `adopt`.
        prefix: The project's folder from the top of the work tree; empty, or ends with a slash.
        head: Commit id of HEAD before; empty before the first commit.
        branch: What HEAD is a name for, `refs/heads/main` say; empty when it is detached.
        commit: The commit that the command makes; empty for none.
        steps: The files it touches.
        folders: Folders it makes, outermost first.
        replaced: Folders, all empty by then, that give way to its files, outermost first.
        done: It ended as it should; otherwise it is under way, or dead.
        made_repository: The repository is its work.
        made_folder: So is the project's folder.
    """

    folder: Path
    command: str
    prefix: str
    head: str
    branch: str
    commit: str
    steps: tuple[Step, ...]
    folders: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    done: bool = False
    made_repository: bool = False
    made_folder: bool = False

    @property
    def index(self) -> Path:
        """Copy of the index as it was."""
        return self.folder / "index"

    @property
    def index_after(self) -> Path:
        """The index that the command makes."""
        return self.folder / "index.after"

    @property
    def after(self) -> Path:
        """Folder of the files as the command writes them."""
        return self.folder / "after"

    def copy(self, number: int) -> Path:
        """Copy of the file of step `number` as it was."""
        return self.folder / "copies" / str(number)

    def finished(self, root: Path) -> Journal:
        """The journal of the command when it is done, with the files as they came to be."""
        steps = [replace(each, after=files.state(root / each.path)) for each in self.steps]
        return replace(self, steps=tuple(steps), done=True)

    def write(self) -> None:
        """Put it on the disk, in one step."""
        fields = asdict(self) | {"schema": SCHEMA}
        del fields["folder"]
        draft = self.folder / f"{_FILE}.new"
        draft.write_text(json.dumps(fields), "utf-8")
        files.sync(draft)
        draft.replace(self.folder / _FILE)
        files.sync(self.folder)


def home(git_dir: Path) -> Path:
    """The folder of ours in a repository."""
    return git_dir / "mlscaffold"


@contextmanager
def locked(git_dir: Path) -> Iterator[None]:
    """Keep other runs out of a repository.

    Raises:
        TargetError: Another run is at work in it.
    """
    from filelock import FileLock, Timeout

    home(git_dir).mkdir(exist_ok=True)
    lock = FileLock(home(git_dir) / "lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise TargetError(
            "Another mlscaffold is at work in this repository.", str(git_dir.parent), "Wait for it."
        ) from None
    try:
        yield
    finally:
        lock.release()


def load(git_dir: Path) -> Journal | None:
    """The journal of the last command, or None; call it with the lock held.

    Raises:
        TargetError: It is damaged, or of a newer mlscaffold.
    """
    folder, old = home(git_dir) / "undo", home(git_dir) / "undo.old"
    if not folder.exists() and old.exists():  # a run died, or failed, before it was done
        old.rename(folder)
    try:
        found = json.loads((folder / _FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise TargetError("The record of the last command is damaged.", str(folder)) from error
    if found.get("schema") != SCHEMA:
        raise TargetError(
            "The record of the last command was written by another version of mlscaffold.",
            str(folder),
            "Use that version to undo it.",
        )
    return _parsed(folder, found)


def _parsed(folder: Path, found: dict[str, Any]) -> Journal:
    del found["schema"]
    try:
        steps = tuple(
            Step(each["path"], _state(each["before"]), _state(each["after"]))
            for each in found.pop("steps")
        )
        folders, replaced = tuple(found.pop("folders")), tuple(found.pop("replaced"))
        journal = Journal(folder=folder, steps=steps, folders=folders, replaced=replaced, **found)
        for path in (*(each.path for each in steps), *folders, *replaced):
            _refuse_path(path)
    except (KeyError, TypeError, ValueError) as error:
        raise TargetError("The record of the last command is damaged.", str(folder)) from error
    return journal


def _state(found: dict[str, str] | None) -> State | None:
    return State(**found) if found else None


def _refuse_path(path: str) -> None:
    """Raise ValueError for a path that leads out of the work tree, or into the repository.

    A repository may come from somebody else, and a journal with it.
    """
    parts = path.split("/")
    if {"", ".", ".."} & set(parts) or ".git" in (part.lower() for part in parts):
        raise ValueError(path)
    if Path(path).is_absolute() or os.path.splitdrive(path)[0] or "\0" in path:
        raise ValueError(path)


def draft(git_dir: Path) -> Path:
    """A new folder for the journal of a command that is about to begin."""
    from .workspace import remove

    folder = home(git_dir) / "undo.new"
    if folder.exists():
        remove(folder)
    (folder / "copies").mkdir(parents=True)
    return folder


def install(journal: Journal, git_dir: Path) -> Journal:
    """Make a written journal the repository's; the one before stays as `undo.old`."""
    from .workspace import remove

    folder, old = home(git_dir) / "undo", home(git_dir) / "undo.old"
    home(git_dir).mkdir(exist_ok=True)
    if folder.exists():
        if old.exists():
            remove(old)
        folder.rename(old)
    journal.folder.rename(folder)
    files.sync(folder.parent)
    return replace(journal, folder=folder)


def close(journal: Journal) -> None:
    """Drop what only a run that is not done needs; the journal says `done` already."""
    from .workspace import remove

    for each in (journal.after, journal.folder.parent / "undo.old"):
        if each.exists():
            remove(each)


def discard(journal: Journal) -> None:
    """Remove the journal of a command that was taken back, or never began."""
    from .workspace import remove

    gone = journal.folder.parent / "undo.gone"
    if gone.exists():
        remove(gone)
    journal.folder.rename(gone)
    remove(gone)
