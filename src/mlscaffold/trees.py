"""What a folder holds, as one number: the same for the same files wherever they lie."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Container, Iterator
from pathlib import Path

ALWAYS_EXCLUDED = (".[gG][iI][tT]", "__pycache__", "*.py[co]", ".*_cache")
"""Never a template's: a repository, and what Python, installers and checkers leave beside files."""

_EXCLUDED = re.compile("|".join(map(fnmatch.translate, ALWAYS_EXCLUDED)))


def digest(folder: Path, *, skip: Container[str] = (), modes: bool = True) -> str:
    """SHA-256, in hex, over the path, kind and bytes of every file under `folder`.

    Empty folders do not count, nor does what `ALWAYS_EXCLUDED` matches.

    Args:
        folder: An existing folder.
        skip: Paths relative to it, with `/`, to leave out.
        modes: Whether an executable file is another than one that is not. Off where the mode
            depends on how the files got there: installers and some file systems drop it.

    Raises:
        OSError: A file cannot be read.
    """
    from hashlib import sha256  # loads OpenSSL, which `--help` need not wait for

    total = sha256()
    for name, path, mode in sorted(_files(os.fspath(folder))):
        if name in skip:
            continue
        if stat.S_ISLNK(mode):
            kind, content = "link", os.fsencode(os.readlink(path))
        else:
            kind = "executable" if modes and mode & stat.S_IXUSR else "file"
            with open(path, "rb", buffering=0) as file:
                content = file.read()
        total.update(f"{kind}\0{name}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
        total.update(content)
    return total.hexdigest()


def _files(folder: str, prefix: str = "") -> Iterator[tuple[str, str, int]]:
    """Path relative to the top, path to open and mode of each file and link; no order."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if _EXCLUDED.match(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, f"{prefix}{entry.name}/")
            elif entry.is_symlink() or entry.is_file():
                yield f"{prefix}{entry.name}", entry.path, entry.stat(follow_symlinks=False).st_mode
