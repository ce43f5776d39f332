"""The user's requirements in pyproject.toml: lines of both renders give way to them.

The bounds in a list of dependencies move in nearly every release, so git takes any edit of the list
for a conflict. Here it is merged by entry instead, as far as each entry has a line of its own; what
is ambiguous is left as it is, for git and the user.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

_REQUIREMENT = re.compile(
    rb"""
    ^[ \t]*"(?P<name>[A-Za-z0-9][\w.-]*)
    (?P<rest>[ \t]*(?:\[[\w ,.-]*\])?[ \t]*(?:[<>=!~;@(][^"\n]*)?)"
    (?P<comma>[ \t]*,)?[ \t]*(?:\#[^\n]*)?\r?$
    """,
    re.MULTILINE | re.VERBOSE,
)
_NO_ENTRY = re.compile(rb"[ \t]*(?:#.*)?\r?\n?\Z")
_TABLE = re.compile(rb"\[(project|project\.optional-dependencies|dependency-groups)\]\s*(?:#.*)?\Z")
_OPENING = re.compile(rb"[ \t]*(?P<key>[\w-]+)[ \t]*=[ \t]*\[[ \t]*(?:#.*)?\r?\n\Z")
_CLOSING = re.compile(rb"[ \t]*\][ \t]*(?:#.*)?\r?\n?\Z")


@dataclass(frozen=True)
class Pin:
    """A dependency whose version the user set and the template has moved meanwhile."""

    mine: str
    theirs: str


def keep(base: bytes, new: bytes, mine: bytes) -> tuple[bytes, bytes, tuple[Pin, ...]]:
    """Bring both renders into line with the user's requirements.

    A dependency that the template dropped while the user set its version, and one that both added,
    are for the user to decide.

    Args:
        base: pyproject.toml of the render that the project started from.
        new: The one to merge.
        mine: The user's.

    Returns:
        `base` and `new` with the user's versions, with the requirements that only the user has and
        without those that the user removed; and the versions that the template has moved.
    """
    before, after, kept = _once(base), _once(new), _once(mine)
    pins, lines = [], {}
    for name in before.keys() & after.keys() & kept.keys():
        if kept[name].text == before[name].text:
            continue
        if after[name].text not in (before[name].text, kept[name].text):
            pins.append(Pin(kept[name].text, after[name].text))
        lines[name] = kept[name].line
    renders = [
        _Lists.of(_REQUIREMENT.sub(lambda match: lines.get(_name(match), match[0]), text))
        for text in (base, new)
    ]
    _follow(renders[0], renders[1], _Lists.of(mine))
    return renders[0].text(), renders[1].text(), tuple(sorted(pins, key=lambda pin: pin.mine))


@dataclass(frozen=True)
class _Requirement:
    text: str
    line: bytes


def _once(pyproject: bytes) -> dict[str, _Requirement]:
    """Requirements that have a line of their own, by normalised name; none that occurs twice."""
    found: dict[str, list[_Requirement]] = {}
    for match in _REQUIREMENT.finditer(pyproject):
        text = (match["name"] + match["rest"]).decode("utf-8", "replace")
        found.setdefault(_name(match), []).append(_Requirement(text, match[0]))
    return {name: lines[0] for name, lines in found.items() if len(lines) == 1}


def _name(requirement: re.Match[bytes]) -> str:
    """The normalised name of what is required."""
    return re.sub(r"[-_.]+", "-", requirement["name"].decode("ascii", "replace")).lower()


@dataclass
class _Lists:
    """The lines of a pyproject.toml.

    Attributes:
        parts: All lines, in parts.
        lists: The parts that are the inside of a list of dependencies, by table and key.
        names: How often each requirement has a line of its own, anywhere.
    """

    parts: list[list[bytes]] = field(default_factory=lambda: [[]])
    lists: dict[tuple[bytes, bytes], list[bytes]] = field(default_factory=dict)
    names: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, pyproject: bytes) -> _Lists:
        """Find the lists whose every entry has a line of its own."""
        found = cls(names=Counter(_name(match) for match in _REQUIREMENT.finditer(pyproject)))
        table, key, inside = b"", b"", False
        for line in pyproject.splitlines(keepends=True):
            if inside and (_REQUIREMENT.match(line) or _NO_ENTRY.match(line)):
                found.parts[-1].append(line)
                continue
            if inside and _CLOSING.match(line):
                found.lists[table, key] = found.parts[-1]
                found.parts.append([])
            inside = False
            found.parts[-1].append(line)
            if line.startswith(b"["):
                header = _TABLE.match(line)
                table = header[1] if header else b""
            opening = _OPENING.match(line) if table else None
            if opening and (table != b"project" or opening["key"] == b"dependencies"):
                key, inside = opening["key"], True
                found.parts.append([])
        return found

    def text(self) -> bytes:
        return b"".join(line for part in self.parts for line in part)


def _follow(base: _Lists, new: _Lists, mine: _Lists) -> None:
    """Add to the lists of both renders what only the user has; remove what the user removed."""
    for place in base.lists.keys() & new.lists.keys() & mine.lists.keys():
        before, after, wanted = (side.lists[place] for side in (base, new, mine))
        was, willbe, now = ({_key(line) for line in lines} for lines in (before, after, wanted))
        removed = {
            name
            for name in was - now
            if isinstance(name, str)
            and (base.names[name], mine.names[name]) == (1, 0)
            and (new.names[name] == 0 or (new.names[name] == 1 and name in willbe))
        }
        added = {
            name
            for name in now - was - willbe
            if isinstance(name, str)
            and (base.names[name], new.names[name], mine.names[name]) == (0, 0, 1)
        }
        blocks = list(_blocks(wanted, added, now - was - willbe))
        for lines in (before, after):
            for start, stop in reversed(list(_blocks(lines, removed, was - now))):
                del lines[start:stop]
            for start, stop in blocks:
                at = _after(lines, wanted[:start])
                lines[at:at] = wanted[start:stop]
            _separate(lines)


def _key(line: bytes) -> str | bytes:
    """What makes a line of a list the same in another: the requirement's name, else its text."""
    match = _REQUIREMENT.match(line)
    return _name(match) if match else line.strip()


def _blocks(
    lines: list[bytes], names: Collection[str], comments: Collection[str | bytes]
) -> Iterable[tuple[int, int]]:
    """Where the requirements `names` are, each with those of `comments` directly above it."""
    keys = [_key(line) for line in lines]
    for index, key in enumerate(keys):
        if key in names:
            start = index
            while start and isinstance(keys[start - 1], bytes) and keys[start - 1] in comments:
                start -= 1
            yield start, index + 1


def _after(lines: list[bytes], above: list[bytes]) -> int:
    """The place below the nearest line of `above` that `lines` has too; else the start."""
    keys = [_key(line) for line in lines]
    for line in reversed(above):
        if (key := _key(line)) and keys.count(key) == 1:
            return keys.index(key) + 1
    return 0


def _separate(lines: list[bytes]) -> None:
    """Put the commas that are missing between requirements: the last one may be without."""
    matches = [
        (index, match) for index, line in enumerate(lines) if (match := _REQUIREMENT.match(line))
    ]
    for index, match in matches[:-1]:
        if not match["comma"]:
            end = match.end("rest") + 1
            lines[index] = lines[index][:end] + b"," + lines[index][end:]
