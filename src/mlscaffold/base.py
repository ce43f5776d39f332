"""The base: the render that a project started from, or was last updated to."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import recorded, renders, trees
from .errors import InputError, MlscaffoldError
from .git import git

if TYPE_CHECKING:
    from .origin import Origin
    from .project import Project
    from .recorded import Recorded
    from .scratch import Scratch


@dataclass(frozen=True)
class Base:
    """A render in a folder of ours; `note` is empty when it is surely the one."""

    folder: Path
    note: str = ""


def find(
    project: Project, record: Recorded, origin: Origin, scratch: Scratch, into: Path, *, trust: bool
) -> Base:
    """The base of a project, written in the new folder `into`.

    It is rendered, or taken from where a render is kept. One that differs from the digest that the
    project records (made by another Copier, or with answers edited by hand), or whose version is
    not here, is looked for in the project's own history.

    Raises:
        InputError: The version is unknown, and the history does not have it either; or the template
            was exchanged for another.
        MlscaffoldError: It cannot be rendered.
    """
    _refuse_exchanged(project, record)
    revision = origin.revision(record.version)
    name = renders.key(origin.address, revision or record.version, record.answers)
    if not renders.fetch(name, into) and revision:
        origin.render(record.version, into, record.answers, {}, trust=trust)
        renders.keep(name, into)
    if into.is_dir() and record.render in (
        "",
        trees.digest(into, skip={project.answers_file}, modes=False),
    ):
        return Base(into)
    aside = into.with_name(f"{into.name}-history")
    if record.render and _from_history(project, record, scratch, aside):
        shutil.rmtree(into, ignore_errors=True)
        aside.rename(into)
        return Base(into)
    if into.is_dir():
        return Base(
            into,
            f"{origin.name} {record.version} does not render to what this project records as its "
            "start (an answer edited by hand, or another Copier). What differs counts as yours.",
        )
    raise _unknown(project, record, origin)


def keep(project: Project, origin: Origin, render: Path) -> None:
    """Keep a render that is about to become the base, for the next `status` to be quick."""
    if (render / project.answers_file).is_file():
        record = recorded.read(render / project.answers_file)
        revision = origin.revision(record.version) or record.version
        renders.keep(renders.key(origin.address, revision, record.answers), render)


def _refuse_exchanged(project: Project, record: Recorded) -> None:
    """Raise when the recorded template is not the one that made what is recorded as the start.

    Both are written together. Whoever changes the one alone, in a change that looks harmless, would
    have the next update merge a template of theirs.
    """
    if not record.render or not project.head:
        return
    path = f"{project.prefix}{project.answers_file}"
    since = git(
        project.root,
        *("log", "-1", "--format=%H", f"-S{record.render}", project.head),
        *("--", f":(top,literal){path}"),
    ).strip()
    text = git(project.root, "cat-file", "blob", f"{since}:{path}", check=False) if since else ""
    if not text:
        return
    first = recorded.parse(text, path).address
    if first != record.address:
        raise InputError(
            f"The project was made from {first}, and _src_path now names {record.address}.",
            str(project.folder / project.answers_file),
            "Put it back; or, if you mean to move to the other template: "
            f"mlscaffold adopt {project.folder} {record.address}",
        )


def _from_history(project: Project, record: Recorded, scratch: Scratch, into: Path) -> bool:
    """Whether a commit of the project is the very render; its files are then in `into`."""
    if not project.head:
        return False
    path = f":(top,literal){project.prefix}{project.answers_file}"
    commits = git(project.root, "rev-list", project.head, "--", path).split()
    for commit in reversed(commits):  # the first is most likely the one
        wanted = ("rev-parse", "--verify", "--quiet", f"{commit}:{project.prefix}")
        tree = git(project.root, *wanted, check=False).strip()
        if not tree:
            continue
        scratch.export(tree, into)
        if trees.digest(into, skip={project.answers_file}, modes=False) == record.render:
            return True
        shutil.rmtree(into)
    return False


def _unknown(project: Project, record: Recorded, origin: Origin) -> MlscaffoldError:
    known = ", ".join(origin.versions) or "none"
    return InputError(
        f"{origin.name} has no version {record.revision or '(none recorded)'}.",
        str(project.folder / project.answers_file),
        f"It has: {known}. A newer mlscaffold may know it; or choose the nearest: "
        f"mlscaffold adopt {project.folder} {origin.name} --version VERSION",
    )
