"""Whether DEST can be written in, decided before anything is asked.

A target is either absent, or a folder that holds nothing but what a host puts in a repository it
has just made: `.git`, a licence and a README. In that case the licence stays, and the README gives
way only where git can bring it back.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from . import repo
from .errors import TargetError

_LICENCE = re.compile(r"(un)?(licen[cs]e|copying)([.-].*)?", re.IGNORECASE)
_README = re.compile(r"readme(\..*)?", re.IGNORECASE)
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_STAGING = ".mlscaffold-"
_NAME_BYTES = (
    200  # 255 is the usual limit; the staging folder's own name is longer than the target's
)


@dataclass(frozen=True)
class Target:
    """Where a project is to stand.

    Attributes:
        path: Absolute; its parents are real folders.
        exists: Whether the folder is there already.
        licences: Names of licence files in it: they stay.
        readmes: Names of README files in it, each as HEAD has it: one of the same name is replaced.
        repository: The repository in it, if any.
    """

    path: Path
    exists: bool = False
    licences: tuple[str, ...] = ()
    readmes: tuple[str, ...] = ()
    repository: repo.Existing | None = None


def is_licence(name: str) -> bool:
    """Whether a file at the top of a project is its licence, by its name."""
    return _LICENCE.fullmatch(name) is not None


def inspect(dest: Path) -> Target:
    """Say what DEST is, or refuse it.

    Raises:
        TargetError: The name is unusable, it is a file, or it holds what a render could overwrite.
    """
    path = _absolute(dest)
    try:
        if not os.path.lexists(path):
            _refuse_bad_parent(path)
            return Target(path)
        if path.is_symlink():
            path = path.resolve(strict=True)
        if not path.is_dir():
            raise TargetError(
                "The destination is a file.", str(dest), "Give a folder that does not exist yet."
            )
        entries = sorted(each.name for each in path.iterdir() if not each.name.startswith(_STAGING))
    except (OSError, ValueError) as error:
        raise TargetError(f"The destination cannot be used: {_words(error)}.", str(dest)) from error
    return _inspect_folder(path, entries)


def _absolute(dest: Path) -> Path:
    """DEST as an absolute path with real parents; its last part is not followed."""
    text = str(dest)
    name = dest.name
    if "\0" in text or any(ord(char) < 32 for char in text):
        raise TargetError(
            "The destination's name holds a control character.", repr(text), "Use a plain name."
        )
    for part in dest.parts:
        if len(os.fsencode(part)) > _NAME_BYTES:
            raise TargetError(
                f"A name in the destination is longer than {_NAME_BYTES} bytes.",
                f"{part[:40]}...",
                "Use a shorter one.",
            )
    if _DEVICES.fullmatch(name):
        raise TargetError(
            "The destination has the name of a device on Windows.", name, "Use another name."
        )
    try:
        # Not resolve(): a link at the end is looked at before it is followed.
        path = Path(os.path.abspath(dest.expanduser()))  # noqa: PTH100
        return path.parent.resolve() / path.name
    except (OSError, RuntimeError, ValueError) as error:
        raise TargetError(f"The destination cannot be used: {_words(error)}.", text) from error


def _refuse_bad_parent(path: Path) -> None:
    parent = nearest_folder(path)
    if not parent.is_dir():
        raise TargetError("A file stands where a folder is needed.", str(parent))
    if not os.access(parent, os.W_OK | os.X_OK):
        raise TargetError(
            "This folder cannot be written in.", str(parent), "Choose another destination."
        )


def nearest_folder(path: Path) -> Path:
    """The nearest ancestor of `path` that exists."""
    return next((parent for parent in path.parents if os.path.lexists(parent)), path)


def _inspect_folder(path: Path, entries: list[str]) -> Target:
    if not os.access(path, os.W_OK | os.X_OK):
        raise TargetError(
            "This folder cannot be written in.", str(path), "Choose another destination."
        )
    licences = tuple(name for name in entries if is_licence(name) and (path / name).is_file())
    readmes = tuple(name for name in entries if _README.fullmatch(name) and (path / name).is_file())
    others = [name for name in entries if name not in {*licences, *readmes, ".git"}]
    if others:
        shown = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        raise TargetError(
            f"The destination is not empty: it holds {shown}.",
            str(path),
            "Give a new folder, or one that holds only .git, a licence and a README.",
        )
    if ".git" not in entries:
        if readmes:
            raise TargetError(
                f"{readmes[0]} would be replaced, and no git history keeps it.",
                str(path),
                "Move it away, or commit it first.",
            )
        return Target(path, exists=True, licences=licences)
    repository = repo.existing(path)
    _refuse_unsaved(repository, licences, readmes)
    return Target(path, exists=True, licences=licences, readmes=readmes, repository=repository)


def _refuse_unsaved(
    repository: repo.Existing, licences: tuple[str, ...], readmes: tuple[str, ...]
) -> None:
    """A README may only be replaced when HEAD holds it as it is; nothing else may be half-done."""
    for name in sorted(repository.tracked - {*licences, *readmes}):
        raise TargetError(
            f"The repository tracks {name}, which is not here.",
            str(repository.root),
            "Restore it first.",
        )
    for name in sorted(repository.changed):
        if name not in licences or name in repository.tracked:
            raise TargetError(
                f"{name} has changes that are not committed.",
                str(repository.root),
                "Commit or undo them first.",
            )


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
