"""The repository beside the user's: trees are written and compared, and theirs stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold import project
from mlscaffold.scratch import Scratch

from ..conftest import git
from ..playground import RECORD, commit, everything, fill, repository

HARD = {
    "plain": "one\n",
    "with space": "two\n",
    "-n": "three\n",
    "[x]*?": "four\n",
    "é/ü": "five\n",
    "line\nbreak\ttab": "six\n",
    ":(top)x": "seven\n",
    '"quoted"': "eight\n",
    ".gitignore": "ignored\n",
    "ignored": "nine\n",
    "binary": b"\0\xff\r\n\r",
    "latin": b"\xe9\r\n",
    "empty": "",
}


@pytest.fixture(params=["project", 'line\nbreak: "é"'])
def made(request: pytest.FixtureRequest, work: Path) -> project.Project:
    """A project, also in a folder whose name git must quote."""
    return project.find(repository(work / request.param, {".copier-answers.yml": RECORD, **HARD}))


@pytest.fixture
def scratch(made: project.Project, tmp_path: Path) -> Scratch:
    """A scratch repository beside it."""
    return Scratch(tmp_path / "scratch.git", made)


def test_it_sees_the_users_objects_and_leaves_them_alone(
    made: project.Project, scratch: Scratch, tmp_path: Path
) -> None:
    before = everything(made.root)
    found = scratch.files(made.head)
    assert found.keys() == HARD.keys() | {".copier-answers.yml"}
    contents = scratch.blobs([entry.id for entry in found.values()])
    assert contents[found["latin"].id] == b"\xe9\r\n"
    assert contents[found["empty"].id] == b""
    assert scratch.blobs([]) == {}
    fill(tmp_path / "render", {"new": "of the template's\n"})
    scratch.add(tmp_path / "render")
    assert everything(made.root) == before


def test_what_is_added_comes_out_again(
    made: project.Project, scratch: Scratch, tmp_path: Path
) -> None:
    folder = fill(tmp_path / "render", HARD)
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("plain")
    (folder / "nowhere").symlink_to("/absent")
    tree = scratch.add(folder)
    modes = {entry.path: entry.mode for entry in scratch.files(tree).values()}
    assert {modes["run.sh"], modes["link"], modes["plain"]} == {"100755", "120000", "100644"}
    scratch.export(tree, tmp_path / "out")
    for path in HARD:
        assert (tmp_path / "out" / path).read_bytes() == (folder / path).read_bytes()
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o111
    assert (tmp_path / "out" / "nowhere").readlink() == Path("/absent")
    assert scratch.add(tmp_path / "out") == tree
    assert scratch.changes(made.head, made.head) == ()


def test_trees_are_changed_in_places(scratch: Scratch, tmp_path: Path) -> None:
    tree = scratch.add(fill(tmp_path / "render", {**HARD, "deep/er/file": "x\n"}))
    less = scratch.without(tree, ["deep/er/file", ":(top)x", "line\nbreak\ttab"])
    assert scratch.files(tree).keys() - scratch.files(less).keys() == {
        "deep/er/file",
        ":(top)x",
        "line\nbreak\ttab",
    }
    assert scratch.without(tree, []) == tree
    other = scratch.replaced(tree, {"-n": b"\xe9\r\n\0", "deep/new": b""})
    changes = {each.path: each for each in scratch.changes(tree, other)}
    assert changes.keys() == {"-n", "deep/new"}
    assert changes["deep/new"].before is None
    entry = changes["-n"].after
    assert entry
    assert scratch.blobs([entry.id])[entry.id] == b"\xe9\r\n\0"
    [removed] = scratch.changes(tree, scratch.without(tree, ["-n"]))
    assert (removed.path, removed.after) == ("-n", None)


def test_renames_are_followed_whatever_is_configured(scratch: Scratch, tmp_path: Path) -> None:
    git(tmp_path, "config", "--global", "diff.renames", "false")
    text = "".join(f"line {number}\n" for number in range(20))
    before = scratch.add(fill(tmp_path / "a", {"old name": text, "x": "x\n"}))
    after = scratch.add(fill(tmp_path / "b", {"new\nname": f"{text}more\n", "x": "x\n"}))
    assert scratch.renames(before, after) == {"new\nname": "old name"}


@pytest.mark.parametrize("prefix", ["sub/", "sub folder/[é]/", ":(top)x/", "-n/"])
def test_only_the_projects_folder_is_replaced(work: Path, tmp_path: Path, prefix: str) -> None:
    files = {f"{prefix}.copier-answers.yml": RECORD, f"{prefix}old": "1\n"}
    outer = repository(work / "outer", {**files, "around/a": "a\n", f"{prefix[:-1]}2/b": "b\n"})
    found = project.find(outer / prefix)
    scratch = Scratch(tmp_path / "scratch.git", found)
    assert scratch.files(found.head, prefix).keys() == files.keys()
    tree = scratch.splice(scratch.add(fill(tmp_path / "render", {"new": "2\n"})), found.head)
    assert scratch.files(tree).keys() == {f"{prefix}new", "around/a", f"{prefix[:-1]}2/b"}


def test_object_ids_are_of_the_users_kind(work: Path, tmp_path: Path) -> None:
    made = repository(work / "p", {".copier-answers.yml": RECORD}, "--object-format=sha256")
    found = project.find(made)
    scratch = Scratch(tmp_path / "scratch.git", found)
    tree = scratch.add(fill(tmp_path / "render", {"a": "a\n"}))
    assert len(tree) == len(found.head) == 64
    assert scratch.files(scratch.without(tree, ["a"])) == {}


def test_the_users_objects_may_lie_in_yet_another_repository(work: Path, tmp_path: Path) -> None:
    repository(work / "project", {".copier-answers.yml": RECORD, **HARD})
    git(work, "clone", "-q", "--shared", "project", "clone")
    commit(work / "clone", {"more": "x\n"})
    found = project.find(work / "clone")
    scratch = Scratch(tmp_path / "other.git", found)
    assert scratch.files(found.head).keys() > HARD.keys()
