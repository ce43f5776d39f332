"""Which templates there are, and what a TEMPLATE argument means.

Reads `template.toml` and the release log only: listing templates must not cost an import of Copier
or a YAML parser.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InputError, TemplateError

if TYPE_CHECKING:
    from .releases import Release

REMOTE_PREFIXES = (
    "gh:",
    "gl:",
    "git@",
    "git+",
    "git://",
    "ssh://",
    "https://",
    "http://",
    "file://",
)


@dataclass(frozen=True)
class Skill:
    """One thing that a generated repository shows, and where in it."""

    name: str
    where: str


@dataclass(frozen=True)
class Lock:
    """A lock file of a project: its path, and the command that resolves it in the project."""

    file: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """A template that comes with mlscaffold.

    Attributes:
        name: Name of its folder.
        title: One line.
        summary: One sentence.
        version: The release that its files are, else `<the next>.dev0+<what they are>`.
        path: Its folder.
        skills: What a repository made from it shows.
        next_steps: Commands to type in a new project; they may hold `{python}` and `{<answer>}`, as
            `report` and `serve` may.
        report: Path of the report that its demo writes.
        serve: Command that serves what its demo trained.
        address_served: Where it is served.
        renamed: Today's name of an answer by its name in older releases.
        locks: The lock files that a project has.
    """

    name: str
    title: str
    summary: str
    version: str
    path: Path
    skills: tuple[Skill, ...] = ()
    next_steps: tuple[str, ...] = ()
    report: str = ""
    serve: str = ""
    address_served: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    locks: tuple[Lock, ...] = ()

    @property
    def address(self) -> str:
        """The name recorded in a project's answers file: no machine path stands in it."""
        return f"mlscaffold://{self.name}.git"


@dataclass(frozen=True)
class Source:
    """Where a render comes from: a template of ours, or anything Copier can fetch.

    Attributes:
        spec: What the user typed.
        url: What Copier is given: an absolute folder, or an address.
        builtin: The template of ours, None for a third party's.
    """

    spec: str
    url: str
    builtin: Template | None = None

    @property
    def address(self) -> str:
        """What a project records of where it came from."""
        return self.builtin.address if self.builtin else self.url

    @property
    def folder(self) -> Path | None:
        """The template's folder when it is on this machine."""
        return None if is_remote(self.url) else Path(self.url)


def templates_root() -> Path:
    """The folder of built-in templates: inside the wheel, else that of a source checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "_templates"
    return packaged if packaged.is_dir() else here.parents[1] / "templates"


def names() -> list[str]:
    """Names of the built-in templates, sorted."""
    try:
        return sorted(path.parent.name for path in templates_root().glob("*/template.toml"))
    except OSError:
        return []


def load(name: str) -> Template:
    """The built-in template called `name`; TemplateError when its metadata is unreadable."""
    folder = templates_root() / name
    return _template(name, folder, _version(name, folder))


def at_release(release: Release, folder: Path) -> Template:
    """The template as it was at a release, whose files are in `folder`."""
    return _template(release.template, folder, release.version)


def _template(name: str, folder: Path, version: str) -> Template:
    import tomllib

    try:
        meta: dict[str, Any] = tomllib.loads((folder / "template.toml").read_text("utf-8"))
        after, update = meta.get("after", {}), meta.get("update", {})
        return Template(
            name=name,
            title=meta["title"],
            summary=meta["summary"],
            version=version,
            path=folder,
            skills=tuple(Skill(row["name"], row["where"]) for row in meta.get("skills", [])),
            next_steps=tuple(after.get("next", [])),
            report=after.get("report", ""),
            serve=after.get("serve", ""),
            address_served=after.get("address", ""),
            renamed=update.get("renamed_answers", {}),
            locks=tuple(
                Lock(each["file"], tuple(each["command"].split()))
                for each in update.get("locks", [])
            ),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise TemplateError(
            f"The metadata of template {name} cannot be read: {error}.",
            str(folder / "template.toml"),
            "Install mlscaffold again.",
        ) from error


def _version(name: str, folder: Path) -> str:
    """Which version the files in `folder` are: the newest release, or what is to come after it."""
    from . import releases, trees

    try:
        found = trees.digest(folder, modes=False)
    except OSError as error:
        raise TemplateError(
            f"The files of template {name} cannot be read: {error}.",
            str(folder),
            "Install mlscaffold again.",
        ) from error
    newest = releases.newest(name)
    if newest and newest.digest == found:
        return newest.version
    return f"{_next(newest)}.dev0+{found[:10]}"


def _next(newest: Release | None) -> str:
    if newest is None:
        return "0.1.0"
    *most, last = newest.version.split(".")
    return ".".join([*most, str(int(last) + 1)])


def load_all() -> tuple[Template, ...]:
    """Every built-in template, by name."""
    return tuple(load(name) for name in names())


def is_remote(spec: str) -> bool:
    """Whether `spec` is an address to fetch from rather than a folder."""
    return spec.startswith(REMOTE_PREFIXES)


def locate(spec: str) -> Source:
    """What a TEMPLATE argument stands for.

    A built-in name comes first, then an address, then a folder.

    Raises:
        InputError: It is none of the three; the nearest built-in name is in the hint.
    """
    known = names()
    if spec in known:
        template = load(spec)
        return Source(spec, str(template.path), template)
    if is_remote(spec):
        return Source(spec, spec)
    folder = Path(spec).expanduser()
    try:
        looks_like_path = os.sep in spec or "/" in spec or spec in {".", ".."} or folder.is_dir()
    except (OSError, ValueError):
        looks_like_path = True
    if looks_like_path:
        return Source(spec, str(_template_folder(folder, spec)))
    raise InputError(f"There is no template called {spec!r}.", "", _nearest_hint(spec, known))


def _template_folder(folder: Path, spec: str) -> Path:
    """`folder` as an absolute path, once it is known to be a template."""
    try:
        if folder.is_file() and folder.suffix == ".bundle":
            return folder.resolve()
        # A bare repository has no files to look at: Copier reads its tags.
        if any((folder / name).exists() for name in ("copier.yml", "copier.yaml", "HEAD", ".git")):
            return folder.resolve()
    except (OSError, ValueError) as error:
        raise InputError(f"{spec!r} is not a usable path: {error}.") from error
    reason = "has no copier.yml" if folder.is_dir() else "does not exist"
    raise InputError(
        f"{spec} {reason}, so it is not a template.",
        str(folder),
        "Give a built-in name (see `mlscaffold list`), gh:owner/name, a URL, or a folder.",
    )


def _nearest_hint(spec: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(spec, known, n=1, cutoff=0.4)
    start = f"Did you mean {near[0]}? " if near else ""
    ours = ", ".join(known) or "none"
    return f"{start}Built in: {ours}. Others: gh:owner/name, a URL, or a folder: ./{spec}."
