"""Commits: what is in a repository, and what a render adds to it.

A commit of ours holds exactly the bytes that were rendered, whatever the user's configuration says,
and needs no identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import GitError, TargetError
from .git import environment, git

FALLBACK_NAME = "mlscaffold"
FALLBACK_EMAIL = "mlscaffold@localhost"


@dataclass(frozen=True)
class Commit:
    """A commit that was made: its id, and whether the author is our stand-in."""

    id: str
    stand_in_identity: bool


def first_commit(tree: Path, message: str, *, ignored: bool = True) -> Commit:
    """Make `tree` a repository with one commit that holds every file in it.

    Files that .gitignore names too (unless not `ignored`): the commit is the render, and updates
    merge from it.
    """
    git(tree, "init", "--quiet")
    settings = _settings(tree)
    if "init.defaultbranch" not in settings:
        git(tree, "symbolic-ref", "HEAD", "refs/heads/main")
    identity = _stand_in(settings)
    git(tree, "add", "--all", *(["--force"] if ignored else []))
    git(tree, "commit", "--quiet", "--allow-empty", "--message", message, settings=identity)
    return Commit(git(tree, "rev-parse", "HEAD").strip(), bool(identity))


def _settings(folder: Path) -> dict[str, str]:
    """The user's identity and branch name as git sees them in `folder`, by lower-case key."""
    wanted = r"^((user|author|committer)\.(name|email)|init\.defaultbranch)$"
    lines = git(folder, "config", "--get-regexp", wanted, check=False).splitlines()
    found = dict(line.partition(" ")[::2] for line in lines)
    return {key.lower(): value for key, value in found.items() if value.strip()}


def _stand_in(settings: Mapping[str, str]) -> tuple[str, ...]:
    """What names an author where the user has none.

    git would otherwise refuse, or invent an address from the machine's name.
    """
    env = environment()
    name = "user.name" in settings or {"GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"} <= env.keys()
    email = "user.email" in settings or {"GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"} <= env.keys()
    return (() if name else (f"user.name={FALLBACK_NAME}",)) + (
        () if email else (f"user.email={FALLBACK_EMAIL}",)
    )


@dataclass(frozen=True)
class Existing:
    """A repository that a render is to be committed onto.

    Attributes:
        root: Its work tree.
        head: Commit id of HEAD, empty before the first commit.
        tracked: Paths in its index.
        changed: Paths that differ from HEAD or are not tracked.
    """

    root: Path
    head: str
    tracked: frozenset[str]
    changed: frozenset[str]


def existing(root: Path) -> Existing:
    """What stands in the repository whose work tree is `root`.

    Raises:
        TargetError: `root` is not the top of a work tree, or an operation is under way in it.
    """
    try:
        top, git_dir = git(root, "rev-parse", "--show-toplevel", "--absolute-git-dir").splitlines()
    except (GitError, ValueError) as error:
        raise TargetError(
            "The .git in this folder is not a repository that git can read.", str(root), str(error)
        ) from error
    if Path(top).resolve() != root.resolve():
        raise TargetError(
            "This folder's .git belongs to another work tree.", str(root), f"It is that of {top}."
        )
    for name in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"):
        if (Path(git_dir) / name).exists():
            raise TargetError(
                "A merge or rebase is under way in this repository.", str(root), "Finish it first."
            )
    status = git(root, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    return Existing(
        root,
        head(root),
        frozenset(git(root, "ls-files", "-z").split("\0")) - {""},
        frozenset(entry[3:] for entry in status.split("\0") if entry),
    )


def head(root: Path) -> str:
    """Commit id of HEAD, empty before the first commit."""
    return git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False).strip()


def commit_tree(
    repo: Existing, tree: Path, index: Path, message: str, *, ignored: bool = True
) -> Commit:
    """Write a commit of HEAD's files with those of `tree` over them.

    The work tree, the index and the branch stay as they are.

    Args:
        repo: The repository that gets the objects.
        tree: Folder whose files are added.
        index: Path of a temporary index.
        message: Commit message.
        ignored: Whether files that .gitignore names are added too.
    """
    git_dir = git(repo.root, "rev-parse", "--absolute-git-dir").strip()
    extra = {"GIT_DIR": git_dir, "GIT_WORK_TREE": str(tree), "GIT_INDEX_FILE": str(index)}
    if repo.head:
        git(tree, "read-tree", repo.head, extra=extra)
    force = ["--force"] if ignored else []
    git(tree, "add", *force, "--ignore-removal", "--", ".", extra=extra)
    written = git(tree, "write-tree", extra=extra).strip()
    identity = _stand_in(_settings(repo.root))
    parents = ("-p", repo.head) if repo.head else ()
    made = git(
        tree, "commit-tree", written, *parents, "-m", message, extra=extra, settings=identity
    ).strip()
    return Commit(made, bool(identity))


def reset_index(root: Path, commit: str) -> None:
    """Make the index that of `commit` (empty for no commit); files stay as they are."""
    git(root, "read-tree", commit or "--empty")
    git(root, "update-index", "-q", "--refresh", check=False)


def move_head(root: Path, new: str, old: str) -> None:
    """Move HEAD's branch from `old` (empty: none yet) to `new`; GitError if it moved meanwhile."""
    git(root, "update-ref", "-m", "mlscaffold new", "HEAD", new, old or "0" * len(new))


def branch(root: Path) -> str:
    """What HEAD is a name for, `refs/heads/main` say; empty when it is detached."""
    return git(root, "symbolic-ref", "--quiet", "HEAD", check=False).strip()


def commit(root: Path, tree: str, parents: Sequence[str], message: str) -> Commit:
    """Write a commit of a tree that the repository holds; no branch moves."""
    identity = _stand_in(_settings(root))
    options = [part for parent in parents for part in ("-p", parent)]
    made = git(root, "commit-tree", tree, *options, "-m", message, settings=identity).strip()
    return Commit(made, bool(identity))


def enclosing(folder: Path) -> Path | None:
    """The nearest folder at or above `folder` that holds a .git, without asking git."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
