"""A bare repository of our own beside the user's: trees are written and compared in it.

It reads the user's objects through git's alternates and keeps what it writes to itself, so looking
leaves no trace in theirs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .git import git

if TYPE_CHECKING:
    from .project import Project

IDENTITY = ("user.name=mlscaffold", "user.email=mlscaffold@localhost")
LINK = "120000"  # git's mode of a symbolic link
_ABSENT = "0" * 6  # git's mode of what is not there


@dataclass(frozen=True)
class Entry:
    """A file in a tree: path from the top of the work tree, git's mode and blob id."""

    path: str
    mode: str
    id: str


@dataclass(frozen=True)
class Change:
    """What a merge does to a path: `before` is None for a new file, `after` for a removed one."""

    path: str
    before: Entry | None
    after: Entry | None


class Scratch:
    """A bare repository in a folder of ours that sees the objects of the user's.

    Args:
        folder: The folder to make.
        project: Whose objects it sees.
    """

    def __init__(self, folder: Path, project: Project) -> None:
        self.path = folder
        self._project = project
        form = f"--object-format={project.object_format}"
        git(folder.parent, "init", "--quiet", "--bare", "--template=", form, str(folder))
        alternates = folder / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_bytes(os.fsencode(_quoted(str(project.objects))) + b"\n")

    def git(
        self,
        *args: str,
        stdin: str = "",
        extra: Mapping[str, str] | None = None,
        settings: Sequence[str] = (),
        codes: Container[int] = (0,),
    ) -> str:
        """Run git here; arguments as those of `git.git`."""
        return git(
            self.path,
            *args,
            stdin=stdin,
            extra={"GIT_DIR": str(self.path), "GIT_LITERAL_PATHSPECS": "1", **(extra or {})},
            settings=(*IDENTITY, *settings),
            codes=codes,
        )

    def add(self, folder: Path) -> str:
        """The id of a tree made of all files of `folder`, also of those that .gitignore names."""
        extra = {**self._index("add"), "GIT_DIR": str(self.path), "GIT_WORK_TREE": str(folder)}
        git(folder, "add", "--all", "--force", "--", ".", extra=extra)
        return self.git("write-tree", extra=extra).strip()

    def export(self, tree: str, folder: Path) -> None:
        """Write all files of a tree into the new folder `folder`."""
        folder.mkdir()
        extra = {**self._index("export"), "GIT_DIR": str(self.path), "GIT_WORK_TREE": str(folder)}
        git(folder, "read-tree", tree, extra=extra)
        git(folder, "checkout-index", "--all", "--quiet", extra=extra)

    def files(self, tree: str, prefix: str = "") -> dict[str, Entry]:
        """The files of a tree below `prefix`, by path from the top."""
        if not tree:
            return {}
        below = ("--", prefix) if prefix else ()
        listed = self.git("ls-tree", "-r", "-z", "--full-tree", tree, *below)
        found = {}
        for line in filter(None, listed.split("\0")):
            about, _, path = line.partition("\t")
            mode, _, blob = about.split(" ")
            found[path] = Entry(path, mode, blob)
        return found

    def blob_id(self, content: bytes) -> str:
        """The id of a blob of that content."""
        head = b"blob %d\0" % len(content)
        return hashlib.new(self._project.object_format, head + content).hexdigest()

    def blobs(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The content of blobs, by id."""
        if not ids:
            return {}
        output = self.git("cat-file", "--batch", stdin="\n".join(ids) + "\n")
        told = output.encode("utf-8", "surrogateescape")
        found, position = {}, 0
        for blob in ids:
            start = told.index(b"\n", position) + 1
            end = start + int(told[position:start].split()[2])  # "<id> blob <size>"
            found[blob] = told[start:end]
            position = end + 1
        return found

    def splice(self, tree: str, whole: str) -> str:
        """The tree `whole` with `tree` in place of the project's folder."""
        prefix = self._project.prefix
        if not prefix:
            return tree
        extra = self._index("splice")
        self.git("read-tree", whole, extra=extra)
        gone = "".join(
            f"{_ABSENT} {'0' * len(whole)}\t{path}\0" for path in self.files(whole, prefix)
        )
        self.git("update-index", "-z", "--index-info", stdin=gone, extra=extra)
        self.git("read-tree", "-i", f"--prefix={prefix}", tree, extra=extra)
        return self.git("write-tree", extra=extra).strip()

    def without(self, tree: str, paths: Sequence[str]) -> str:
        """The tree without some of its files."""
        if not paths:
            return tree
        extra = self._index("without")
        self.git("read-tree", tree, extra=extra)
        gone = "".join(f"{_ABSENT} {'0' * len(tree)}\t{path}\0" for path in paths)
        self.git("update-index", "-z", "--index-info", stdin=gone, extra=extra)
        return self.git("write-tree", extra=extra).strip()

    def having(self, tree: str, entries: Sequence[Entry]) -> str:
        """The tree with these files in it."""
        extra = self._index("having")
        self.git("read-tree", tree, extra=extra)
        lines = "".join(f"{each.mode} {each.id}\t{each.path}\0" for each in entries)
        self.git("update-index", "-z", "--index-info", stdin=lines, extra=extra)
        return self.git("write-tree", extra=extra).strip()

    def replaced(self, tree: str, texts: Mapping[str, bytes]) -> str:
        """The tree with other content in some of its files, or with new ones."""
        extra = self._index("replaced")
        self.git("read-tree", tree, extra=extra)
        entries = self.files(tree)
        lines = []
        for path, text in texts.items():
            content = text.decode("utf-8", "surrogateescape")
            blob = self.git("hash-object", "-w", "--stdin", stdin=content).strip()
            mode = entries[path].mode if path in entries else "100644"
            lines.append(f"{mode} {blob}\t{path}\0")
        self.git("update-index", "-z", "--index-info", stdin="".join(lines), extra=extra)
        return self.git("write-tree", extra=extra).strip()

    def changes(self, before: str, after: str) -> tuple[Change, ...]:
        """How one tree differs from another, path by path."""
        words = self.git("diff-tree", "-r", "-z", "--no-renames", before, after).split("\0")
        found = []
        for about, path in zip(words[::2], words[1::2], strict=False):
            old_mode, new_mode, old, new, _ = about[1:].split(" ")
            found.append(
                Change(
                    path,
                    Entry(path, old_mode, old) if old_mode != _ABSENT else None,
                    Entry(path, new_mode, new) if new_mode != _ABSENT else None,
                )
            )
        return tuple(found)

    def renames(self, before: str, after: str) -> dict[str, str]:
        """Old path by new path of the files that git takes for renamed."""
        words = iter(
            self.git(
                "diff-tree", "-r", "-z", "-M", "-l10000", "--diff-filter=R", before, after
            ).split("\0")
        )
        return {new: old for about in words if about for old, new in [(next(words), next(words))]}

    def _index(self, name: str) -> dict[str, str]:
        """A fresh index of that name."""
        path = self.path / f"index-{name}"
        path.unlink(missing_ok=True)
        return {"GIT_INDEX_FILE": str(path)}


def _quoted(path: str) -> str:
    """A path as a line of an alternates file, which unquotes what begins with a quotation mark."""
    if not path.startswith(('"', "#")) and "\n" not in path:
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
