"""What an update lost of a user's work, told from the files before and after it alone.

Nothing of the engine is used here: neither its merge nor its account of it, but for the sentences
that it says to the user.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from .edits import ANSWERS
from .tree import LINK, Item, Tree

_BINARY = 8000  # git takes a file for binary when there is a zero byte in as many first bytes
MARKER = b"<<<<<<< "


@dataclass(frozen=True)
class Pair:
    """Two releases: their renders with the same answers, and what the second renamed.

    Attributes:
        old: The render of the first.
        new: The render of the second.
        moved: New path by old path.
    """

    old: Tree
    new: Tree
    moved: Mapping[str, str]

    @cached_property
    def put_in(self) -> dict[str, set[bytes]]:
        """Lines that the second puts into each file of the first, elsewhere in it perhaps."""
        found = {}
        for path, item in self.old.items():
            after = self.new.get(self.moved.get(path, path))
            if after and after.data != item.data:
                compared = difflib.ndiff(_texts(item.data), _texts(after.data))
                found[path] = {line[2:].encode("latin-1") for line in compared if line[0] == "+"}
        return found


@dataclass(frozen=True)
class Told:
    """What the user was told.

    Attributes:
        sentences: All sentences.
        locks: Lock files that are stale now.
        conflicts: Files in conflict.
        files: Every file of which something was told, those in conflict too.
        crash: The error that ended the update, where that is no sentence.
    """

    sentences: str = ""
    locks: Collection[str] = ()
    conflicts: Collection[str] = ()
    files: Collection[str] = ()
    crash: str = ""


@dataclass(frozen=True)
class Loss:
    """Something of the user's that is not there any more; `kind` is one of a few."""

    kind: str
    path: str
    detail: str = ""


@dataclass(frozen=True)
class Outcome:
    """A project before and after an update.

    Attributes:
        pair: The releases.
        mine: The work tree before.
        tracked: The paths of it that were committed.
        after: The work tree after.
        stages: What the index holds of the paths in conflict.
        told: What the user was told.
    """

    pair: Pair
    mine: Tree
    tracked: Collection[str]
    after: Tree
    stages: Mapping[str, Mapping[int, Item]]
    told: Told = Told()

    def losses(self) -> Iterator[Loss]:
        """Everything that was the user's and is gone, overwritten or undone."""
        for path, item in self.mine.items():
            if path not in self.tracked:
                if self.after.get(path) != item:
                    yield Loss("a file that is not tracked", path)
            elif path not in self.pair.old:
                yield from self._of_added(path, item)
            elif item != self.pair.old[path]:
                yield from self._of_changed(path, item, self.pair.old[path])
        for path in self.pair.old.keys() - self.mine.keys():
            yield from self._of_deleted(path)
        for path, item in self.after.items():
            marked = MARKER in item.data and path not in self.stages
            mine = self.mine.get(path) or self.mine.get(self._source(path))
            if marked and item.data.count(MARKER) > (mine.data.count(MARKER) if mine else 0):
                yield Loss("a conflict that git does not know of", path)

    def _of_added(self, path: str, item: Item) -> Iterator[Loss]:
        """A file that the template does not have, or has elsewhere: the user renamed it perhaps."""
        if item in self._places(path):
            return
        if item.mode == LINK or is_binary(item.data):
            yield Loss("a file that you added", path)
            return
        removed = [self.pair.old[each] for each in self.pair.old.keys() - self.mine.keys()]
        known: Counter[bytes] = Counter()
        for each in removed:
            known |= _lines(each.data, item.data)
        gone = self._gone(path, item, _lines(item.data, item.data) - known)
        if gone:
            yield Loss("a file that you added", path, _shown(gone))
        elif not removed and path not in self.pair.new:  # an empty one says nothing
            yield Loss("a file that you added", path, "it is not the same any more")

    def _of_changed(self, path: str, item: Item, old: Item) -> Iterator[Loss]:
        if item.mode == LINK or old.mode == LINK or is_binary(item.data):
            if item not in self._places(path):
                kind = "a link" if item.mode == LINK else "a binary file"
                yield Loss(f"{kind} that you changed", path)
            return
        gone = self._gone(path, item, _lines(item.data, item.data) - _lines(old.data, item.data))
        if gone:
            yield Loss("a line that you changed or added", path, _shown(gone))
        if path in self.stages or path == ANSWERS:
            return
        if now := self._now(path):
            yield from self._of_merged(path, item, old, now)
        elif item.mode != old.mode or _lines(item.data, item.data) != _lines(old.data, item.data):
            yield Loss("a file that you changed", path, "it is gone")

    def _of_merged(self, path: str, item: Item, old: Item, now: Item) -> Iterator[Loss]:
        """What is not a line: modes, line endings, deletions."""
        if item.mode != old.mode and now.mode != item.mode:
            yield Loss("a mode that you changed", path)
        if item.data == old.data:
            return
        if _is_dos(item.data) and not _is_dos(now.data):
            yield Loss("line endings that you changed", path)
        back = (_lines(old.data, item.data).keys() - _lines(item.data, item.data).keys()) & (
            _lines(now.data, item.data).keys() - self.pair.put_in.get(path, set()) - {b""}
        )
        if back:
            yield Loss("a line that you deleted is back", path, _shown(back))

    def _of_deleted(self, path: str) -> Iterator[Loss]:
        for there in {path, self.pair.moved.get(path, path)}:
            mine = self.mine.get(there)
            if there in self.after and there not in self.stages and mine is None:
                yield Loss("a file that you deleted is back", there)

    def missed(self) -> Iterator[Loss]:
        """What the update should have brought and did not: files that the user left alone."""
        new, mine, after = self.pair.new, self.mine, self.after
        if _answers(mine) != _answers(self.pair.old):
            return  # another render comes than `new`
        for path, old in self.pair.old.items():
            if mine.get(path) != old or path in {*self.stages, *self.told.locks, ANSWERS}:
                continue
            there = self.pair.moved.get(path, path)
            if there != path and (there in mine or there in self.stages):
                continue
            if path not in new and path in after and path != there:
                yield Loss("a renamed file is still there", path)
            if there in new and after.get(there) != new[there] and not self._in_the_way(there):
                yield Loss("a change did not arrive", there)
            if there not in new and path in after:
                yield Loss("a removed file is still there", path)
        for path in new.keys() - self.pair.old.keys() - set(self.pair.moved.values()):
            if path not in after and path not in self.stages and not self._in_the_way(path):
                yield Loss("a new file did not arrive", path)

    def untold(self) -> Iterator[Loss]:
        """What should have been told and was not: conflicts, and what is not brought back."""
        for path in self.stages.keys() ^ set(self.told.conflicts):
            yield Loss("a conflict that is not told", path)
        if self.mine.keys() - self.pair.old.keys():
            return  # what seems deleted may be renamed
        for path in self.pair.old.keys() - self.mine.keys():
            there = self.pair.moved.get(path, path)
            changed = there in self.pair.new and self.pair.new[there] != self.pair.old[path]
            if changed and not {path, there} & set(self.told.files):
                yield Loss("a deletion that is not told", path)

    def _in_the_way(self, path: str) -> bool:
        """Whether the user has a file where `path` wants a folder, or a folder in its place."""
        return any(
            each.startswith(f"{path}/") or path.startswith(f"{each}/")
            for each in self.mine.keys() - self.pair.old.keys() | self._changed_kind
        )

    @cached_property
    def _changed_kind(self) -> set[str]:
        return {path for path, item in self.mine.items() if item.mode == LINK}

    def _now(self, path: str) -> Item | None:
        """A file after the update: where it was, or where the template has moved it."""
        return self.after.get(path) or self.after.get(self.pair.moved.get(path, path))

    def _source(self, path: str) -> str:
        return next((old for old, new in self.pair.moved.items() if new == path), "")

    @cached_property
    def _elsewhere(self) -> list[Item]:
        """Files that were not there before, and the user's side of every conflict."""
        new = [item for path, item in self.after.items() if path not in self.mine]
        return new + [sides[2] for sides in self.stages.values() if 2 in sides]

    def _places(self, path: str) -> list[Item]:
        """Where what stood in `path` may be."""
        now = self._now(path)
        return [*([now] if now else []), *self._elsewhere]

    def _gone(self, path: str, item: Item, mine: Counter[bytes]) -> Counter[bytes]:
        """The lines among `mine` that are in no place as often as they should be."""
        for place in self._places(path):
            mine -= mine & _lines(place.data, item.data)
            if not mine:
                break
        return Counter(
            {
                line: count
                for line, count in mine.items()
                if line.strip().decode("utf-8", "replace") not in self.told.sentences
            }
        )


def _answers(tree: Tree) -> set[bytes]:
    record = tree.get(ANSWERS)
    lines = record.data.splitlines() if record else []
    return {line for line in lines if not line.startswith(b"#")}


def is_binary(data: bytes) -> bool:
    """Whether git takes a file for binary."""
    return b"\0" in data[:_BINARY]


def _is_dos(data: bytes) -> bool:
    return data.count(b"\r\n") == data.count(b"\n") > 0


def _lines(data: bytes, mine: bytes) -> Counter[bytes]:
    """The lines of a file and how often each is in it.

    Where all of the user's lines end as on Windows, how a line ends does not tell lines apart.
    """
    lines = data.split(b"\n")
    if not lines[-1]:
        del lines[-1]
    return Counter(line.rstrip(b"\r") for line in lines) if _is_dos(mine) else Counter(lines)


def _texts(data: bytes) -> list[str]:
    """Lines as texts, one character a byte."""
    return data.decode("latin-1").split("\n")


def _shown(lines: Collection[bytes]) -> str:
    return " | ".join(line.decode("utf-8", "backslashreplace") for line in sorted(lines)[:3])
