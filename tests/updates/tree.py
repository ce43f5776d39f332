"""What a folder holds: every file and link below it, with its mode and bytes."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

LINK, EXECUTABLE, PLAIN = "120000", "100755", "100644"  # as git has them
_IDENTITY = ("-c", "user.name=User", "-c", "user.email=user@example.org")


@dataclass(frozen=True)
class Item:
    """A file: git's mode, and its bytes; those of a link are where it points."""

    mode: str
    data: bytes

    def __repr__(self) -> str:
        return f"Item({self.mode}, {len(self.data)} bytes)"


Tree = dict[str, Item]


def read(root: Path) -> Tree:
    """Every file under `root` by its path from there; repositories' own folders are left out."""
    found: Tree = {}
    _read(os.fspath(root), "", found)
    return found


def _read(folder: str, prefix: str, found: Tree) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == ".git":
                continue
            path = prefix + entry.name
            if entry.is_symlink():
                target = os.readlink(entry.path)  # noqa: PTH115 - a Path would normalise it
                found[path] = Item(LINK, os.fsencode(target))
            elif entry.is_dir():
                _read(entry.path, f"{path}/", found)
            else:
                executable = entry.stat().st_mode & stat.S_IXUSR
                data = Path(entry.path).read_bytes()
                found[path] = Item(EXECUTABLE if executable else PLAIN, data)


def git(folder: Path, *args: str, stdin: str = "") -> str:
    """git, as a user runs it who has an identity; looking does not write the index."""
    done = subprocess.run(
        ["git", *_IDENTITY, *args],
        cwd=folder,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        input=os.fsencode(stdin),
        capture_output=True,
        check=True,
    )
    return os.fsdecode(done.stdout)


def tracked(root: Path) -> frozenset[str]:
    """The paths in the index."""
    return frozenset(filter(None, git(root, "ls-files", "-z").split("\0")))


def stages(root: Path) -> dict[str, dict[int, Item]]:
    """What the index holds of each path in conflict: 1 is the base, 2 the user's, 3 the other."""
    found: dict[str, dict[int, Item]] = {}
    for line in filter(None, git(root, "ls-files", "-u", "-z").split("\0")):
        about, _, path = line.partition("\t")
        mode, blob, stage = about.split()
        data = os.fsencode(git(root, "cat-file", "blob", blob))
        found.setdefault(path, {})[int(stage)] = Item(mode, data)
    return found


def unstaged(root: Path) -> set[str]:
    """Paths whose file is not what the index has; those in conflict are left out."""
    told = git(root, "status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames")
    return {
        line[3:]
        for line in told.split("\0")
        if line and line[1] in "MDT" and "U" not in line[:2] and line[:2] != "DD"
    }


def top(project: Path) -> Path:
    """The folder that the repository of a project lies in."""
    return next(each for each in (project, *project.parents) if (each / ".git").exists())


def repository(project: Path) -> dict[str, bytes]:
    """HEAD, the index and the references, as they lie on the disk."""
    folder = top(project) / ".git"
    loose = [path for path in (folder / "refs").rglob("*") if path.is_file()]
    named = [folder / name for name in ("HEAD", "index", "packed-refs")]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in [*named, *loose]
        if path.exists()
    }
