"""`mlscaffold status`: where a project stands against its template. Writes nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import base, origin, project, recorded, renders
from .adapt import adapt, is_file
from .errors import MlscaffoldError
from .forecast import between, is_older, texts_of
from .git import git
from .scratch import Scratch

if TYPE_CHECKING:
    from .forecast import Version
    from .origin import Origin
    from .project import Project
    from .recorded import Recorded
    from .scratch import Entry


@dataclass(frozen=True)
class StatusResult:
    """Where a project stands.

    Attributes:
        project: Its folder.
        template: Name or address of its template.
        version: The version it is at.
        newest: The newest there is.
        behind: The versions it has not got, oldest first, with what they change.
        answers: Answers that are not the template's defaults.
        changed: Files of the base that are other now, without result blocks and line endings.
        removed: Files of the base that are gone.
        added: Files that are not the base's, but for ignored ones.
        notes: What the user should know.
    """

    project: Path
    template: str
    version: str
    newest: str
    behind: tuple[Version, ...]
    answers: dict[str, Any]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def stands_apart(self) -> bool:
        """Whether it is behind its template, or differs from what the template made."""
        return bool(self.behind or self.changed or self.removed or self.added)


def status(path: Path, *, trust: bool = False) -> StatusResult:
    """Compare a project, as it stands on disk, with its base and with its template.

    Args:
        path: The project, or a folder in it.
        trust: Let a third party's template run code.

    Raises:
        MlscaffoldError: See `errors`.
    """
    found = project.find(path)
    record = recorded.read(found.folder / found.answers_file)
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as root:
        folder = Path(root)
        scratch = Scratch(folder / "scratch.git", found)
        template = origin.open_origin(record.address, record.revision, folder)
        start = base.find(found, record, template, scratch, folder / "base", trust=trust)
        defaults = _defaults(template, record.version, found.answers_file, folder / "defaults")
        mine, untracked = _work_tree(scratch, found, start.folder)
        adapt(start.folder, None, texts_of(scratch, mine, [start.folder]))
        rendered = scratch.files(scratch.add(start.folder))
    own = {found.answers_file}
    newest = template.versions[-1] if template.versions else record.version
    return StatusResult(
        found.folder,
        template.name,
        record.version,
        newest,
        between(template, record.version, newest),
        {
            key: value
            for key, value in record.answers.items()
            if key in defaults and defaults[key] != value
        },
        tuple(
            path
            for path in sorted(rendered.keys() & mine.keys() - own)
            if rendered[path] != mine[path]
        ),
        tuple(sorted(rendered.keys() - mine.keys() - own)),
        tuple(sorted((mine.keys() | untracked) - rendered.keys() - own)),
        tuple(filter(None, (template.note, start.note, *_hints(found, record, newest)))),
    )


def _hints(found: Project, record: Recorded, newest: str) -> list[str]:
    """What stands in the way of an update."""
    hints = []
    if paths := project.conflicting_paths(found):
        hints.append(
            f"{', '.join(paths)}: in conflict. Resolve and commit, or take an update back as a "
            "whole: mlscaffold undo"
        )
    if is_older(newest, record.version):
        hints.append(
            f"This mlscaffold knows versions up to {newest}: a newer one made the project."
        )
    return hints


def _defaults(template: Origin, version: str, answers_file: str, into: Path) -> Mapping[str, Any]:
    """The answers of who answers nothing; none where a question has no default."""
    revision = template.revision(version)
    if not revision:
        return {}
    name = renders.key(template.address, revision, {})
    with suppress(MlscaffoldError, OSError):
        kept = renders.read(name, answers_file)
        if kept is None:
            template.render(version, into, {}, {})
            renders.keep(name, into)
            kept = (into / answers_file).read_bytes()
        return recorded.parse(recorded.decode(kept, answers_file), answers_file).answers
    return {}


def _work_tree(
    scratch: Scratch, found: Project, start: Path
) -> tuple[dict[str, Entry], frozenset[str]]:
    """The project's files on disk, by path in it: tracked ones and the base's, then all others.

    git hashes them as it would for a commit, into the scratch repository and with a copy of the
    index; the others are only named, as there may be large ones.
    """
    index = scratch.path / "index-work"
    with suppress(FileNotFoundError):
        shutil.copyfile(found.git_dir / "index", index)
    extra = {
        "GIT_INDEX_FILE": str(index),
        "GIT_OBJECT_DIRECTORY": str(scratch.path / "objects"),  # which sees the user's
        "GIT_LITERAL_PATHSPECS": "1",
    }
    settings = ("core.splitIndex=false",)  # half of a split one would be written beside theirs

    def run(*args: str, stdin: str = "") -> str:
        return git(found.folder, *args, stdin=stdin, extra=extra, settings=settings, neutral=False)

    run("add", "--update", "--", ".")
    known = scratch_paths(start)
    tracked = set(run("ls-files", "-z").split("\0"))
    there = [path for path in known - tracked if is_file(found.folder, path, links=True)]
    if there:
        from_stdin = ("--pathspec-from-file=-", "--pathspec-file-nul")
        run("add", "--force", *from_stdin, stdin="\0".join(there))
    others = run("ls-files", "-z", "--others", "--exclude-standard").split("\0")
    tree = run("write-tree").strip()
    return scratch.files(f"{tree}:{found.prefix}"), frozenset(filter(None, others))


def scratch_paths(folder: Path) -> set[str]:
    """Paths of all files of a folder, relative to it."""
    return {
        Path(parent, name).relative_to(folder).as_posix()
        for parent, _, names in os.walk(folder)
        for name in names
    }
