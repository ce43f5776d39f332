"""Lock files: resolved again after a merge, never merged.

A lock is the resolution of the dependencies in pyproject.toml. After a merge it is right when it is
that of the template and the dependencies are the template's too, or when nothing it depends on has
changed. Otherwise it is made again, which takes a package index; where that cannot be, it is marked
as stale, and the command that makes it is named.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .adapt import PYPROJECT
from .scratch import LINK

if TYPE_CHECKING:
    from .catalog import Lock
    from .forecast import Forecast
    from .merge import Merge
    from .project import Project
    from .scratch import Scratch

_MARK = b"# STALE: pyproject.toml has changed since. Make it again: "
_LIMIT_S = 180.0


@dataclass(frozen=True)
class LockFile:
    """What became of a lock file.

    Attributes:
        path: Relative to the project.
        what: `made again` or `stale`.
        command: What makes it again.
        reason: Why it is stale.
    """

    path: str
    what: str
    command: str
    reason: str = ""


def settle(
    seen: Forecast,
    project: Project,
    *,
    offline: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Merge, tuple[LockFile, ...]]:
    """Put right the locks of a merge.

    Args:
        seen: The forecast.
        project: The project.
        offline: Do not try to resolve.
        say: Told what takes long.

    Returns:
        The merge with the locks as they are to be, and what became of each that was not right.
    """
    scratch, merge = seen.scratch, seen.merge
    wrong = due(seen, project)
    if not wrong:
        return merge, ()
    merged = scratch.files(merge.tree, project.prefix)
    folder = scratch.path.with_name("locks")
    reason = _in_conflict(merge, project)
    if not reason:
        scratch.export(f"{merge.tree}:{project.prefix}", folder)
        reason = "--offline" if offline else _resolve(wrong, folder, say)
    outcomes, texts = [], {}
    for lock in wrong:
        path = project.prefix + lock.file
        command = shlex.join(lock.command)
        if reason:
            [text] = scratch.blobs([merged[path].id]).values()
            texts[path] = _marked(text, command)
        else:
            texts[path] = (folder / lock.file).read_bytes()
        outcomes.append(LockFile(lock.file, "stale" if reason else "made again", command, reason))
    tree = scratch.replaced(merge.tree, texts)
    changes = scratch.changes(merge.head_tree, tree)
    return replace(merge, tree=tree, changes=changes), tuple(outcomes)


def due(seen: Forecast, project: Project) -> tuple[Lock, ...]:
    """The locks that do not belong to the dependencies of the merged project."""
    merge, pyproject = seen.merge, project.prefix + PYPROJECT
    merged = seen.scratch.files(merge.tree, project.prefix)
    return tuple(
        lock
        for lock in seen.origin.locks(seen.version)
        if (path := project.prefix + lock.file) in merged
        and merged[path].mode != LINK
        and (
            _in_conflict(merge, project)
            or not _is_right(seen.scratch, path, pyproject, merge, seen.theirs)
        )
    )


def _in_conflict(merge: Merge, project: Project) -> str:
    """Why nothing can be resolved after the merge, if so."""
    concerned = any(stage.path == project.prefix + PYPROJECT for stage in merge.stages)
    return "pyproject.toml is in conflict" if concerned else ""


def _is_right(scratch: Scratch, lock: str, pyproject: str, merge: Merge, rendered: str) -> bool:
    """Whether a lock in the merged tree belongs to the dependencies there.

    It is the template's or the user's, as a whole; so are the dependencies it was made for.
    """
    merged = scratch.files(merge.tree, lock)[lock]
    [text] = scratch.blobs([merged.id]).values()
    if text.startswith(_MARK):
        return False
    wanted = _dependencies(scratch, merge.tree, pyproject)
    return any(
        scratch.files(side, lock).get(lock) == merged
        and _dependencies(scratch, side, pyproject) == wanted
        for side in (rendered, merge.head_tree)
    )


def _dependencies(scratch: Scratch, tree: str, pyproject: str) -> list[object] | None:
    """What is resolved: all tables of requirements; None where there is no pyproject to be read."""
    found = scratch.files(tree, pyproject).get(pyproject)
    if found is None:
        return None
    [text] = scratch.blobs([found.id]).values()
    try:
        tables: Mapping[str, Any] = tomllib.loads(text.decode())
        about = tables.get("project", {})
        return [
            about.get("requires-python"),
            sorted(about.get("dependencies", [])),
            about.get("optional-dependencies"),
            tables.get("dependency-groups"),
        ]
    except (ValueError, TypeError, AttributeError):
        return None


def _resolve(locks: Sequence[Lock], folder: Path, say: Callable[[str], None]) -> str:
    """Make the locks again in `folder`; why that cannot be done, else an empty text."""
    for lock in locks:
        program = shutil.which(lock.command[0])
        if program is None:
            return f"{lock.command[0]} is not installed"
        say(f"Resolving {lock.file} ...")
        try:
            done = subprocess.run(  # noqa: S603 - the template's own command, without a shell
                [program, *lock.command[1:]],
                cwd=folder,
                env={**os.environ, "NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"no answer from the package index within {_LIMIT_S:.0f} s"
        except OSError as error:
            return str(error)
        if done.returncode:
            words = done.stderr.decode("utf-8", "replace").split("\n")
            return next(
                (" ".join(line.split()) for line in words if "error" in line.lower()), "it failed"
            )
    return ""


def _marked(text: bytes, command: str) -> bytes:
    """A lock with the mark above it, unless it is no text that could have one."""
    if b"\0" in text:
        return text
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith(_MARK)]
    end = b"\r\n" if text.partition(b"\n")[0].endswith(b"\r") else b"\n"
    return _MARK + command.encode() + end + b"".join(lines)
