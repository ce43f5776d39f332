"""Apply: make a project's files and index what a merge says, or leave all as it was.

Everything that takes it back is on the disk before the first change; an error or Ctrl-C takes it
back at once, and after a kill `mlscaffold undo` does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import files, index, journal, repo
from .errors import MlscaffoldError, TargetError
from .git import git
from .journal import Journal, Step
from .placement import uninterrupted
from .project import refuse_unready
from .restore import restore
from .workspace import remove

if TYPE_CHECKING:
    from .merge import Merge, Stage
    from .project import Project

_NAMED = 5  # paths named in an error
_SUBMODULE = "160000"  # git's mode of a submodule, whose commit is in no object folder of ours
# Submodules are left alone; where files are only looked at, none is left out.
_ALL_FILES = ("submodule.recurse=false", "core.sparseCheckout=false")


@dataclass(frozen=True)
class Applied:
    """What was done: the commit made, empty for none, and whether its author is our stand-in."""

    commit: str = ""
    stand_in_identity: bool = False


def apply(project: Project, merge: Merge, command: str, *, message: str | None = None) -> Applied:
    """Make work tree and index what `merge` says.

    Args:
        project: A project whose tracked files are as HEAD has them.
        merge: What to make of it.
        command: Name of the command, for the journal and the reflog.
        message: Commit the result with this message; only a merge without conflicts.

    Raises:
        TargetError: Another run or git is at work, a dead run left something to undo, or files
            that are in no commit stand in the way; nothing was written.
        GitError: git could not do it, or HEAD moved meanwhile; all is as it was.
        OSError: A file could not be written; all is as it was.
    """
    if not merge.changes and not merge.stages:
        return Applied()
    with journal.locked(project.git_dir):
        _refuse_dead_run(project)
        _refuse_moved(project)
        index.refuse_unusable(project.root, project.git_dir)
        _refuse_held_back(project, merge)
        _refuse_in_the_way(project, merge)
        _move_objects(project, merge)
        made = None
        if message is not None:
            made = repo.commit(project.root, merge.tree, (project.head,), message)
        try:
            record = journal.install(_journal(project, merge, command, made), project.git_dir)
            _change(project, merge, record)
        except BaseException as error:
            with uninterrupted():
                _take_back(project, command, error)
            raise
    return Applied(made.id, made.stand_in_identity) if made else Applied()


def _refuse_dead_run(project: Project) -> None:
    last = journal.load(project.git_dir)
    if last and not last.done:
        raise TargetError(
            f"A run of `mlscaffold {last.command}` was stopped before it was done.",
            str(project.folder),
            "Take back what it did first: mlscaffold undo",
        )


def _refuse_moved(project: Project) -> None:
    """Raise when the project is not any more what was merged: another run was faster."""
    if repo.head(project.root) != project.head:
        raise TargetError(
            "Something was committed meanwhile.", str(project.folder), "Run this again."
        )
    refuse_unready(project)


def _refuse_held_back(project: Project, merge: Merge) -> None:
    if paths := index.held_back(project.root, {each.path for each in merge.changes}):
        raise TargetError(
            f"git was told not to look at files that would be changed: {_named(paths)}.",
            str(project.root),
            "Let it: git update-index --no-skip-worktree --no-assume-unchanged FILE",
        )


def _refuse_in_the_way(project: Project, merge: Merge) -> None:
    """Raise when a new file would take the place of what is in no commit."""
    removed = {each.path for each in merge.changes if each.after is None}
    found: dict[str, None] = {}
    for change in merge.changes:
        if change.before is None:
            found |= dict.fromkeys(_in_the_way(project.root, change.path, removed))
    if found:
        raise TargetError(
            f"Files that git does not track stand where the template's go: {_named(list(found))}.",
            str(project.root),
            "Move them away, or commit them.",
        )


def _in_the_way(root: Path, path: str, removed: set[str]) -> Iterable[str]:
    for parent in files.parents(path):
        if os.path.lexists(root / parent) and not files.is_folder(root / parent):
            return [] if parent in removed else [parent]
    if not os.path.lexists(root / path):
        return []
    if not files.is_folder(root / path):
        return [path]
    return [each for each in files.below(root, path) if each not in removed]


def _move_objects(project: Project, merge: Merge) -> None:
    """Copy the objects that the result and its conflicts need from the scratch repository."""
    blobs = [each.id for each in merge.stages if each.mode != _SUBMODULE]
    wanted = "\n".join([merge.tree, *blobs, f"^{merge.head_tree}", ""])
    scratch = {"GIT_DIR": str(merge.scratch)}
    listed = git(merge.scratch, "rev-list", "--objects", "--stdin", stdin=wanted, extra=scratch)
    ids = "".join(f"{line.split(' ')[0]}\n" for line in listed.splitlines())
    pack = git(merge.scratch, "pack-objects", "--stdout", "-q", stdin=ids, extra=scratch)
    git(project.root, "unpack-objects", "-q", stdin=pack)


def _journal(project: Project, merge: Merge, command: str, made: repo.Commit | None) -> Journal:
    """Write the journal beside its place: copies of all that will change, and what comes of it."""
    folder = journal.draft(project.git_dir)
    try:
        draft = Journal(
            folder=folder,
            command=command,
            prefix=project.prefix,
            head=project.head,
            branch=repo.branch(project.root),
            commit=made.id if made else "",
            steps=(),
            folders=_new_folders(project.root, merge),
            replaced=_replaced_folders(project.root, merge),
        )
        if (project.git_dir / "index").exists():
            files.copy(project.git_dir / "index", draft.index)
        _write_after(project, merge, draft)
        steps = []
        for number, change in enumerate(merge.changes):
            path = project.root / change.path
            before = files.state(path) if change.before else None
            if before:
                files.copy(path, draft.copy(number))
            after = files.state(draft.after / change.path) if change.after else None
            steps.append(Step(change.path, before, after))
        written = replace(draft, steps=tuple(steps))
        written.write()
    except BaseException:
        with uninterrupted():
            remove(folder)
        raise
    return written


def _write_after(project: Project, merge: Merge, draft: Journal) -> None:
    """Write the files that the merge changes as git will: with the user's line endings."""
    draft.after.mkdir()
    extra = {
        "GIT_DIR": str(project.git_dir),
        "GIT_WORK_TREE": str(draft.after),
        "GIT_INDEX_FILE": str(draft.index_after),
    }
    git(draft.after, "read-tree", merge.tree, settings=_ALL_FILES, extra=extra, neutral=False)
    paths = "".join(f"{each.path}\0" for each in merge.changes if each.after)
    command = ("checkout-index", "--quiet", "-z", "--stdin")
    git(draft.after, *command, stdin=paths, settings=_ALL_FILES, extra=extra, neutral=False)


def _new_folders(root: Path, merge: Merge) -> tuple[str, ...]:
    """Folders that the merge's files need and that are not there, outermost first."""
    found: set[str] = set()
    for change in merge.changes:
        found |= set(files.parents(change.path)) if change.after else set()
    return tuple(sorted(each for each in found if not files.is_folder(root / each)))


def _replaced_folders(root: Path, merge: Merge) -> tuple[str, ...]:
    """Folders that stand where the merge puts a file, and those in them, outermost first."""
    found = []
    for change in merge.changes:
        if change.before is None and files.is_folder(root / change.path):
            for where, _, _ in os.walk(root / change.path):
                found.append(os.path.relpath(where, root).replace(os.sep, "/"))
    return tuple(sorted(found))


def _change(project: Project, merge: Merge, record: Journal) -> None:
    """Change files, index and branch; git does, on a copy of the index."""
    with index.locked(record, project.git_dir):
        work = record.index_after
        work.unlink()
        if record.index.exists():
            files.copy(record.index, work)
        extra = {"GIT_INDEX_FILE": str(work)}
        refresh = ("update-index", "-q", "--refresh")
        git(project.root, *refresh, extra=extra, check=False, neutral=False)
        command = ("read-tree", "-m", "-u", merge.head_tree, merge.tree)
        git(project.root, *command, settings=_ALL_FILES[:1], extra=extra, neutral=False)
        if lines := _stage_lines(merge.stages):
            git(project.root, "update-index", "-z", "--index-info", stdin=lines, extra=extra)
        git(project.root, *refresh, extra=extra, check=False, neutral=False)
        index.put(work, project.git_dir)
    if record.commit:
        words = ("-m", f"mlscaffold {record.command}", "HEAD", record.commit, record.head)
        git(project.root, "update-ref", *words)
    with uninterrupted():
        record.finished(project.root).write()
        journal.close(record)


def _stage_lines(stages: Sequence[Stage]) -> str:
    """What `update-index --index-info` reads: each path without its entry, then its stages."""
    gone = {each.path: f"0 {'0' * len(each.id)}\t{each.path}\0" for each in stages}
    added = (f"{each.mode} {each.id} {each.stage}\t{each.path}\0" for each in stages)
    return "".join((*gone.values(), *added))


def _take_back(project: Project, command: str, error: BaseException) -> None:
    """Undo what an apply did before it failed with `error`."""
    try:
        record = journal.load(project.git_dir)
        if record and not record.done:
            restore(record, project.root, project.git_dir)
            journal.discard(record)
    except (OSError, MlscaffoldError) as again:
        raise TargetError(
            f"`mlscaffold {command}` failed ({error}), and so did taking it back: {again}",
            str(project.root),
            "See to the cause, then run: mlscaffold undo",
        ) from error


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more
