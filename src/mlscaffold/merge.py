"""The merge: git's own, of three trees, in a scratch repository.

    base ──── the template's new render
       └───── the user's files

Trees are those of the whole repository: a project in a subfolder is spliced into the user's tree,
and everything around it is the same on all sides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from .scratch import Change, Entry, Scratch

__all__ = ["Change", "Conflict", "Entry", "Merge", "Stage", "merge"]

# Renames are followed whatever the user configured; but a file that the user put in a folder stays
# in it when the template renames that folder.
_SETTINGS = ("merge.renames=true", "merge.renameLimit=10000", "merge.directoryRenames=false")


@dataclass(frozen=True)
class Stage:
    """A side of a conflict in the index: stage 1 is the base, 2 the user's, 3 the template's."""

    path: str
    mode: str
    id: str
    stage: int


@dataclass(frozen=True)
class Conflict:
    """A place where both sides changed the same; `kind` is git's word for it, `contents` say."""

    paths: tuple[str, ...]
    kind: str
    message: str


@dataclass(frozen=True)
class Merge:
    """The outcome of a merge.

    Attributes:
        scratch: Bare repository in which every object below can be read.
        head_tree: Tree id of the user's HEAD.
        tree: Tree id of the result; files in conflict hold markers.
        changes: How `tree` differs from `head_tree`.
        stages: Index entries of the paths in conflict; empty when there are none.
        conflicts: The conflicts themselves.
        deleted: Paths that the user deleted and the template changed: they stay deleted.
    """

    scratch: Path
    head_tree: str
    tree: str
    changes: tuple[Change, ...]
    stages: tuple[Stage, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    deleted: tuple[str, ...] = ()


def merge(scratch: Scratch, base: str, mine: str, theirs: str, label: str) -> Merge:
    """Merge two trees that come from `base`.

    Args:
        scratch: Where the trees are.
        base: Tree of the old render.
        mine: Tree of the user's HEAD.
        theirs: Tree of the new render.
        label: What conflict markers call the template's side.

    Raises:
        GitError: git could not do it.
    """
    root = scratch.git("commit-tree", base, "-m", "base").strip()
    for branch, tree in (("yours", mine), (label, theirs)):
        made = scratch.git("commit-tree", tree, "-p", root, "-m", branch).strip()
        scratch.git("update-ref", f"refs/heads/{branch}", made)
    command = ("merge-tree", "--write-tree", "-z", "--messages", "yours", label)
    told = scratch.git(*command, settings=_SETTINGS, codes=(0, 1))
    tree, stages, conflicts = _parse(told)
    for start, edited in _swallowed(scratch, base, mine, theirs, tree, stages):
        tree = scratch.having(tree, [edited])
        sides = ((1, start), (2, edited))
        stages += tuple(Stage(each.path, each.mode, each.id, number) for number, each in sides)
        said = f"CONFLICT (modify/delete): {edited.path} deleted in {label}, modified in yours."
        conflicts += (Conflict((edited.path,), "modify/delete", said),)
    deleted = _deleted_by_user(stages)
    tree = scratch.without(tree, deleted)
    return Merge(
        scratch.path,
        mine,
        tree,
        scratch.changes(mine, tree),
        tuple(each for each in stages if each.path not in deleted),
        tuple(each for each in conflicts if not set(each.paths) & set(deleted)),
        deleted,
    )


def _parse(told: str) -> tuple[str, tuple[Stage, ...], tuple[Conflict, ...]]:
    """What `merge-tree -z --messages` prints: a tree, stages, an empty word, then messages."""
    words = iter(told.split("\0"))
    tree = next(words)
    stages = []
    for word in words:
        if not word:
            break
        about, _, path = word.partition("\t")
        mode, blob, stage = about.split(" ")
        stages.append(Stage(path, mode, blob, int(stage)))
    conflicts = []
    for count in words:
        if not count:
            break
        paths = tuple(next(words) for _ in range(int(count)))
        kind, message = next(words), next(words).strip()
        if kind.startswith("CONFLICT"):
            conflicts.append(Conflict(paths, kind[len("CONFLICT (") : -1], message))
    return tree, tuple(stages), tuple(conflicts)


def _swallowed(
    scratch: Scratch, base: str, mine: str, theirs: str, tree: str, stages: Collection[Stage]
) -> list[tuple[Entry, Entry]]:
    """Files, as in the base and as the user edited them, whose edits git has dropped unasked.

    Seen where the template renames a file and the user, beside editing it, has made the very file
    that it becomes: git takes that one as settled and does not merge the edits into it.
    """
    told = {each.path for each in stages}
    changes = scratch.changes(mine, tree)
    gone = {each.path: each.before for each in changes if each.after is None and each.before}
    rendered = scratch.files(base) if gone.keys() - told else {}
    edited = [
        (rendered[path], entry)
        for path, entry in gone.items()
        if path in rendered and path not in told and entry != rendered[path]
    ]
    if not edited:
        return []
    renamed = {before: after for after, before in scratch.renames(base, theirs).items()}
    made = {each.path for each in changes if each.before is None}
    return [pair for pair in edited if renamed.get(pair[0].path) not in made | told]


def _deleted_by_user(stages: Collection[Stage]) -> tuple[str, ...]:
    """Paths that have a base and a side of the template's, and none of the user's.

    git leaves the template's file there as a conflict. Whoever deleted a file does not want it at
    each update anew: it stays deleted, and is named.
    """
    sides: dict[str, set[int]] = {}
    for each in stages:
        sides.setdefault(each.path, set()).add(each.stage)
    return tuple(path for path, found in sides.items() if found == {1, 3})
