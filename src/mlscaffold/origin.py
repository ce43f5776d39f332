"""The template that a project came from: which versions it has, and what they render to.

One of ours comes from the release log, or is the working copy; a third party's comes from its git
tags. What is done with a project is the same for both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from . import catalog, releases, store, tags
from .apart import render_apart
from .errors import InputError
from .mirror import mirror
from .render import Rendered, render

_OURS = re.compile(r"mlscaffold://(?P<name>[a-z0-9-]+)\.git")


class Origin(Protocol):
    """A template with its versions."""

    @property
    def name(self) -> str:
        """What to call it."""

    @property
    def address(self) -> str:
        """What projects record of it."""

    @property
    def note(self) -> str:
        """What the user should know of it, that it could not be reached say; mostly empty."""

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version, oldest first."""

    def notes(self, version: str) -> str:
        """What one of `versions` changed, in its author's words."""

    def revision(self, version: str) -> str:
        """What stands for the files of a version and never changes; empty when it is unknown."""

    def render(
        self,
        version: str,
        dest: Path,
        recorded: Mapping[str, Any],
        given: Mapping[str, Any],
        *,
        interactive: bool = False,
        trust: bool = False,
    ) -> Rendered:
        """Render that version in the new folder `dest`.

        Args:
            version: One with a revision.
            dest: Folder to make.
            recorded: Answers of before; those that the version does not ask are left out.
            given: Answers of now; a key that it does not ask is refused.
            interactive: Ask what neither answers; otherwise take the defaults.
            trust: Let a third party's template run code.

        Raises:
            InputError: An answer is not valid.
            TemplateError: The template cannot be rendered.
        """

    def locks(self, version: str) -> tuple[catalog.Lock, ...]:
        """The lock files that a project of that version has."""


class BuiltIn:
    """A template of ours: its releases, and the working copy where that is ahead of them.

    Args:
        name: Its name.
        folder: Folder of ours to unpack releases in.
    """

    note = ""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._working = catalog.load(name)
        self._releases = {each.version: each for each in releases.log(name)}
        self._unpacked: dict[str, catalog.Template] = {self._working.version: self._working}

    @property
    def address(self) -> str:
        """What projects record of it."""
        return self._working.address

    @property
    def versions(self) -> tuple[str, ...]:
        """Every release, and at the end the working copy where it is none of them."""
        return tuple(dict.fromkeys([*self._releases, self._working.version]))

    def notes(self, version: str) -> str:
        """The release's notes."""
        return self._releases[version].notes if version in self._releases else "The working copy."

    def revision(self, version: str) -> str:
        """The version itself: releases never change, and a working copy's names its digest."""
        return version if version in self.versions else ""

    def render(
        self,
        version: str,
        dest: Path,
        recorded: Mapping[str, Any],
        given: Mapping[str, Any],
        *,
        interactive: bool = False,
        trust: bool = False,
    ) -> Rendered:
        """See `Origin`."""
        template = self._template(version)
        carried = {template.renamed.get(key, key): value for key, value in recorded.items()}
        source = catalog.Source(self.name, str(template.path), template)
        if not interactive:
            return render_apart(source, dest, given, carried)
        return render(
            source, dest, given, recorded=carried, defaults=False, interactive=True, trust=trust
        )

    def locks(self, version: str) -> tuple[catalog.Lock, ...]:
        """The lock files that a project of that version has."""
        return self._template(version).locks

    def _template(self, version: str) -> catalog.Template:
        if version not in self._unpacked:
            release = self._releases[version]
            folder = store.unpack(release, self._folder / f"release-{version}")
            self._unpacked[version] = catalog.at_release(release, folder)
        return self._unpacked[version]


class ThirdParty:
    """Somebody else's template: the versions are the tags of its repository.

    Args:
        address: Where it is, as projects record it.
        recorded: The version of a project.
    """

    def __init__(self, address: str, recorded: str) -> None:
        self.address = address
        self._recorded = recorded
        self._mirror = mirror(address)
        self._tags = {tag.removeprefix("v"): tag for tag in tags.versions(self._mirror, recorded)}

    @property
    def name(self) -> str:
        """The last word of its address."""
        return re.split(r"[/:\\]", self.address.rstrip("/\\"))[-1].removesuffix(".git")

    @property
    def note(self) -> str:
        """Of when its copy is, where it could not be reached."""
        return self._mirror.note

    @property
    def versions(self) -> tuple[str, ...]:
        """Its tags that are versions, without their v, oldest first."""
        return tuple(self._tags)

    def notes(self, version: str) -> str:
        """The annotation of its tag, else the subjects of its commits."""
        place = self.versions.index(version)
        before = self._tags[self.versions[place - 1]] if place else ""
        return tags.notes(self._mirror, self._tags[version], before)

    def revision(self, version: str) -> str:
        """Commit id of a tag, a branch, a commit, or of what git describes one as."""
        with suppress(InputError):
            return tags.resolve(self._mirror, self._tags.get(version, version))
        with suppress(InputError):
            return tags.resolve(self._mirror, f"v{version}")
        return ""

    def render(
        self,
        version: str,
        dest: Path,
        recorded: Mapping[str, Any],
        given: Mapping[str, Any],
        *,
        interactive: bool = False,
        trust: bool = False,
    ) -> Rendered:
        """See `Origin`."""
        return render(
            catalog.Source(self.address, self.address),
            dest,
            given,
            recorded=recorded,
            defaults=not interactive,
            interactive=interactive,
            trust=trust,
            vcs_ref=self._tags.get(version) or self.revision(version),
            since=self._recorded,
        )

    def locks(self, version: str) -> tuple[catalog.Lock, ...]:  # noqa: ARG002 - see `Origin`
        """None: only our templates tell."""
        return ()


def open_origin(address: str, recorded: str, folder: Path) -> Origin:
    """The template that a project records.

    Args:
        address: Its address.
        recorded: The project's version.
        folder: Folder of ours to unpack releases in.

    Raises:
        InputError: It is one of ours by its address, and there is none of that name.
        TemplateError: It cannot be read or fetched.
    """
    ours = _OURS.fullmatch(address)
    if not ours:
        return ThirdParty(address, recorded)
    if ours["name"] not in catalog.names():
        raise InputError(
            f"There is no template called {ours['name']!r}.",
            address,
            f"This mlscaffold has: {', '.join(catalog.names())}. A newer one may have it.",
        )
    return BuiltIn(ours["name"], folder)
