"""What the user owns of a file that the template made: the renders are brought into line with it.

A merge sees only lines. Where a line is the user's by agreement, both renders are given the user's
text before they are merged, so that it is no difference and stays:

* the answers file, which each update writes anew;
* whole files that the template gives away for good, such as locks;
* blocks that the project's own `report` fills;
* line endings, in a file where the user changed all of them;
* requirements in pyproject.toml that the user set, added or removed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from . import requirements

if TYPE_CHECKING:
    from .requirements import Pin
    from .scratch import Scratch

_BLOCK = re.compile(
    rb"^<!-- (report:[\w-]+) -->\r?\n(?P<text>.*?)^<!-- /\1 -->", re.DOTALL | re.MULTILINE
)
PYPROJECT = "pyproject.toml"


def adapt(
    base: Path,
    new: Path | None,
    mine: Mapping[str, bytes],
    *,
    owned: Collection[str] = (),
    rewritten: Collection[str] = (),
    moved: Mapping[str, str] | None = None,
) -> tuple[Pin, ...]:
    """Give the renders what is the user's in them.

    Args:
        base: Folder of the render that the project started from; its files change.
        new: Folder of the render to merge, likewise; None when there is only a base to compare.
        mine: The user's files by path in the project.
        owned: Paths of the files where the user's whole text counts over the new render's.
        rewritten: Paths of the files that are the new render's as a whole.
        moved: Path in the new render of files that the template has renamed, by their old path.

    Returns:
        The versions of dependencies that are the user's and that the template has moved.
    """
    pins: tuple[Pin, ...] = ()
    for path, text in mine.items():
        places = [(base, path), (new, (moved or {}).get(path, path))]
        sides = [side / name for side, name in places if side and is_file(side, name)]
        if path in rewritten:  # the template's side is the only one that changes it
            (base / path).unlink(missing_ok=True)
            (base / path).write_bytes(text)
        elif path in owned:  # the user's is
            if new and len(sides) == 2:
                _write(base / path, (new / path).read_bytes())
        else:
            for side in sides:
                _write(side, like(side.read_bytes(), text))
            if path == PYPROJECT and new and len(sides) == 2:
                old, wanted = (side.read_bytes() for side in sides)
                old, wanted, pins = requirements.keep(old, wanted, text)
                _write(sides[0], old)
                _write(sides[1], wanted)
    return pins


def moved(scratch: Scratch, base: Path, new: Path, mine: Mapping[str, bytes]) -> dict[str, str]:
    """What `adapt` takes as `moved`; looked for only where there is something to bring in line."""
    gone = {path: text for path, text in mine.items() if not is_file(new, path)}
    renders = {path: (base / path).read_bytes() for path in gone if is_file(base, path)}
    if all(like(render, gone[path]) == render for path, render in renders.items()):
        return {}
    renamed = scratch.renames(scratch.add(base), scratch.add(new))
    return {before: after for after, before in renamed.items() if before in gone}


def is_file(folder: Path, path: str, *, links: bool = False) -> bool:
    """Whether `folder` itself holds a file `path`, or with `links` a link: no link leads to it."""
    there = folder / path
    if any((folder / above).is_symlink() for above in PurePath(path).parents):
        return False
    return links if there.is_symlink() else there.is_file()


def _write(path: Path, text: bytes) -> None:
    if path.read_bytes() != text:
        path.write_bytes(text)


def like(render: bytes, mine: bytes) -> bytes:
    """A rendered text with the result blocks and the line endings of the user's."""
    if b"\0" in render or b"\0" in mine:
        return render
    filled = {block[1]: block["text"] for block in _BLOCK.finditer(mine)}

    def fill(block: re.Match[bytes]) -> bytes:
        start, end = (position - block.start() for position in block.span("text"))
        return block[0][:start] + filled.get(block[1], block["text"]) + block[0][end:]

    text = _BLOCK.sub(fill, render) if filled else render
    ending = _ending(mine)
    if ending and _ending(render) not in (b"", ending):
        text = text.replace(b"\r\n", b"\n").replace(b"\n", ending)
    return text


def _ending(text: bytes) -> bytes:
    """What all lines of a text end with; empty when there are none, or of both kinds."""
    crlf = text.count(b"\r\n")
    lf = text.count(b"\n") - crlf
    if crlf and lf:
        return b""
    return b"\r\n" if crlf else b"\n" if lf else b""
