"""The forecast: what a merge with another render would make of a project, file by file.

Nothing of the user's is written: `diff` shows it, `update` and `set` put it in place.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging import version as pep440

from . import base, origin, recorded
from .account import File, account
from .adapt import adapt, is_file, moved
from .errors import InputError
from .merge import Merge, merge
from .scratch import Entry, Scratch

if TYPE_CHECKING:
    from .origin import Origin
    from .project import Project
    from .recorded import Recorded
    from .requirements import Pin


@dataclass(frozen=True)
class Forecast:
    """What is to come.

    Attributes:
        origin: The template.
        record: What the project records now.
        version: The version to come.
        answers: The answers to come, without secret ones.
        merge: The merge itself.
        files: What it does to each file.
        untouched: How many files you changed or added and it leaves as they are.
        pins: Versions that you set and it leaves, where the template has moved.
        notes: What the user should know.
        render: Folder of the new render.
        scratch: Where the trees are.
        theirs: Full tree of the repository with the new render in it, nothing in it adapted.
        news: The versions between.
    """

    origin: Origin
    record: Recorded
    version: str
    answers: dict[str, Any]
    merge: Merge
    files: tuple[File, ...]
    untouched: int
    pins: tuple[Pin, ...]
    notes: tuple[str, ...]
    render: Path
    scratch: Scratch
    theirs: str
    news: tuple[Version, ...]


@contextmanager
def forecast(
    project: Project,
    given: Mapping[str, Any],
    *,
    to: str | None = None,
    same_version: bool = False,
    interactive: bool = False,
    trust: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Forecast]:
    """Merge a project's HEAD with the render of a version, in a folder that is gone afterwards.

    Args:
        project: The project.
        given: Answers that change; a new question that is not among them is asked or takes its
            default.
        to: The version; None for the newest.
        same_version: Stay at the project's version.
        interactive: Whether there is somebody to ask.
        trust: Let a third party's template run code.
        say: Told what takes long.

    Raises:
        InputError: The answers file, the version or an answer cannot be used.
        TemplateError: A version cannot be rendered.
        GitError: git could not merge.
    """
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as root:
        folder = Path(root)
        scratch = Scratch(folder / "scratch.git", project)
        whole = scratch.git("rev-parse", f"{project.head}^{{tree}}").strip()
        mine = scratch.files(whole, project.prefix)
        record = _record(project, scratch, mine)
        template = origin.open_origin(record.address, record.revision, folder)
        version = choose(template, record, record.version if same_version else to)
        start = base.find(project, record, template, scratch, folder / "base", trust=trust)
        say(f"Rendering {template.name} {version} ...")
        rendered = template.render(
            version, folder / "new", record.answers, given, interactive=interactive, trust=trust
        )
        say("Merging ...")
        base.keep(project, template, folder / "new")
        found = (template.note, start.note, *rendered.notes)
        notes = tuple(dict.fromkeys(filter(None, found)))
        below = {path[len(project.prefix) :]: entry for path, entry in mine.items()}
        texts = texts_of(scratch, below, (start.folder, folder / "new"))
        theirs = scratch.splice(scratch.add(folder / "new"), whole)
        notes += _edited_record(project, start.folder, texts)
        edited = _edited(start.folder, texts) - {project.answers_file}
        pins = adapt(
            start.folder,
            folder / "new",
            texts,
            owned=_edited_locks(template, version, start.folder, texts),
            rewritten={project.answers_file},
            moved=moved(scratch, start.folder, folder / "new", texts),
        )
        before = scratch.splice(scratch.add(start.folder), whole)
        after = scratch.splice(scratch.add(folder / "new"), whole)
        merged = merge(scratch, before, whole, after, label(template, version))
        files, untouched = account(scratch, project, before, merged, edited)
        yield Forecast(
            template,
            record,
            version,
            rendered.answers,
            merged,
            files,
            untouched,
            pins,
            notes,
            folder / "new",
            scratch,
            theirs,
            between(template, record.version, version),
        )


def label(template: Origin, version: str) -> str:
    """What conflict markers call the template's side: a name that git takes for a branch."""
    plain = re.sub(r"[^\w.+-]+|\.\.+", "-", f"{template.name}-{version}").strip(".-")
    return f"{plain}-" if plain.endswith(".lock") else plain


def choose(template: Origin, record: Recorded, to: str | None) -> str:
    """The version to go to.

    Raises:
        InputError: There is none of that name, or it is older than the project's.
    """
    names = template.versions
    wanted = to.removeprefix("v") if to is not None else names[-1] if names else record.version
    if not template.revision(wanted):
        raise InputError(
            f"{template.name} has no version {wanted if to is None else to!r}.",
            template.address if to is None else "--to",
            f"It has: {', '.join(names) or 'none'}.",
        )
    if is_older(wanted, record.version):
        raise InputError(
            f"{wanted} is older than the project's {record.version}.",
            "--to" if to else template.address,
            "Going back is what git is for: git log shows the commit before the update."
            if to
            else "A newer mlscaffold made this project: upgrade mlscaffold.",
        )
    return wanted


@dataclass(frozen=True)
class Version:
    """A version and what it changed, in its author's words."""

    name: str
    notes: str


def between(template: Origin, before: str, after: str) -> tuple[Version, ...]:
    """The versions after `before` up to `after`, oldest first."""
    names = template.versions
    end = names.index(after) + 1 if after in names else len(names)
    newer = (each for each in names[:end] if each != before and _public(each) >= _public(before))
    return tuple(Version(each, template.notes(each)) for each in newer)


def is_older(version: str, other: str) -> bool:
    """Whether a version comes before another, as PEP 440 orders them."""
    return _public(version) < _public(other)


def _public(version: str) -> pep440.Version:
    """A version without its local part; one that is none comes before all others.

    `1.0-3-gabc`, as git describes the third commit after 1.0, comes after it.
    """
    described = re.sub(r"-(\d+)-g[0-9a-f]+$", r".post\1", version)
    try:
        return pep440.Version(pep440.Version(described).public)
    except pep440.InvalidVersion:
        return pep440.Version("0.dev0")


def _record(project: Project, scratch: Scratch, mine: Mapping[str, Entry]) -> Recorded:
    """What the answers file records in HEAD."""
    path = project.prefix + project.answers_file
    if path not in mine:
        raise InputError(
            "The answers file is not committed.",
            str(project.folder / project.answers_file),
            f"Commit it: git add {project.answers_file} && git commit -m 'Record the template'",
        )
    where = str(project.folder / project.answers_file)
    [content] = scratch.blobs([mine[path].id]).values()
    return recorded.parse(recorded.decode(content, where), where)


def texts_of(
    scratch: Scratch, mine: Mapping[str, Entry], renders: Sequence[Path]
) -> dict[str, bytes]:
    """The user's files that are not as rendered, by path in the project.

    Args:
        scratch: Where they can be read.
        mine: The user's files.
        renders: Folder of the base, and of others: a file is of interest where one has it.
    """
    wanted = {
        path: entry.id
        for path, entry in mine.items()
        if entry.mode.startswith("100")
        and any(os.path.lexists(each / path) for each in renders)
        and not (
            is_file(renders[0], path)
            and scratch.blob_id((renders[0] / path).read_bytes()) == entry.id
        )
    }
    found = scratch.blobs(sorted(set(wanted.values())))
    return {path: found[blob] for path, blob in wanted.items()}


def _edited_record(project: Project, start: Path, texts: Mapping[str, bytes]) -> tuple[str, ...]:
    """A note when the answers file holds lines of the user's: it is written anew."""
    rendered = start / project.answers_file
    mine = texts.get(project.answers_file, b"")
    known = rendered.read_bytes().splitlines() if rendered.is_file() else []
    added = [line for line in mine.splitlines() if line not in known and not line.startswith(b"_")]
    if not added:
        return ()
    shown = "; ".join(line.decode("utf-8", "replace").strip() for line in added)
    return (f"{project.answers_file} is written anew, without your lines: {shown}",)


def _edited(start: Path, texts: Mapping[str, bytes]) -> set[str]:
    """Files of the base that the user has with another text."""
    return {
        path
        for path, text in texts.items()
        if (start / path).is_file() and (start / path).read_bytes() != text
    }


def _edited_locks(
    template: Origin, version: str, start: Path, texts: Mapping[str, bytes]
) -> set[str]:
    """Lock files that the user resolved again: a merge of two resolutions is none."""
    return {each.file for each in template.locks(version)} & _edited(start, texts)
