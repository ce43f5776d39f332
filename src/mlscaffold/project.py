"""A project that is there: its repository, its place in it, and whether it may be changed now."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import repo
from .errors import GitError, TargetError
from .git import git

ANSWERS_FILE = ".copier-answers.yml"
_UNDER_WAY = {  # a file that git keeps meanwhile: the command, and how to leave it
    "MERGE_HEAD": ("merge", "--abort"),
    "CHERRY_PICK_HEAD": ("cherry-pick", "--abort"),
    "REVERT_HEAD": ("revert", "--abort"),
    "rebase-merge": ("rebase", "--abort"),
    "rebase-apply/applying": ("am", "--abort"),
    "rebase-apply": ("rebase", "--abort"),
    "BISECT_LOG": ("bisect", "reset"),
}
_OLDEST_GIT = (2, 38)  # the first with `merge-tree --write-tree`
_NAMED = 5  # paths named in an error


@dataclass(frozen=True)
class Project:
    """A folder with an answers file in the work tree of a git repository.

    Attributes:
        folder: The folder that holds the answers file.
        root: Top of the work tree.
        git_dir: The repository's folder for this work tree; linked work trees have their own.
        objects: Its object folder, shared by all its work trees.
        prefix: `folder` relative to `root`: empty, or ends with a slash.
        head: Commit id of HEAD, empty before the first commit.
        object_format: `sha1` or `sha256`.
        answers_file: Path of the answers file relative to `folder`.
    """

    folder: Path
    root: Path
    git_dir: Path
    objects: Path
    prefix: str
    head: str
    object_format: str
    answers_file: str = ANSWERS_FILE


def find(path: Path) -> Project:
    """The project that `path` is, or lies in.

    Raises:
        TargetError: There is no such folder, no answers file in it or above it, or no repository.
        GitError: git is missing.
    """
    return _project(*_with_answers(_existing(path)))


def unmarked(path: Path) -> Project:
    """The folder `path` as a project, whether or not it has an answers file; raises as `find`."""
    folder = _existing(path)
    return _project(folder, answers_file_in(folder) or ANSWERS_FILE)


def _existing(path: Path) -> Path:
    try:
        folder = path.expanduser().resolve()
        if folder.is_dir():
            return folder
        there = folder.exists()
    except (OSError, ValueError, RuntimeError) as error:
        raise TargetError(f"{str(path)!r} is not a usable path: {error}.") from error
    what = "is not a folder" if there else "does not exist"
    raise TargetError(f"The project {what}.", str(path), "Give the project's folder.")


def answers_file_in(folder: Path) -> str:
    """Name of the answers file in a folder, empty for none; a template may name its own.

    Raises:
        TargetError: There are several.
    """
    if (folder / ANSWERS_FILE).is_file():
        return ANSWERS_FILE
    others = sorted(folder.glob(".copier-answers*.y*ml"))
    if len(others) > 1:
        names = ", ".join(each.name for each in others)
        raise TargetError(
            "Several templates made this folder; mlscaffold updates projects of one.",
            str(folder),
            f"There are {names}.",
        )
    return others[0].name if others else ""


def _with_answers(folder: Path) -> tuple[Path, str]:
    for each in (folder, *folder.parents):
        if name := answers_file_in(each):
            return each, name
        if (each / ".git").exists():  # a project does not reach beyond its repository
            break
    raise TargetError(
        "This is not a project that a template made: it has no .copier-answers.yml.",
        str(folder),
        "Give the project's folder; an existing repository is taken on by `mlscaffold adopt`.",
    )


def _project(folder: Path, answers_file: str) -> Project:
    if shutil.which("git") is None:
        raise GitError(
            "git was not found.", "", "Updates merge with it: install git (https://git-scm.com)."
        )
    asked = ("--show-object-format", "--show-cdup", "--absolute-git-dir")
    try:
        # Of these only the last can hold a line break, and without a work tree there is no second.
        told = git(folder, "rev-parse", *asked).removesuffix("\n")
        object_format, up, git_dir = told.split("\n", 2)
        root = (folder / up).resolve()
        below = folder.relative_to(root)
        objects = git(folder, "rev-parse", "--git-path", "objects").removesuffix("\n")
    except (GitError, ValueError) as error:
        if "safe.directory" in str(error):
            raise TargetError(
                "The repository belongs to another user, so git leaves it alone.",
                str(folder),
                "If you trust it: git config --global --add safe.directory FOLDER",
            ) from error
        raise TargetError(
            "The project is not in a git repository, which updates merge with.",
            str(folder),
            "Make it one first: git init && git add -A && git commit -m Start",
        ) from error
    return Project(
        folder,
        root,
        Path(git_dir),
        (folder / objects).resolve(),
        f"{below.as_posix()}/" if below.parts else "",
        repo.head(root),
        object_format,
        answers_file,
    )


def refuse_unmergeable(project: Project) -> None:
    """Raise unless there is something that git can merge with.

    Raises:
        TargetError: The project has no commit.
        GitError: git is older than 2.38.
    """
    _refuse_old_git()
    if not project.head:
        raise TargetError(
            "The repository has no commit yet.",
            str(project.root),
            "Commit your files first: git add -A && git commit -m Start",
        )


def refuse_unready(project: Project) -> None:
    """Raise unless the project's files are as HEAD has them, so that all of them can come back.

    Raises:
        TargetError: It has no commit, an operation is under way, or there are uncommitted changes.
        GitError: git is older than 2.38.
    """
    refuse_unmergeable(project)
    for name, (operation, leave) in _UNDER_WAY.items():
        if (project.git_dir / name).exists():
            raise TargetError(
                f"A git {operation} is under way in this repository.",
                str(project.root),
                f"Finish it, or give it up: git {operation} {leave}",
            )
    if paths := conflicting_paths(project):
        raise TargetError(
            f"There are conflicts that nobody has resolved: {_named(paths)}.",
            str(project.folder),
            "Resolve and commit them; or take an update back as a whole: mlscaffold undo",
        )
    if paths := changed_paths(project):
        raise TargetError(
            f"There are uncommitted changes: {_named(paths)}.",
            str(project.folder),
            "Commit them or put them aside with git stash, and run this again; those of an update "
            "are taken back by `mlscaffold undo`.",
        )


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more


def conflicting_paths(project: Project) -> list[str]:
    """Paths of the repository, relative to the top, that its index has several sides of."""
    listed = git(project.root, "ls-files", "-z", "--unmerged").split("\0")
    return sorted({entry.partition("\t")[2] for entry in listed if entry})


def changed_paths(project: Project) -> list[str]:
    """Tracked paths of the project, relative to the top, that differ from HEAD or its index."""
    below = [f":(top,literal){project.prefix}"] if project.prefix else []
    status = git(
        project.root,
        *("status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames"),
        *("--ignore-submodules=none", "--", *below),
        neutral=False,
    )
    return [entry[3:] for entry in status.split("\0") if entry]


def _refuse_old_git() -> None:
    found = re.search(r"(\d+)\.(\d+)[\w.]*", git(Path("/"), "version"))
    if found and (int(found[1]), int(found[2])) < _OLDEST_GIT:
        raise GitError(
            f"git {found[0]} cannot merge without touching files; 2.38 or newer is needed.",
            "",
            "Install a newer git (https://git-scm.com); `mlscaffold new` works with this one.",
        )
