"""What a project's answers file records: its template, the version, the answers.

The file is in the user's hands, and in those of whoever sends them a change: everything in it is
checked before any of it is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputError

_WHERE_FROM = re.compile(r"[A-Za-z0-9@/.~_\\][^\x00-\x1f]*")
_REVISION = re.compile(r"[A-Za-z0-9_.][^\x00-\x20~^:?*\[\\]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RESTORE = "Take back the last good one; this shows it: git log -p -- {name}"


@dataclass(frozen=True)
class Recorded:
    """The content of an answers file.

    Attributes:
        address: Where the template came from.
        revision: Its version as recorded, `v0.1.0` say; empty where it had none.
        render: Digest of the render without this file; empty for a project of plain Copier's.
        answers: Every answer that is recorded.
    """

    address: str
    revision: str
    render: str
    answers: dict[str, Any]

    @property
    def version(self) -> str:
        """The version without its `v`."""
        return self.revision.removeprefix("v")


def read(path: Path) -> Recorded:
    """What the answers file `path` records; raises as `parse`, or when it cannot be read."""
    try:
        return parse(decode(path.read_bytes(), str(path)), str(path))
    except OSError as error:
        raise InputError(
            f"The answers file cannot be read: {error.strerror}.",
            str(path),
            _RESTORE.format(name=path.name),
        ) from error


def decode(content: bytes, where: str) -> str:
    """The text of an answers file; InputError when it is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            "The answers file is not UTF-8 text.",
            f"{where}:{line}",
            f"Save it as UTF-8. {_RESTORE.format(name=Path(where).name)}",
        ) from error


def parse(text: str, where: str) -> Recorded:
    """What the text of an answers file records.

    Args:
        text: YAML: a mapping from names to values.
        where: The file, for errors.

    Raises:
        InputError: It is not such a mapping, or an entry of Copier's is not what it should be.
    """
    import yaml

    restore = _RESTORE.format(name=Path(where).name)
    if re.search(r"^(<{7}|={7}|>{7})( |$)", text, re.MULTILINE):
        raise InputError("The answers file holds conflict markers.", where, restore)
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: the 99th of May
        problem = getattr(error, "problem", None) or (str(error).splitlines() or ["not YAML"])[0]
        raise InputError(
            f"The answers file is not plain YAML: {problem}.", where, restore
        ) from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        what = "is empty" if data is None else "is not a list of names and values"
        raise InputError(f"The answers file {what}.", where, restore)
    address = data.get("_src_path")
    if not isinstance(address, str) or not _WHERE_FROM.fullmatch(address) or _is_helper(address):
        raise InputError(f"_src_path does not name a template: {address!r}.", where, restore)
    revision = data.get("_commit", "")
    if not isinstance(revision, str) or (revision and not _REVISION.fullmatch(revision)):
        raise InputError(f"_commit is not a version: {revision!r}.", where, restore)
    render = data.get("_render", "")
    if not isinstance(render, str) or (render and not _DIGEST.fullmatch(render)):
        raise InputError(f"_render is not a digest: {render!r}.", where, restore)
    if render and not revision:
        raise InputError("The answers file does not record a version: _commit.", where, restore)
    answers = {key: value for key, value in data.items() if not key.startswith("_")}
    return Recorded(address, revision, render, answers)


def _is_helper(address: str) -> bool:
    """Whether git would start a program of that name to fetch it, as for `ext::sh -c ...`."""
    return "::" in address.partition("/")[0]
