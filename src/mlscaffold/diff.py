"""`mlscaffold diff`: exactly what `update` or `set` would do. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import locks, project, recorded
from .forecast import Forecast, forecast

if TYPE_CHECKING:
    from .account import File
    from .forecast import Version
    from .project import Project
    from .requirements import Pin

_HUNK = re.compile(rb"^<{7} .*?^>{7} .*?$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Hunk:
    """A conflict in a file, with its markers."""

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class DiffResult:
    """What would happen.

    Attributes:
        project: The project's folder.
        template: Name or address of its template.
        before: The version it is at.
        after: The version it would be at.
        news: The versions between.
        files: What would happen to each file.
        untouched: How many files that you changed or added would stay as they are.
        pins: Versions of dependencies that you set and that the template has moved.
        locks: Lock files that would be made again.
        hunks: The conflicts inside files.
        patch: The whole change, as git shows it.
        notes: What the user should know.
    """

    project: Path
    template: str
    before: str
    after: str
    news: tuple[Version, ...]
    files: tuple[File, ...]
    untouched: int
    pins: tuple[Pin, ...]
    locks: tuple[str, ...]
    hunks: tuple[Hunk, ...]
    patch: str
    notes: tuple[str, ...] = ()


def diff(
    path: Path,
    given: Mapping[str, Any],
    *,
    to: str | None = None,
    trust: bool = False,
    colour: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> DiffResult:
    """Forecast an update, or other answers at the same version when only answers are given.

    Args:
        path: The project, or a folder in it.
        given: Answers that are to change.
        to: The version; None for the newest, or for the project's own where it asks all that is
            in `given`.
        trust: Let a third party's template run code.
        colour: Whether the patch has colours, as terminal sequences.
        say: Told what takes long.

    Raises:
        MlscaffoldError: See `errors`.
    """
    found = project.find(path)
    project.refuse_unmergeable(found)
    asked = recorded.read(found.folder / found.answers_file).answers.keys()
    same_version = bool(given) and to is None and given.keys() <= asked
    notes: tuple[str, ...] = ()
    if changed := project.changed_paths(found):
        notes = (f"Uncommitted changes are not in it: {', '.join(changed[:5])}.",)
    with forecast(found, given, to=to, same_version=same_version, trust=trust, say=say) as seen:
        return DiffResult(
            found.folder,
            seen.origin.name,
            seen.record.version,
            seen.version,
            seen.news,
            seen.files,
            seen.untouched,
            seen.pins,
            tuple(lock.file for lock in locks.due(seen, found)),
            _hunks(seen, found),
            _patch(seen, found, colour=colour),
            notes + seen.notes,
        )


def _patch(seen: Forecast, found: Project, *, colour: bool) -> str:
    how = ("--color=always" if colour else "--color=never", "-M", "--no-ext-diff", "--no-textconv")
    inside = (f"--relative={found.prefix}",) if found.prefix else ()
    return seen.scratch.git(
        "diff-tree", "-r", "-p", *how, *inside, seen.merge.head_tree, seen.merge.tree
    )


def _hunks(seen: Forecast, found: Project) -> tuple[Hunk, ...]:
    merged = seen.scratch.files(seen.merge.tree, found.prefix)
    paths = [path for path in sorted({each.path for each in seen.merge.stages}) if path in merged]
    texts = seen.scratch.blobs([merged[path].id for path in paths])
    return tuple(
        Hunk(
            path[len(found.prefix) :],
            text.count(b"\n", 0, hunk.start()) + 1,
            hunk[0].decode("utf-8", "replace"),
        )
        for path in paths
        for text in [texts[merged[path].id]]
        for hunk in _HUNK.finditer(text)
    )
