"""Renders of earlier runs, kept in the user's cache folder.

A render takes most of a second and is the same for the same version and answers; `status` has no
time for it. What is kept can be thrown away at any moment.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from . import __version__, store

if TYPE_CHECKING:
    from io import BufferedRandom

_LIMIT = 100  # renders kept; the least recently used go first
_SUFFIX = ".render"
_DIGEST_BYTES = 32


def key(address: str, revision: str, answers: Mapping[str, Any]) -> str:
    """The name under which the render of that revision with those answers is kept."""
    from importlib.metadata import version

    about = [__version__, version("copier"), address, revision, sorted(answers.items())]
    return hashlib.sha256(repr(about).encode("utf-8", "surrogatepass")).hexdigest()


def fetch(name: str, into: Path) -> bool:
    """Unpack the render kept as `name` in the new folder `into`; whether there is a sound one."""
    with _members(name) as members:
        if members is None:
            return False
        for member, content in members:
            path = into / member.name
            if member.isdir():
                path.mkdir()
            elif member.issym():
                path.symlink_to(member.linkname)
            else:
                path.write_bytes(content)
                if member.mode & stat.S_IXUSR:
                    path.chmod(0o755)
    return True


def read(name: str, path: str) -> bytes | None:
    """The content of one file of the render kept as `name`; None where there is none."""
    with _members(name) as members:
        return next((content for each, content in members or () if each.name == f"./{path}"), None)


@contextmanager
def _members(name: str) -> Iterator[Iterator[tuple[tarfile.TarInfo, bytes]] | None]:
    """What is in the render kept as `name`, folders first; None where there is no sound one."""
    folder = _folder()
    path = folder / f"{name}{_SUFFIX}" if folder else None
    if path is None or not _is_sound(path):
        yield None
        return
    with path.open("rb") as file:
        file.seek(_DIGEST_BYTES)
        with gzip.GzipFile(fileobj=file) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            yield ((each, _content(tar, each)) for each in tar)


def _is_sound(path: Path) -> bool:
    """Whether a file holds what its digest says; it is then marked as used."""
    try:
        with path.open("rb") as file:
            digest = file.read(_DIGEST_BYTES)
            if hashlib.file_digest(file, "sha256").digest() != digest:
                return False
        os.utime(path)
    except OSError:
        return False
    return True


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member) if member.isreg() else None
    return file.read() if file else b""


def keep(name: str, render: Path) -> None:
    """Keep the folder `render` as `name`; where nothing can be kept, nothing happens."""
    folder = _folder()
    if folder is None:
        return
    draft = folder / f"{name}.{token_hex(4)}{_SUFFIX}"  # one that a crash leaves is pruned too
    with suppress(OSError):
        try:
            with draft.open("w+b") as file:
                _pack(render, file)
            draft.replace(folder / f"{name}{_SUFFIX}")
        finally:
            draft.unlink(missing_ok=True)
        _prune(folder)


def _pack(render: Path, file: BufferedRandom) -> None:
    """Write a digest, then what it is the digest of: a compressed archive of the folder."""
    file.write(bytes(_DIGEST_BYTES))
    with (
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        tar.add(render, arcname=".", filter=_anonymous)
    file.seek(_DIGEST_BYTES)
    digest = hashlib.file_digest(file, "sha256").digest()
    file.seek(0)
    file.write(digest)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _prune(folder: Path) -> None:
    kept = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
    for path in kept[:-_LIMIT]:
        path.unlink(missing_ok=True)


def _folder() -> Path | None:
    cache = store.cache_folder()
    if cache is None:
        return None
    try:
        (cache / "renders").mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return cache / "renders"
