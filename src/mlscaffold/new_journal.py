"""The journal of `new`, which lets `undo` take a project away again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import files, journal, repo
from .git import git
from .journal import Journal, Step

if TYPE_CHECKING:
    from .target import Target


def write(tree: Path, target: Target, commit: str) -> None:
    """Write the journal of a project with a repository of its own into that repository.

    Args:
        tree: The project where it is staged, committed.
        target: Where it will stand.
        commit: Its only commit.
    """
    git_dir = tree / ".git"
    draft = _journal(journal.draft(git_dir), tree, target, commit)
    record = replace(
        draft,
        branch=repo.branch(tree),
        done=True,
        made_repository=True,
        made_folder=not target.exists,
    )
    files.copy(git_dir / "index", record.index_after)
    record.write()
    journal.install(record, git_dir)


def begin(root: Path, tree: Path, target: Target, commit: str) -> Journal:
    """Keep what is to be replaced in the repository at the target.

    Args:
        root: The staging folder, where the journal waits until all is in place.
        tree: The render in it.
        target: A folder with a repository.
        commit: What its branch will be moved to.
    """
    record = _journal(journal.draft(root), tree, target, commit)
    for number, step in enumerate(record.steps):
        if step.before:
            files.copy(target.path / step.path, record.copy(number))
    index = _git_dir(target.path) / "index"
    if index.exists():
        files.copy(index, record.index)
    head = target.repository.head if target.repository else ""
    return replace(record, head=head, branch=repo.branch(target.path), done=True)


def finish(record: Journal, target: Target) -> None:
    """Put the journal into the repository at the target; a full disk leaves none there."""
    git_dir = _git_dir(target.path)
    with suppress(OSError):
        files.copy(git_dir / "index", record.index_after)
        record.write()
        journal.install(record, git_dir)


def _journal(folder: Path, tree: Path, target: Target, commit: str) -> Journal:
    """All that `tree` puts at the target, and the files there that give way to it."""
    kept = {name.lower() for name in target.licences}
    paths = [
        path
        for path in files.below(tree, ".")
        if ".git" not in path.lower().split("/") and path.lower() not in kept
    ]
    steps = [
        Step(path, files.state(target.path / path), files.state(tree / path)) for path in paths
    ]
    written = {path.lower() for path in paths}
    steps += [
        Step(name, files.state(target.path / name), None)
        for name in target.readmes
        if name.lower() in written and name not in paths  # another spelling of it
    ]
    folders = sorted({parent for path in paths for parent in files.parents(path)})
    new = tuple(each for each in folders if not files.is_folder(target.path / each))
    return Journal(folder, "new", "", "", "", commit, tuple(steps), new)


def _git_dir(root: Path) -> Path:
    return Path(git(root, "rev-parse", "--absolute-git-dir").removesuffix("\n"))
