"""The release log: which versions of our templates there are.

    releases/<template>/log.toml             one entry a release, oldest first, only ever added to
    releases/<template>/<version>.bundle     its commit, as a git bundle on top of the one before

Reading the log takes no git; `store` makes files of the bundles. `tools/release.py` writes both.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError, TemplateError

LOG = "log.toml"
_RELEASE = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", re.ASCII)


@dataclass(frozen=True)
class Release:
    """One immutable version of a template.

    Attributes:
        template: Name of the template.
        version: Numbers joined by dots.
        commit: Id of the commit whose tree is the template's folder.
        digest: `trees.digest` of that folder, without modes.
        date: Day it was cut from, as YYYY-MM-DD.
        notes: What changed, as Markdown.
        bundle: SHA-256 of the bundle, in hex.
    """

    template: str
    version: str
    commit: str
    digest: str
    date: str
    notes: str
    bundle: str

    @property
    def tag(self) -> str:
        """Its tag in the store, which is also what a project records of it."""
        return f"v{self.version}"

    @property
    def path(self) -> Path:
        """Its bundle."""
        return releases_root() / self.template / f"{self.version}.bundle"


def releases_root() -> Path:
    """The folder of release logs: inside the wheel, else that of a source checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "_releases"
    return packaged if packaged.is_dir() else here.parents[1] / "releases"


def is_release(version: str) -> bool:
    """Whether `version` is a final release as PEP 440 writes it: numbers joined by dots."""
    return _RELEASE.fullmatch(version) is not None


def order(version: str) -> tuple[int, ...]:
    """What to sort releases by, as PEP 440 has it: 1.0 is 1.0.0, and older than 1.0.10."""
    numbers = [int(number) for number in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def log(name: str) -> tuple[Release, ...]:
    """The releases of the template called `name`, oldest first; none where it has no log.

    Raises:
        TemplateError: The log cannot be read.
    """
    path = releases_root() / name / LOG
    try:
        entries = tomllib.loads(path.read_text("utf-8"))["release"]
        found = [
            Release(
                name,
                entry["version"],
                entry["commit"],
                entry["digest"],
                entry["date"].isoformat(),
                entry["notes"].strip(),
                entry["bundle"],
            )
            for entry in entries
        ]
        return tuple(sorted(found, key=lambda each: order(each.version)))
    except FileNotFoundError:
        return ()
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise TemplateError(
            f"The release log of template {name} cannot be read: {error}.",
            str(path),
            "Install mlscaffold again.",
        ) from error


def newest(name: str) -> Release | None:
    """The newest release of a template, None before the first."""
    return next(reversed(log(name)), None)


def find(name: str, version: str) -> Release:
    """The release of a template that `version`, with or without a leading `v`, names.

    Raises:
        InputError: There is none; those there are stand in the hint.
    """
    known = {each.version: each for each in log(name)}
    wanted = version.removeprefix("v")
    if wanted in known:
        return known[wanted]
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, n=1, cutoff=0.6)
    start = f"Did you mean {near[0]}? " if near else ""
    there = f"There are {', '.join(known)}." if known else "It has not been released yet."
    raise InputError(f"{name} has no release {wanted!r}.", "", start + there)
