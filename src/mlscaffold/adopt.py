"""`mlscaffold adopt`: give an existing repository a base to merge from.

Only the answers file is written. Which version the files came from may be unknown: it is the one
whose render has most files in common with them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import origin, place, project, recorded
from .adapt import adapt
from .errors import MlscaffoldError, TargetError, TemplateError
from .forecast import choose, texts_of
from .merge import Merge
from .recorded import Recorded
from .scratch import Scratch

if TYPE_CHECKING:
    from .catalog import Source
    from .project import Project
    from .scratch import Entry


@dataclass(frozen=True)
class AdoptResult:
    """What a repository was given as its base.

    Attributes:
        project: Its folder.
        template: Name of the template.
        version: The version that counts as its start.
        same: How many files are as that version makes them.
        changed: Files that are other.
        missing: Files that it lacks: updates leave them out.
        answers: The answers.
        commit: Id of the commit, empty when there is none.
        notes: What the user should know.
    """

    project: Path
    template: str
    version: str
    same: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    answers: dict[str, Any]
    commit: str = ""
    notes: tuple[str, ...] = ()


_UNKNOWN = Recorded("", "", "", {})


@dataclass(frozen=True)
class _Candidate:
    version: str
    folder: Path
    answers: dict[str, Any]
    same: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]


def adopt(
    path: Path,
    source: Source,
    given: Mapping[str, Any],
    *,
    version: str | None = None,
    interactive: bool = False,
    commit: bool = False,
    trust: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> AdoptResult:
    """Record a template, a version and answers as what a repository started from.

    Args:
        path: The folder of the project, in a repository without uncommitted changes.
        source: The template.
        given: Answers; those that its answers file has, if it has one, stand behind them.
        version: The version it was made from; None for the nearest.
        interactive: Ask what neither answers; otherwise take the defaults.
        commit: Commit the answers file; otherwise it is staged.
        trust: Let a third party's template run code.
        say: Told what takes long.

    Raises:
        MlscaffoldError: See `errors`; nothing was written.
    """
    found = project.unmarked(path)
    project.refuse_unready(found)
    before = _recorded(found)
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as root:
        folder = Path(root)
        scratch = Scratch(folder / "scratch.git", found)
        template = origin.open_origin(source.address, before.revision, folder)
        mine = scratch.files(f"{found.head}:{found.prefix}")
        best: _Candidate | None = None
        known = before.answers
        for each in [choose(template, _UNKNOWN, version)] if version else template.versions[::-1]:
            say(f"Comparing with {each} ...")
            into = folder / f"render-{len(list(folder.iterdir()))}"
            try:
                answers = template.render(
                    each, into, known, given, interactive=interactive, trust=trust
                ).answers
            except MlscaffoldError:
                if best is None:
                    raise
                continue  # an older version that cannot have been it with these answers
            known, given, interactive = {**known, **answers}, {}, False  # asked once
            tried = _compare(scratch, mine, each, into, answers)
            best = max(best or tried, tried, key=lambda candidate: candidate.same)
        if best is None:
            raise TemplateError(
                "The template has no version, so there is nothing to compare with.",
                template.address,
                "Name a branch or a commit: --version REF.",
            )
        if best.same == 0 and version is None:
            raise TargetError(
                f"No file here is as {template.name} makes it, at any version.",
                str(found.folder),
                "Make a project with `mlscaffold new`; or name the version it came from: --version",
            )
        merge = _with_answers(scratch, found, best.folder)
        made = ""
        if merge.changes:
            message = f"Take {template.name} {best.version} as the base\n\nFor mlscaffold update."
            made = place.apply(found, merge, "adopt", message=message if commit else None).commit
    return AdoptResult(
        found.folder,
        template.name,
        best.version,
        best.same,
        best.changed,
        best.missing,
        best.answers,
        made,
        tuple(filter(None, (template.note,))),
    )


def _recorded(found: Project) -> Recorded:
    """What an answers file that is there records; nothing where there is none."""
    path = found.folder / found.answers_file
    return recorded.read(path) if path.is_file() else _UNKNOWN


def _compare(
    scratch: Scratch, mine: Mapping[str, Entry], version: str, render: Path, answers: dict[str, Any]
) -> _Candidate:
    """How much of a render the repository has."""
    like_mine = render.with_name(f"{render.name}-adapted")
    shutil.copytree(render, like_mine, symlinks=True)
    adapt(like_mine, None, texts_of(scratch, mine, [like_mine]))
    theirs = scratch.files(scratch.add(like_mine))
    theirs.pop(project.answers_file_in(render), None)  # which is written anew
    shared = theirs.keys() & mine.keys()
    changed = tuple(sorted(path for path in shared if theirs[path] != mine[path]))
    missing = tuple(sorted(theirs.keys() - mine.keys()))
    return _Candidate(version, render, answers, len(shared) - len(changed), changed, missing)


def _with_answers(scratch: Scratch, found: Project, render: Path) -> Merge:
    """HEAD with the answers file of a render."""
    name = project.answers_file_in(render)
    if not name:
        raise TemplateError(
            "The template writes no answers file, so no update could tell what to start from.",
            str(found.folder),
            "Its author must add one: see the documentation of Copier.",
        )
    whole = scratch.git("rev-parse", f"{found.head}^{{tree}}").strip()
    tree = scratch.replaced(whole, {found.prefix + name: (render / name).read_bytes()})
    return Merge(scratch.path, whole, tree, scratch.changes(whole, tree))
