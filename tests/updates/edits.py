"""What users do to a project: strategies of random edits.

An edit that finds nothing to work on, because one before it took the file away, does nothing.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from hypothesis import strategies as st

from .tree import Tree, git

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

ANSWERS = ".copier-answers.yml"
README, PYPROJECT = "README.md", "pyproject.toml"
IGNORE, ATTRIBUTES = ".gitignore", ".gitattributes"
_BLOCK = re.compile(
    rb"(^<!-- report:[\w-]+ -->\r?\n)(.*?)(^<!-- /report:)", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Edit:
    """One thing done to the file or folder `path`; `late` ones are not committed."""

    path: str
    late: ClassVar[bool] = False

    def apply(self, root: Path) -> None:
        """Do it in the work tree `root`."""
        raise NotImplementedError

    def _file(self, root: Path) -> Path | None:
        file = root / self.path
        return file if file.is_file() and not file.is_symlink() else None


@dataclass(frozen=True)
class Lines(Edit):
    """Take `removed` lines out of a file at `at`, counted from its end, and put others in."""

    at: int
    removed: int
    inserted: tuple[bytes, ...]

    def apply(self, root: Path) -> None:
        if self.path == ATTRIBUTES and not os.path.lexists(root / self.path):
            (root / self.path).touch()
        if file := self._file(root):
            lines = file.read_bytes().splitlines(keepends=True)
            start = max(len(lines) - self.at % (len(lines) + 1), 0)
            lines[start : start + self.removed] = [line + b"\n" for line in self.inserted]
            file.write_bytes(b"".join(lines))


@dataclass(frozen=True)
class Substitute(Edit):
    """Replace what a pattern finds first."""

    pattern: str
    text: str

    def apply(self, root: Path) -> None:
        if file := self._file(root):
            pattern = re.compile(self.pattern.encode(), re.MULTILINE)
            file.write_bytes(pattern.sub(self.text.encode(), file.read_bytes(), count=1))


@dataclass(frozen=True)
class Fill(Edit):
    """Write in the blocks that the project's `report` fills."""

    text: bytes

    def apply(self, root: Path) -> None:
        if file := self._file(root):
            new = _BLOCK.sub(
                lambda found: found[1] + self.text + b"\n" + found[3], file.read_bytes()
            )
            file.write_bytes(new)


@dataclass(frozen=True)
class Write(Edit):
    """Write a file as a whole, whatever is in its way."""

    data: bytes

    def apply(self, root: Path) -> None:
        file = make_room(root, self.path)
        file.write_bytes(self.data)


@dataclass(frozen=True)
class Force(Write):
    """The same, tracked even where .gitignore names it."""

    def apply(self, root: Path) -> None:
        super().apply(root)
        git(root, "--literal-pathspecs", "add", "--force", "--", self.path)


@dataclass(frozen=True)
class Leave(Write):
    """The same, without committing it; a tracked file is left alone."""

    late = True

    def apply(self, root: Path) -> None:
        parents = [root / each for each in PurePosixPath(self.path).parents]
        blocked = any(each.is_symlink() or each.is_file() for each in parents if each != root)
        if not blocked and not os.path.lexists(root / self.path):
            super().apply(root)


@dataclass(frozen=True)
class Link(Edit):
    """Make it a symbolic link."""

    target: str

    def apply(self, root: Path) -> None:
        make_room(root, self.path).symlink_to(self.target)


@dataclass(frozen=True)
class Move(Edit):
    """Rename a file or a folder."""

    to: str

    def apply(self, root: Path) -> None:
        source = root / self.path
        inside = PurePosixPath(self.to).is_relative_to(self.path)
        if os.path.lexists(source) and not os.path.lexists(root / self.to) and not inside:
            holder = root / PurePosixPath(self.to).parent
            if holder.is_dir() or not os.path.lexists(holder):
                make_room(root, self.to)
                source.rename(root / self.to)


@dataclass(frozen=True)
class Delete(Edit):
    """Delete a file or a folder."""

    def apply(self, root: Path) -> None:
        remove(root / self.path)


@dataclass(frozen=True)
class Endings(Edit):
    """Give every `every`-th line the line ending of Windows."""

    every: int

    def apply(self, root: Path) -> None:
        if file := self._file(root):
            lines = file.read_bytes().split(b"\n")
            last = len(lines) - 1
            file.write_bytes(
                b"\n".join(
                    line + b"\r" if number % self.every == 0 and number < last else line
                    for number, line in enumerate(lines)
                )
            )


@dataclass(frozen=True)
class Recode(Edit):
    """Save the file in another encoding, with a word in it that shows which."""

    encoding: str

    def apply(self, root: Path) -> None:
        if file := self._file(root):
            text = file.read_bytes().decode("utf-8", "replace") + "café\n"
            file.write_bytes(text.encode(self.encoding, "replace"))


@dataclass(frozen=True)
class Mode(Edit):
    """Make a file executable, or no longer so."""

    def apply(self, root: Path) -> None:
        if file := self._file(root):
            file.chmod(file.stat().st_mode ^ 0o111)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def make_room(root: Path, path: str) -> Path:
    """`root / path`, with nothing there and nothing but folders above it."""
    for each in reversed(PurePosixPath(path).parents):
        folder = root / each
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        folder.mkdir(exist_ok=True)
    remove(root / path)
    return root / path


_ODD_NAMES = (
    "notes.txt",
    "my notes.md",
    "-n",
    "[x].py",
    "é.md",
    "日本.txt",
    'a"b',
    "tab\tname",
    "new\nline",
    "*.py",
    "back\\slash",
    "setup.cfg~HEAD",
    "$HOME",
    ":(top)x",
    "\udcff.bin",  # a name that is no UTF-8
    "Readme.md",
    "clean.env",
)
_IGNORED = (".env", "data/raw/day.parquet", ".venv/bin/python", "build/out.txt")
_DEPENDENCIES = ("torch>=2.6", "polars==1.30.0", "requests", "scipy>=1.14,<2")


def lines() -> SearchStrategy[bytes]:
    """A line: mostly text, sometimes what is no UTF-8 or looks like git's own."""
    text = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=30)
    return st.one_of(
        text.map(str.encode),
        st.sampled_from(
            [
                b"x = 1  # mine",
                b"",
                b"    ",
                b"<<<<<<< HEAD",
                b"=======",
                b">>>>>>> theirs",
                b"caf\xe9",
                b"\xed\xa0\x80 a lone surrogate",
                b"ends like Windows\r",
                b"<!-- report:results -->",
            ]
        ),
    )


def contents() -> SearchStrategy[bytes]:
    """What a file may hold: lines, with or without the last line's end, or any bytes."""
    return st.one_of(
        st.lists(lines(), max_size=6).map(lambda some: b"".join(line + b"\n" for line in some)),
        st.lists(lines(), min_size=1, max_size=3).map(b"\n".join),
        st.binary(max_size=60).map(lambda some: b"\x89PNG\0" + some),
    )


def edits(old: Tree, new: Tree) -> SearchStrategy[list[Edit]]:
    """Up to six edits of a project made from the render `old`, to be updated to `new`.

    Half of them hit files that the update changes.
    """
    rendered = sorted(set(old) - {ANSWERS})
    changed = [path for path in rendered if new.get(path) != old[path]]
    added = sorted(set(new) - set(old))
    folders = sorted(_folders(rendered))
    moved_folders = sorted(_folders(changed))
    file = st.one_of(st.sampled_from(changed), st.sampled_from(rendered))
    folder = st.one_of(st.sampled_from(moved_folders), st.sampled_from(folders))
    name = st.builds(
        lambda folder, name: f"{folder}{name}",
        st.one_of(st.just(""), folder.map(lambda each: f"{each}/"), st.just("new folder/")),
        st.sampled_from(_ODD_NAMES),
    )
    text = st.lists(lines(), max_size=3).map(tuple)
    at = st.integers(0, 4000)
    below = file.map(lambda each: f"{each}/inner.txt")
    taken = st.sampled_from(added)
    same = taken.map(lambda path: Write(path, new[path].data))
    ignored = st.one_of(
        st.sampled_from(_IGNORED),
        folder.map(lambda each: f"{each}/__pycache__/kept.pyc"),
        folder.map(lambda each: f"{each}/.env"),
    )
    anywhere = st.one_of(name, file)
    one = st.one_of(
        st.builds(Lines, file, at, st.integers(0, 5), text),
        st.builds(Lines, st.just(README), at, st.integers(0, 2), text),
        st.builds(Lines, st.just(PYPROJECT), at, st.integers(0, 2), text),
        _of_pyproject(),
        st.builds(Fill, st.sampled_from([README, "MODEL_CARD.md"]), lines()),
        st.builds(Lines, st.just(ANSWERS), at, st.just(0), st.just((b"# mine: ask Ada",))),
        _of_answers(),
        st.builds(Lines, st.just(IGNORE), at, st.just(0), _patterns(rendered)),
        st.builds(Lines, st.just(ATTRIBUTES), at, st.just(0), _attributes()),
        st.builds(Write, anywhere, contents()),
        st.builds(Write, taken, contents()),
        same,
        st.builds(Write, st.one_of(below, folder, taken.map(_inner)), contents()),
        st.builds(Force, ignored, contents()),
        st.builds(Leave, ignored, contents()),
        st.builds(Leave, st.one_of(name, name, name, name, taken), contents()),
        st.builds(Link, anywhere, st.sampled_from(["README.md", "nowhere", "/dev/null", ".."])),
        st.builds(Move, file, st.one_of(name, taken, file)),
        st.builds(Move, folder, st.one_of(name, st.just("elsewhere/deep"))),
        st.builds(Delete, st.one_of(file, file, folder)),
        st.builds(Endings, file, st.sampled_from([1, 1, 2, 3])),
        st.builds(Recode, file, st.sampled_from(["latin-1", "utf-16", "utf-8-sig", "cp1252"])),
        st.builds(Mode, file),
    )
    return st.lists(one, min_size=1, max_size=6)


def _of_pyproject() -> SearchStrategy[Edit]:
    """What users do to pyproject.toml: pins, new dependencies, settings of tools."""
    version = st.sampled_from(["==9.9.9", ">=99", "~=1.0", "", "[extra]>=1 ; python_version > '3'"])
    name = st.sampled_from(["fastapi", "numpy", "pytest", "ruff", "httpx", "polars", "mlflow"])
    pins = st.builds(
        lambda name, version: Substitute(PYPROJECT, rf'"{name}[^"\n]*"', f'"{name}{version}"'),
        name,
        version,
    )
    added = st.builds(
        lambda after, new: Substitute(PYPROJECT, rf'^  "{after}', f'  "{new}",\n  "{after}'),
        name,
        st.sampled_from(_DEPENDENCIES),
    )
    dropped = name.map(lambda name: Substitute(PYPROJECT, rf'^  "{name}.*\n', ""))
    settings = st.sampled_from(
        [
            Substitute(PYPROJECT, "line-length = 100", "line-length = 88"),
            Substitute(PYPROJECT, "strict = true", "strict = false"),
            Substitute(PYPROJECT, '^version = ".*"', 'version = "7.0.0"'),
            Substitute(PYPROJECT, '^description = ".*"', 'description = "Ours"'),
            Substitute(PYPROJECT, "requires-python = .*", 'requires-python = ">=3.12"'),
        ]
    )
    return st.one_of(pins, added, dropped, settings)


def _of_answers() -> SearchStrategy[Edit]:
    """Answers edited by hand, which nobody should do."""
    return st.sampled_from(
        [
            Substitute(ANSWERS, "^author_name: .*", "author_name: Ada"),
            Substitute(ANSWERS, "^place_name: .*", "place_name: Karachi"),
            Substitute(ANSWERS, "^use_dashboard: true", "use_dashboard: false"),
            Substitute(ANSWERS, "^use_ci: true", "use_ci: false"),
        ]
    )


def _attributes() -> SearchStrategy[tuple[bytes, ...]]:
    """Lines of a .gitattributes that ask git for another way of merging, or none."""
    some = ["*.md merge=union", "*.py -merge", "* -diff", "*.toml binary", "*.txt filter=none"]
    return st.sampled_from(some).map(lambda line: (line.encode(),))


def _patterns(rendered: Sequence[str]) -> SearchStrategy[tuple[bytes, ...]]:
    """Lines of a .gitignore, most of which match files that are tracked."""
    some = st.sampled_from([*rendered, "*.py", "docs", "src/", "*"])
    return some.map(lambda pattern: (pattern.encode(),))


def _folders(paths: Iterable[str]) -> set[str]:
    return {str(each) for path in paths for each in PurePosixPath(path).parents} - {"."}


def _inner(path: str) -> str:
    """A path that has a file where `path` wants a folder, or the other way round."""
    parent = str(PurePosixPath(path).parent)
    return f"{path}/inner.txt" if parent == "." else parent
