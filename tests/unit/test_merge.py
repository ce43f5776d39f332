"""The merge: git's, of three trees, with what it leaves in conflict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlscaffold import project
from mlscaffold.merge import Merge, merge
from mlscaffold.scratch import Scratch

from ..conftest import git
from ..playground import RECORD, Contents, everything, fill, repository

TEXT = "".join(f"line {number}\n" for number in range(12))
MINE = TEXT.replace("line 1\n", "mine\n")
THEIRS = TEXT.replace("line 10\n", "theirs\n")
BOTH = MINE.replace("line 10\n", "theirs\n")
CLASH = TEXT.replace("line 1\n", "clash\n")


@pytest.fixture
def three(work: Path, tmp_path: Path) -> Callable[..., tuple[Scratch, Merge]]:
    """Merge base, the user's and the template's files; an answers file is the same on all sides."""

    def run(
        base: Contents, mine: Contents, theirs: Contents, *, prefix: str = "", kind: str = "sha1"
    ) -> tuple[Scratch, Merge]:
        record = {".copier-answers.yml": RECORD}
        around = {"around/file": "theirs alone\n"} if prefix else {}
        users = {f"{prefix}{path}": text for path, text in {**record, **mine}.items()}
        made = repository(work / "project", {**around, **users}, f"--object-format={kind}")
        found = project.find(made / prefix)
        scratch = Scratch(tmp_path / "scratch.git", found)
        whole = scratch.git("rev-parse", f"{found.head}^{{tree}}").strip()
        trees = [
            scratch.splice(scratch.add(fill(tmp_path / side, {**record, **files})), whole)
            for side, files in (("base", base), ("new", theirs))
        ]
        before = everything(made)
        merged = merge(scratch, trees[0], whole, trees[1], "template-2.0")
        assert everything(made) == before
        return scratch, merged

    return run


def content(scratch: Scratch, merged: Merge, path: str) -> bytes | None:
    """What a path holds in the result."""
    entry = scratch.files(merged.tree).get(path)
    return scratch.blobs([entry.id])[entry.id] if entry else None


Run = Callable[..., tuple[Scratch, Merge]]


@pytest.mark.parametrize("prefix", ["", "sub folder/"])
@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_edits_of_both_are_merged(three: Run, prefix: str, kind: str) -> None:
    scratch, merged = three({"a": TEXT}, {"a": MINE}, {"a": THEIRS}, prefix=prefix, kind=kind)
    assert content(scratch, merged, f"{prefix}a") == BOTH.encode()
    assert [each.path for each in merged.changes] == [f"{prefix}a"]
    assert (merged.stages, merged.conflicts, merged.deleted) == ((), (), ())
    assert merged.scratch == scratch.path
    assert not prefix or content(scratch, merged, "around/file") == b"theirs alone\n"


def test_the_same_place_is_a_conflict_with_all_three_sides(three: Run) -> None:
    scratch, merged = three({"a": TEXT}, {"a": MINE}, {"a": CLASH})
    text = content(scratch, merged, "a")
    assert text
    assert b"<<<<<<< yours\nmine\n=======\nclash\n>>>>>>> template-2.0\n" in text
    assert [(each.path, each.stage) for each in merged.stages] == [("a", 1), ("a", 2), ("a", 3)]
    sides = scratch.blobs([each.id for each in merged.stages])
    assert [sides[each.id].decode() for each in merged.stages] == [TEXT, MINE, CLASH]
    [conflict] = merged.conflicts
    assert (conflict.paths, conflict.kind) == (("a",), "contents")
    assert "Merge conflict in a" in conflict.message


def test_what_the_template_renames_keeps_the_edits(three: Run) -> None:
    scratch, merged = three({"old": TEXT}, {"old": MINE}, {"new": THEIRS})
    assert content(scratch, merged, "new") == BOTH.encode()
    assert content(scratch, merged, "old") is None
    assert merged.stages == ()


def test_what_the_user_renames_keeps_the_templates_edits(three: Run) -> None:
    scratch, merged = three({"old": TEXT}, {"mine": MINE}, {"old": THEIRS})
    assert content(scratch, merged, "mine") == BOTH.encode()
    assert content(scratch, merged, "old") is None


@pytest.mark.parametrize(
    "setting", ["merge.renames=false", "diff.renames=false", "merge.renameLimit=1"]
)
def test_configuration_makes_no_difference(three: Run, tmp_path: Path, setting: str) -> None:
    key, value = setting.split("=")
    git(tmp_path, "config", "--global", key, value)
    test_what_the_template_renames_keeps_the_edits(three)


def test_a_new_file_of_the_users_stays_where_it_was_put(three: Run) -> None:
    """git would move it along when the template renames the folder."""
    files = {f"old/{number}": f"{number}{TEXT}" for number in range(3)}
    moved = {path.replace("old", "new"): text for path, text in files.items()}
    scratch, merged = three(files, {**files, "old/mine": "mine\n"}, moved)
    assert merged.stages == ()
    assert content(scratch, merged, "old/mine") == b"mine\n"
    assert content(scratch, merged, "new/1")


@pytest.mark.parametrize("theirs", [TEXT, THEIRS])
def test_edits_survive_where_the_user_has_made_the_file_that_it_becomes(
    three: Run, theirs: str
) -> None:
    scratch, merged = three({"a": TEXT}, {"a": MINE, "b": theirs}, {"b": theirs})
    assert content(scratch, merged, "a") == MINE.encode()
    assert content(scratch, merged, "b") == theirs.encode()
    assert [(each.path, each.stage) for each in merged.stages] == [("a", 1), ("a", 2)]
    assert [each.kind for each in merged.conflicts] == ["modify/delete"]
    assert merged.changes == ()


def test_both_renaming_it_differently_loses_neither(three: Run) -> None:
    scratch, merged = three({"old": TEXT}, {"mine": MINE}, {"theirs": THEIRS})
    assert content(scratch, merged, "mine")
    assert content(scratch, merged, "theirs")
    assert {each.path for each in merged.stages} == {"old", "mine", "theirs"}
    assert merged.deleted == ()


def test_both_adding_a_path(three: Run) -> None:
    scratch, merged = three({}, {"a": "mine\n"}, {"a": "theirs\n"})
    assert content(scratch, merged, "a") == (
        b"<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> template-2.0\n"
    )
    assert [each.stage for each in merged.stages] == [2, 3]


def test_a_file_that_becomes_a_folder(three: Run) -> None:
    scratch, merged = three({"a": TEXT}, {"a": TEXT}, {"a/b": THEIRS})
    assert merged.stages == ()
    assert content(scratch, merged, "a/b") == THEIRS.encode()


def test_a_folder_where_the_user_has_a_file(three: Run) -> None:
    scratch, merged = three({"x": "x\n"}, {"x": "x\n", "a": "mine\n"}, {"x": "x\n", "a/b": "b\n"})
    assert content(scratch, merged, "a/b") == b"b\n"
    assert content(scratch, merged, "a~yours") == b"mine\n"
    assert [each.kind for each in merged.conflicts] == ["file/directory"]


def test_a_file_where_the_user_has_a_folder(three: Run) -> None:
    """A new one is set aside; of a file that the user deleted for it nothing is taken."""
    scratch, merged = three({"x": "x\n"}, {"x": "x\n", "a/b": "b\n"}, {"x": "x\n", "a": "new\n"})
    assert content(scratch, merged, "a/b") == b"b\n"
    assert content(scratch, merged, "a~template-2.0") == b"new\n"
    assert [(each.path, each.stage) for each in merged.stages] == [("a~template-2.0", 3)]


def test_a_folder_in_place_of_a_deleted_file_that_the_template_changed(three: Run) -> None:
    scratch, merged = three({"a": TEXT}, {"a/b": "b\n"}, {"a": THEIRS})
    assert scratch.files(merged.tree).keys() == {".copier-answers.yml", "a/b"}
    assert merged.deleted
    assert merged.stages == merged.changes == ()


@pytest.mark.parametrize("theirs", [{"a": THEIRS}, {"b": TEXT}, {"b": THEIRS}])
def test_what_the_user_deleted_stays_deleted_and_is_named(three: Run, theirs: Contents) -> None:
    scratch, merged = three({"a": TEXT, "x": "x\n"}, {"x": "y\n"}, {**theirs, "x": "x\n"})
    assert scratch.files(merged.tree).keys() == {".copier-answers.yml", "x"}
    assert merged.deleted == tuple(theirs)
    assert merged.changes == merged.stages == merged.conflicts == ()


def test_what_the_template_deletes_and_the_user_edited_is_a_conflict(three: Run) -> None:
    scratch, merged = three({"a": TEXT}, {"a": MINE}, {})
    assert content(scratch, merged, "a") == MINE.encode()
    assert [(each.path, each.stage) for each in merged.stages] == [("a", 1), ("a", 2)]
    assert [each.kind for each in merged.conflicts] == ["modify/delete"]


@pytest.mark.parametrize(
    ("mine", "theirs", "wanted", "conflict"),
    [
        (b"\0mine", b"\0base", b"\0mine", False),
        (b"\0base", b"\0theirs", b"\0theirs", False),
        (b"\0same", b"\0same", b"\0same", False),
        (b"\0mine", b"\0theirs", b"\0mine", True),
    ],
)
def test_binaries(three: Run, mine: bytes, theirs: bytes, wanted: bytes, conflict: bool) -> None:
    scratch, merged = three({"a": b"\0base"}, {"a": mine}, {"a": theirs})
    assert content(scratch, merged, "a") == wanted
    assert bool(merged.stages) is conflict


def test_modes_and_links_are_merged(work: Path, tmp_path: Path) -> None:
    made = repository(work / "project", {".copier-answers.yml": RECORD, "run": MINE, "to": ""})
    (made / "run").chmod(0o755)
    (made / "mine").symlink_to("to")
    git(made, "add", "-A")
    git(made, "commit", "-qm", "x")
    found = project.find(made)
    scratch = Scratch(tmp_path / "scratch.git", found)
    base = fill(tmp_path / "base", {".copier-answers.yml": RECORD, "run": TEXT, "to": ""})
    new = fill(tmp_path / "new", {".copier-answers.yml": RECORD, "run": THEIRS, "to": ""})
    (new / "theirs").symlink_to("to")
    merged = merge(scratch, scratch.add(base), f"{found.head}^{{tree}}", scratch.add(new), "t-2")
    modes = {path: entry.mode for path, entry in scratch.files(merged.tree).items()}
    assert modes["run"] == "100755"
    assert modes["mine"] == modes["theirs"] == "120000"
    assert content(scratch, merged, "run") == BOTH.encode()


@pytest.mark.parametrize("name", ["with space", "-n", "[x]", "é", "line\nbreak", ":(top)x", '"q"'])
def test_any_name_will_do(three: Run, name: str) -> None:
    scratch, merged = three(
        {name: TEXT, f"{name}2": TEXT, f"{name}3": TEXT},
        {name: MINE, f"{name}2": MINE},
        {name: THEIRS, f"{name}2": CLASH, f"{name}3": THEIRS},
    )
    assert content(scratch, merged, name) == BOTH.encode()
    assert {each.path for each in merged.stages} == {f"{name}2"}
    assert merged.conflicts[0].paths == (f"{name}2",)
    assert merged.deleted == (f"{name}3",)
    assert {each.path for each in merged.changes} == {name, f"{name}2"}
