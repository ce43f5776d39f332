"""Blocks of a Markdown file that `report` owns; every other byte is the user's.

A block stands between the lines `<!-- report:NAME -->` and `<!-- /report:NAME -->`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from ..errors import DataError

MARK = re.compile(r"^[ \t]*<!-- (?P<end>/?)report:(?P<name>[a-z-]+) -->[ \t]*\r?$", re.MULTILINE)


def fill(path: Path, contents: Mapping[str, str]) -> str:
    """The text of `path` with each block's content replaced by that of `contents`.

    A block that the user deleted altogether stays away. Raises DataError when the file is missing
    or a mark is unknown, doubled, unclosed or nested.
    """
    text = _read(path)
    newline = "\r\n" if "\r\n" in text else "\n"
    parts, position = [], 0
    for name, (start, end) in _spans(path, text).items():
        if name not in contents:
            raise DataError(
                f"{path.name} has a block report:{name}, which this version does not know.",
                f"Delete its marks, or use one of: {', '.join(sorted(contents))}.",
            )
        body = contents[name].strip("\n").replace("\n", newline)
        parts += [text[position:start], body + newline]
        position = end
    return "".join(parts) + text[position:]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        raise DataError(
            f"{path} does not exist.", f"Bring it back: git checkout -- {path.name}"
        ) from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None


def _spans(path: Path, text: str) -> dict[str, tuple[int, int]]:
    """Offsets of each block's content, in order; `start` follows the opening mark's newline."""
    spans: dict[str, tuple[int, int]] = {}
    opened: tuple[str, int] | None = None
    for mark in MARK.finditer(text):
        name, line = mark["name"], text.count("\n", 0, mark.start()) + 1
        if not mark["end"]:
            if opened:
                raise _broken(path, line, f"block report:{opened[0]} is not closed before it")
            if name in spans:
                raise _broken(path, line, f"block report:{name} is there twice")
            opened = (name, min(mark.end() + 1, len(text)))
        elif opened is None or opened[0] != name:
            raise _broken(path, line, f"report:{name} is closed here but was not opened")
        else:
            spans[name] = (opened[1], mark.start())
            opened = None
    if opened:
        raise _broken(path, text.count("\n", 0, opened[1]), f"report:{opened[0]} is never closed")
    return spans


def _broken(path: Path, line: int, what: str) -> DataError:
    return DataError(
        f"{path.name}, line {line}: {what}.",
        "Each block stands once between <!-- report:NAME --> and <!-- /report:NAME -->.",
    )
