"""Apply makes files and index what a merge says, and undo makes them what they were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlscaffold import journal, place, project, undo
from mlscaffold.errors import TargetError

from ..conftest import git
from ..merging import Files, forecast, lay, start, whole

BASE: Files = {
    "a.txt": b"one\ntwo\nthree\n",
    "gone/deep/old.txt": b"old\n",
    "run.sh": b"#!/bin/sh\n",
    "link": b"link:a.txt",
    "turns/into/files.txt": b"x\n",
    "folder-to-be": b"y\n",
}
NEW: Files = {
    "a.txt": b"one\ntwo\n3\n",
    "run.sh": b"#!/bin/sh\necho\n",
    "link": b"link:run.sh",
    "turns": b"a file now\n",
    "folder-to-be/x.txt": b"z\n",
    "new folder/-n": b"1\n",
    "[x] é\n.txt": b"\xff\x00binary",
    "new.sh": b"#!/bin/sh\n",
    os.fsdecode(b"latin-\xe9"): b"2\n",
}


def scene(
    work: Path, mine: Files | None = None, *options: str, prefix: str = ""
) -> project.Project:
    folder = start(work / "p", BASE, *options, prefix=prefix)
    if mine:
        lay(folder, mine)
        git(work / "p", "add", "-A")
        git(work / "p", "commit", "-q", "-m", "Mine")
    return project.find(folder)


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
@pytest.mark.parametrize("prefix", ["", "sub folder/"])
@pytest.mark.parametrize("message", [None, "Update"])
def test_a_clean_merge_is_applied_and_undone(
    work: Path, options: tuple[str, ...], prefix: str, message: str | None
) -> None:
    there = scene(work, {"mine.txt": b"mine\n"}, *options, prefix=prefix)
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    before = whole(there.root)
    done = place.apply(there, merge, "update", message=message)
    assert git(there.root, "write-tree").strip() == merge.tree
    assert git(there.root, "diff", "--stat") == ""
    assert git(there.root, "status", "--porcelain", "--ignored").count("??") == 0
    assert (there.folder / "turns").read_bytes() == b"a file now\n"
    assert (there.folder / "link").readlink() == Path("run.sh")
    assert os.access(there.folder / "new.sh", os.X_OK)
    assert bool(done.commit) == bool(message)
    if message:
        assert git(there.root, "rev-parse", "HEAD", "HEAD~1").split() == [done.commit, there.head]
        assert git(there.root, "status", "--porcelain") == ""
        assert git(there.root, "log", "-g", "-1", "--format=%gs").strip() == "mlscaffold update"
    result = undo.undo(there.folder)
    assert whole(there.root) == before
    assert result.command == "update"
    assert f"{prefix}a.txt" in result.restored
    assert f"{prefix}new.sh" in result.removed
    with pytest.raises(TargetError, match="nothing to undo"):
        undo.undo(there.folder)


def test_conflicts_are_left_as_git_leaves_them(work: Path) -> None:
    there = scene(work, {"a.txt": b"one\ntwo\nmine\n", "gone/deep/old.txt": b"edited\n"})
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    before = whole(there.root)
    place.apply(there, merge, "update")
    assert b"<<<<<<<" in (there.folder / "a.txt").read_bytes()
    assert git(there.root, "diff", "--name-only", "--diff-filter=U").split() == [
        "a.txt",
        "gone/deep/old.txt",
    ]
    git(there.root, "checkout", "--theirs", "a.txt")
    assert (there.folder / "a.txt").read_bytes() == NEW["a.txt"]
    git(there.root, "checkout", "-m", "a.txt")
    undo.undo(there.folder, force=True)
    assert whole(there.root) == before


def test_line_endings_of_the_user_stay(work: Path) -> None:
    folder = start(work / "p", {})
    git(folder, "config", "core.autocrlf", "true")
    base: Files = {"a.txt": b"1\n2\n3\n", "gone.txt": b"x\n"}
    lay(folder, {name: text.replace(b"\n", b"\r\n") for name, text in base.items() if text})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "CRLF")
    git(folder, "config", "core.safecrlf", "true")
    there = project.find(folder)
    merge = forecast(folder, base, {"a.txt": b"1\n2\n4\n", "n.txt": b"n\n"}, work / "scratch")
    before = whole(folder)
    place.apply(there, merge, "update")
    assert (folder / "a.txt").read_bytes() == b"1\r\n2\r\n4\r\n"
    assert (folder / "n.txt").read_bytes() == b"n\r\n"
    assert git(folder, "diff", "--stat") == ""
    undo.undo(folder)
    assert whole(folder) == before


def test_a_linked_worktree_has_a_journal_and_an_index_of_its_own(work: Path) -> None:
    main = scene(work)
    git(main.root, "worktree", "add", "-q", str(work / "linked"))
    there = project.find(work / "linked")
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    outer, before = whole(main.root), whole(there.root, there.git_dir)
    place.apply(there, merge, "update", message="Update")
    assert git(there.root, "status", "--porcelain") == ""
    assert whole(main.root) == outer
    undo.undo(there.folder)
    assert (whole(main.root), whole(there.root, there.git_dir)) == (outer, before)


@pytest.mark.parametrize(
    "mine",
    [
        {"new.sh": b"mine"},
        {"new folder": b"mine"},
        {"new folder": b"link:/tmp"},
        {"new.sh/inner": b"mine"},
        {"turns/ignored.log": b"mine"},
        {"turns/into/link": b"link:/"},
    ],
)
def test_files_in_the_way_are_refused(work: Path, mine: Files) -> None:
    there = scene(work, {".gitignore": b"*.log\n"})
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    lay(there.folder, mine)
    before = whole(there.root)
    with pytest.raises(TargetError, match="does not track") as caught:
        place.apply(there, merge, "update")
    assert next(iter(mine)) in caught.value.what
    assert whole(there.root) == before
    assert journal.load(there.git_dir) is None


@pytest.mark.parametrize("bit", ["--skip-worktree", "--assume-unchanged"])
def test_what_git_does_not_look_at_is_refused(work: Path, bit: str) -> None:
    there = scene(work)
    git(there.root, "update-index", bit, "a.txt")
    lay(there.folder, {"a.txt": b"mine\n"})
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    before = whole(there.root)
    with pytest.raises(TargetError, match=r"not to look at files that would be changed: a\.txt"):
        place.apply(there, merge, "update")
    assert whole(there.root) == before


def test_empty_folders_give_way_and_come_back(work: Path) -> None:
    there = scene(work)
    (there.folder / "new.sh" / "empty").mkdir(parents=True)
    (there.folder / "turns" / "empty").mkdir()
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    before = whole(there.root)
    place.apply(there, merge, "update")
    assert (there.folder / "new.sh").is_file()
    undo.undo(there.folder)
    assert whole(there.root) == before


def test_a_lock_of_gits_is_respected(work: Path) -> None:
    there = scene(work)
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    lock = there.git_dir / "index.lock"
    lock.write_bytes(b"")
    with pytest.raises(TargetError, match="git is at work"):
        place.apply(there, merge, "update")
    lock.unlink()
    place.apply(there, merge, "update")
    lock.write_bytes(b"")
    with pytest.raises(TargetError, match="git is at work"):
        undo.undo(there.folder)
    assert lock.exists()
    lock.unlink()
    undo.undo(there.folder)


def test_a_split_index_is_refused(work: Path) -> None:
    there = scene(work)
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    git(there.root, "update-index", "--split-index")
    with pytest.raises(TargetError, match="split"):
        place.apply(there, merge, "update")


def test_a_sparse_checkout_loses_nothing(work: Path) -> None:
    there = scene(work, {"docs/x.txt": b"x\n"})
    merge = forecast(there.folder, BASE, {**NEW, "docs/y.txt": b"y\n"}, work / "scratch")
    git(there.root, "sparse-checkout", "set", "--no-cone", "/*", "!/docs/")
    before = whole(there.root)
    place.apply(there, merge, "update")
    assert git(there.root, "write-tree").strip() == merge.tree
    undo.undo(there.folder)
    assert whole(there.root) == before


def test_read_only_files_and_hooks(work: Path) -> None:
    there = scene(work)
    (there.folder / "a.txt").chmod(0o444)
    hook = there.git_dir / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-commit"):
        (hook.parent / name).write_text("#!/bin/sh\ntouch ../ran ran\n")
        (hook.parent / name).chmod(0o755)
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    for path in work.rglob("ran"):  # the test's own git ran some
        path.unlink()
    index = (there.git_dir / "index").read_bytes()
    place.apply(there, merge, "update", message="Update")
    undo.undo(there.folder)
    assert list(work.rglob("ran")) == []
    assert (there.folder / "a.txt").stat().st_mode & 0o777 == 0o444
    assert (there.git_dir / "index").read_bytes() == index
