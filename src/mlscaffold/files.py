"""Files of the user's work tree: what they are, and copies of them to the byte.

Nothing here follows a symbolic link: a link is a file whose content is where it points.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1 << 20  # bytes read at once


@dataclass(frozen=True)
class State:
    """What a file is: `file`, `executable`, `link` or `other` (a pipe, say), and its sha256."""

    kind: str
    sha256: str


def state(path: str | Path) -> State | None:
    """The state of a file, or None where there is none; a folder is none."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(found.st_mode):
        return None
    if stat.S_ISLNK(found.st_mode):
        return State("link", hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest())
    if not stat.S_ISREG(found.st_mode):
        return State("other", "")
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return State("executable" if found.st_mode & stat.S_IXUSR else "file", digest)


def is_prefix(path: str | Path, whole: str | Path) -> bool:
    """Whether one file is the beginning of another, as a killed writer leaves it."""
    for each in (path, whole):
        if not os.path.isfile(each) or os.path.islink(each):
            return False
    with open(path, "rb") as part, open(whole, "rb") as other:
        while block := part.read(_BLOCK):
            if other.read(len(block)) != block:
                return False
    return True


def is_folder(path: str | Path) -> bool:
    """Whether a real folder is there, not a link to one."""
    return os.path.isdir(path) and not os.path.islink(path)


def same(path: str | Path, other: str | Path) -> bool:
    """Whether two files are there with the same bytes and permissions."""
    if state(path) is None or state(path) != state(other):
        return False
    return stat.S_IMODE(os.lstat(path).st_mode) == stat.S_IMODE(os.lstat(other).st_mode)


def parents(path: str) -> list[str]:
    """The folders that a path leads through, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def below(root: Path, folder: str) -> list[str]:
    """Paths from `root` of all files below a folder; a link is one, wherever it points."""
    found = []
    for where, folders, names in os.walk(root / folder):
        links = [name for name in folders if os.path.islink(os.path.join(where, name))]
        paths = (os.path.relpath(os.path.join(where, name), root) for name in (*names, *links))
        found += [path.replace(os.sep, "/") for path in paths]
    return sorted(found)


def copy(source: str | Path, copied: str | Path) -> None:
    """Copy a file with its mode and times, or a link as a link, down to the disk."""
    shutil.copy2(source, copied, follow_symlinks=False)
    if not os.path.islink(copied):
        sync(copied)


def put(source: str | Path, destination: str | Path, draft: str | Path) -> None:
    """Make `destination` the file `source`, in one step; `draft` is a free name beside it.

    A second name for the same file needs no room on a full disk.
    """
    with suppress(FileNotFoundError):
        os.unlink(draft)
    try:
        os.link(source, draft, follow_symlinks=False)
    except (OSError, NotImplementedError):  # another file system, or one without links
        copy(source, draft)
    writable(destination)
    os.replace(draft, destination)


def remove(path: str | Path) -> None:
    """Delete a file, also one that is read-only; it may be gone already."""
    writable(path)
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(path)


def writable(path: str | Path) -> None:
    """Let a read-only file be replaced, which Windows asks for."""
    if os.name == "nt" and os.path.isfile(path) and not os.path.islink(path):
        os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)


def sync(path: str | Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and os.path.isdir(path):
        return
    file = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
