"""A project made from one release, to be edited and updated to the next one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from mlscaffold import catalog, releases, store
from mlscaffold.new import new

from .tree import Tree, git, read
from .verdict import Pair

if TYPE_CHECKING:
    from mlscaffold.releases import Release

    from .edits import Edit

TEMPLATE = "mlops-project"


def pairs() -> list[tuple[Release, Release]]:
    """Each release with the one after it."""
    return list(pairwise(releases.log(TEMPLATE)))


@dataclass(frozen=True)
class World:
    """Where projects of one pair of releases are made.

    Attributes:
        folder: A folder of ours.
        pristine: A committed project of the first release, or a repository that holds one.
        pair: The renders.
        prefix: Where the project is in it.
    """

    folder: Path
    pristine: Path
    pair: Pair
    prefix: str = ""

    def project(self, edits: Iterable[Edit]) -> Path:
        """A new project with edits; those that are not late are committed."""
        copied = self.folder / "project"
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(self.pristine, copied, symlinks=True)
        folder = copied / self.prefix
        edits = list(edits)
        for each in (each for each in edits if not each.late):
            each.apply(folder)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--allow-empty", "-m", "What I did")
        for each in (each for each in edits if each.late):
            each.apply(folder)
        return folder


def make(folder: Path, before: Release, after: Release) -> World:
    """Render both releases below `folder`, with default answers."""
    folder.mkdir()
    trees = [render(folder / each.version, each) for each in (before, after)]
    pristine = folder / before.version
    return World(folder, pristine, Pair(*trees, moved(folder / "moves", *trees)))


def nested(world: World) -> World:
    """The same with the project in a subfolder of a larger repository."""
    outer, prefix = world.folder / "outer", "work/air"
    shutil.copytree(
        world.pristine, outer / prefix, symlinks=True, ignore=shutil.ignore_patterns(".git")
    )
    for path in ("README.md", "work/README.md", "work/airport/pyproject.toml", "other/.env"):
        (outer / path).parent.mkdir(exist_ok=True)
        (outer / path).write_text(f"{path} is not the project's\n")
    git(outer, "init", "--quiet")
    git(outer, "add", "--all", "--force")
    git(outer, "commit", "--quiet", "-m", "Everything")
    git(outer, "gc", "--quiet")
    return World(world.folder, outer, world.pair, prefix)


def render(dest: Path, release: Release) -> Tree:
    """Make a project of a release with `mlscaffold new`, its objects packed."""
    with store.at_version(catalog.locate(TEMPLATE), release.version) as source:
        new(source, dest, {"copyright_year": "2026"}, defaults=True)
    git(dest, "gc", "--quiet")
    shutil.rmtree(dest / ".git" / "hooks", ignore_errors=True)
    return read(dest)


def moved(folder: Path, old: Tree, new: Tree) -> dict[str, str]:
    """New path by old path of the files that git takes for renamed."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    trees = []
    for tree in (old, new):
        for path, item in tree.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(item.data)
        git(folder, "add", "--all", "--force")
        trees.append(git(folder, "write-tree").strip())
        git(folder, "rm", "-r", "--quiet", "-f", ".")
    words = iter(
        git(folder, "diff-tree", "-r", "-z", "-M", "--diff-filter=R", *trees).split("\0")[:-1]
    )
    return {old: new for _, old, new in zip(words, words, words, strict=True)}


def environment(home: Path) -> Mapping[str, str]:
    """What keeps the settings and the cache of whoever runs this out of it."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": os.fspath(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "MLSCAFFOLD_CACHE": os.fspath(home / "cache"),
    }
