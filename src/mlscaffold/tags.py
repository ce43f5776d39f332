"""The versions of a template in git: the tags that PEP 440 takes for one.

Which they are, what each changed, and which commit a name stands for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import InputError, TemplateError

if TYPE_CHECKING:
    from packaging.version import Version

    from .mirror import Mirror

_REF = re.compile(r"[A-Za-z0-9_][^\x00-\x20~^:?*\[\\]*")
_NOTE_FORMAT = "%(objecttype)%0a%(contents:subject)%0a%0a%(contents:body)"
_NO_NOTE = 3  # words: a tag that says "Release of v1.0.0" says nothing


def versions(mirror: Mirror, recorded: str = "") -> tuple[str, ...]:
    """The tags that are versions by PEP 440, a leading v allowed, oldest first.

    Args:
        mirror: The template.
        recorded: The version of a project, which stays in the list when it is a pre-release; the
            others do not, as with Copier.
    """
    found = {tag: parsed for tag in _tags(mirror) if (parsed := parse_version(tag))}
    kept = [tag for tag in found if tag == recorded or not found[tag].is_prerelease]
    return tuple(sorted(kept, key=lambda tag: (found[tag], tag)))


def newest(mirror: Mirror) -> str:
    """The newest version that is no pre-release.

    Raises:
        TemplateError: There is none.
    """
    tags = versions(mirror)
    if not tags:
        raise TemplateError(
            "The template has no versions: no tag of its repository is one, such as v1.0.0.",
            mirror.address,
            "Name a branch or a commit with --to, or ask its author to tag releases.",
        )
    return tags[-1]


def parse_version(tag: str) -> Version | None:
    """A tag as PEP 440 reads it; None when it is no version."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(tag)
    except InvalidVersion:
        return None


def resolve(mirror: Mirror, ref: str) -> str:
    """The full commit id of a tag, a branch, a commit, or of what `git describe` says of one.

    Raises:
        InputError: There is no such commit; the versions are in the hint.
    """
    if _REF.fullmatch(ref) and ".." not in ref and "@{" not in ref:
        for name in (f"refs/tags/{ref}", ref, f"refs/remotes/origin/{ref}"):
            wanted = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            if found := mirror.git(*wanted, check=False).strip():
                return found
    there = ", ".join(versions(mirror)) or "no versions"
    raise InputError(
        f"The template has no version, branch or commit {ref!r}.",
        mirror.address,
        f"It has {there}.",
    )


def notes(mirror: Mirror, tag: str, before: str = "") -> str:
    """What a version changed: the text of its tag, else the subjects of its commits.

    Args:
        mirror: The template.
        tag: One of `versions`.
        before: The version that it is compared with; empty for the first.
    """
    text = mirror.git("for-each-ref", f"--format={_NOTE_FORMAT}", f"refs/tags/{tag}")
    kind, _, said = text.partition("\n")
    if kind == "tag" and len(said.split()) > _NO_NOTE:
        return said.strip()
    if not before:
        return ""
    subjects = mirror.git(
        *("log", "--no-merges", "--reverse", "--format=- %s"),
        f"refs/tags/{before}..refs/tags/{tag}",
        "--",
    )
    return subjects.strip()


def _tags(mirror: Mirror) -> list[str]:
    listed = mirror.git("for-each-ref", "--format=%(refname)", "refs/tags")
    return [line.removeprefix("refs/tags/") for line in listed.splitlines()]
