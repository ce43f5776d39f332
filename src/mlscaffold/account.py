"""What a merge does to each file, in the user's words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .merge import Merge
    from .project import Project
    from .scratch import Scratch


_REMOVED = "the template removed it: git add keeps yours, git rm follows"


@dataclass(frozen=True)
class File:
    """What a merge does to a file.

    Attributes:
        path: Relative to the project.
        what: `added`, `updated` or `removed` (the template's doing), `merged` (yours and the
            template's), `moved` (renamed by the template, with what you changed in it), `conflict`,
            or `stays deleted` (deleted by you, changed by the template).
        before: Its path of before, when it moved.
        detail: git's words about a conflict.
    """

    path: str
    what: str
    before: str = ""
    detail: str = ""


def account(
    scratch: Scratch,
    project: Project,
    base: str,
    merge: Merge,
    owned: Collection[str] = (),
) -> tuple[tuple[File, ...], int]:
    """What a merge does to each file of a project, and how many that the user changed it spares.

    Args:
        scratch: Where the trees are.
        project: The project.
        base: Full tree with the old render in it.
        merge: The merge.
        owned: Paths in the project of files that hold text of the user's which both renders were
            given: to git they are as rendered.
    """
    rendered = scratch.files(base, project.prefix)
    mine = scratch.files(merge.head_tree, project.prefix)
    renamed = scratch.renames(merge.head_tree, merge.tree)
    in_conflict = {stage.path for stage in merge.stages}
    found: dict[str, File] = {}

    def add(path: str, what: str, before: str = "", detail: str = "") -> None:
        start = len(project.prefix)
        found[path] = File(path[start:], what, before[start:], detail)

    for change in merge.changes:
        path = change.path
        if path in in_conflict or (change.after is None and path in renamed.values()):
            continue
        if change.after is None:
            add(path, "removed")
        elif change.before is None and path in renamed:
            add(path, "moved", renamed[path])
        elif change.before is None:
            add(path, "added")
        else:
            yours = mine[path] != rendered.get(path) or path[len(project.prefix) :] in owned
            add(path, "merged" if yours else "updated")
    for path in sorted(in_conflict):
        told = (each for each in merge.conflicts if path in each.paths)
        sides = {stage.stage for stage in merge.stages if stage.path == path}
        detail = _REMOVED if sides == {1, 2} else next((each.message for each in told), "")
        add(path, "conflict", detail=detail)
    for path in merge.deleted:
        add(path, "stays deleted")
    touched = in_conflict | {change.path for change in merge.changes}
    spared = sum(
        path not in touched and entry != rendered.get(path) for path, entry in mine.items()
    )
    return tuple(found[path] for path in sorted(found)), spared
