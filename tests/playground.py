"""Repositories to merge in: a user's, with a project in it, and a third party's template."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlscaffold import mirror, render
from mlscaffold.catalog import Source

from .conftest import git

RECORD = "_src_path: /nowhere\n"
Contents = Mapping[str, str | bytes | None]


def fill(folder: Path, files: Contents) -> Path:
    """Write files, bytes as they are; None removes one."""
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def repository(folder: Path, files: Contents, *options: str) -> Path:
    """A repository with one commit of these files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", *options)
    fill(folder, files)
    commit(folder)
    return folder


def commit(folder: Path, files: Contents | None = None) -> str:
    """Change files and commit everything, ignored files too; returns the commit's id."""
    fill(folder, files or {})
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "--allow-empty", "-m", "A step")
    return git(folder, "rev-parse", "HEAD").strip()


def everything(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time of change and content of every file and folder, those of git too.

    Without the times of objects: git renews that of one that it would have written.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        if path.is_symlink():
            content = os.fsencode(path.readlink())
        else:
            content = b"" if path.is_dir() else path.read_bytes()
        changed = 0 if "objects" in path.parts and path.is_file() else about.st_mtime_ns
        found[str(path.relative_to(folder))] = (about.st_mode, changed, content)
    return found


@dataclass
class Theirs:
    """A third party's template in a repository of its own.

    Attributes:
        folder: The repository.
    """

    folder: Path

    def release(self, tag: str, files: Contents) -> None:
        """Change files of the template and tag what comes of it."""
        if not (self.folder / ".git").exists():
            repository(self.folder, files)
        else:
            commit(self.folder, files)
        git(self.folder, "tag", tag)
        mirror.mirror.cache_clear()

    def project(self, folder: Path, tag: str = "", **given: str) -> Path:
        """A project of it, committed."""
        source = Source(str(self.folder), str(self.folder))
        render.render(source, folder, given, vcs_ref=tag or None)
        return repository(folder, {})
