"""Staging folders: held, placed in one step, merged by journal, swept when dead."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from filelock import FileLock

from mlscaffold import repo, workspace
from mlscaffold.errors import GitError, TargetError
from mlscaffold.target import inspect

from ..conftest import git, leftovers, snapshot, write
from .test_target import hosted


def test_a_tree_is_placed_with_its_parents_and_nothing_else_is_left(work: Path) -> None:
    target = inspect(Path("deep/er/new"))
    with workspace.staging(target) as stage:
        assert leftovers(work) == [stage.root.name]
        write(stage.tree, {"a": "1"})
        stage.place(target)
    assert snapshot(work) == {"deep/er/new/a": b"1"}
    assert leftovers(work) == []


def test_a_target_that_came_into_being_meanwhile_is_left_alone(work: Path) -> None:
    target = inspect(Path("deep/new"))
    with pytest.raises(TargetError, match="somebody else"), workspace.staging(target) as stage:
        write(stage.tree, {"a": "1"})
        write(work / "deep" / "new", {"b": "2"})
        stage.place(target)
    assert snapshot(work) == {"deep/new/b": b"2"}


def test_a_dead_run_is_swept_and_a_live_one_is_not(work: Path) -> None:
    write(work / ".mlscaffold-x-1", {"lock": "", "x/a": "1"})
    write(work / ".mlscaffold-y-2", {"lock": "", "y/a": "1"})
    write(work / ".mlscaffold-notes", {"mine": "no lock in it"})
    (work / ".mlscaffold-file").write_text("")
    with FileLock(work / ".mlscaffold-y-2" / "lock"):
        assert [path.name for path in workspace.sweep(work)] == [".mlscaffold-x-1"]
    assert leftovers(work) == [".mlscaffold-file", ".mlscaffold-notes", ".mlscaffold-y-2"]


def test_two_runs_do_not_merge_into_one_folder(work: Path) -> None:
    target = inspect(Path())
    with workspace.staging(target):
        with pytest.raises(TargetError, match="Another mlscaffold"), workspace.staging(target):
            pass
        assert leftovers(work) == [workspace.HERE]
    assert leftovers(work) == []


def test_a_merge_keeps_the_licence_and_commits_on_top(work: Path) -> None:
    hosted(work)
    target = inspect(Path())
    assert target.repository
    with workspace.staging(target) as stage:
        write(stage.tree, {"README.md": "# new\n", "src/a.py": "", ".gitignore": "x\n"})
        made = repo.commit_tree(target.repository, stage.tree, stage.root / "index", "Start")
        stage.merge(target, made.id)
    assert git(work, "log", "--format=%s").split("\n")[:2] == ["Start", "Initial commit"]
    assert git(work, "status", "--porcelain") == ""
    assert git(work, "branch", "--show-current").strip() == "trunk"
    assert snapshot(work)["LICENSE"] == b"mine\n"
    assert snapshot(work)["README.md"] == b"# new\n"
    assert leftovers(work) == []


@pytest.mark.parametrize("step", range(8))
def test_a_merge_that_fails_anywhere_leaves_all_as_it_was(
    work: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rename and each call of git in turn is the last thing that a killed run did not do."""
    hosted(work)
    before = (snapshot(work), git(work, "rev-parse", "HEAD"), git(work, "ls-files", "-s"))
    target = inspect(Path())
    assert target.repository
    calls = 0

    def failing(function):  # type: ignore[no-untyped-def]
        def call(*args, **options):  # type: ignore[no-untyped-def]
            nonlocal calls
            calls += 1
            if calls == step + 1:
                raise OSError(28, "No space left on device")
            return function(*args, **options)

        return call

    staging = workspace.staging(target)
    stage = staging.__enter__()
    write(stage.tree, {"README.md": "# new\n", "src/a.py": "", "b": "", "c": "", "d": ""})
    made = repo.commit_tree(target.repository, stage.tree, stage.root / "index", "Start")
    recover = workspace.recover
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", failing(os.rename))
        patch.setattr(repo, "reset_index", failing(repo.reset_index))
        patch.setattr(repo, "move_head", failing(repo.move_head))
        patch.setattr(workspace, "recover", lambda *_: None)  # as after kill -9
        with pytest.raises(OSError, match="No space"):
            stage.merge(target, made.id)
    recover(stage.root, work)
    recover(stage.root, work)
    staging.__exit__(None, None, None)
    assert (snapshot(work), git(work, "rev-parse", "HEAD"), git(work, "ls-files", "-s")) == before
    assert git(work, "status", "--porcelain") == ""


def test_a_merge_that_had_moved_the_branch_is_finished_not_undone(work: Path) -> None:
    hosted(work)
    target = inspect(Path())
    assert target.repository
    with workspace.staging(target) as stage:
        write(stage.tree, {"a": "1"})
        made = repo.commit_tree(target.repository, stage.tree, stage.root / "index", "Start")
        stage.merge(target, made.id)
        journal = {"tree": stage.tree.name, "moves": ["a"], "replaced": [], "commit": made.id}
        (stage.root / "journal.json").write_text(json.dumps(journal))
        workspace.recover(stage.root, work)
    assert (work / "a").exists()


def test_a_branch_that_moved_meanwhile_is_left_alone(work: Path) -> None:
    hosted(work)
    target = inspect(Path())
    assert target.repository
    with pytest.raises(GitError), workspace.staging(target) as stage:
        write(stage.tree, {"a": "1"})
        made = repo.commit_tree(target.repository, stage.tree, stage.root / "index", "Start")
        git(work, "commit", "-q", "--allow-empty", "-m", "meanwhile")
        stage.merge(target, made.id)
    assert git(work, "log", "-1", "--format=%s").strip() == "meanwhile"
    assert sorted(snapshot(work)) == ["LICENSE", "README.md"]


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_modes_are_those_of_a_checkout(work: Path, mask: int) -> None:
    write(work, {"plain": "", "sub/run": ""})
    (work / "plain").chmod(0o400)
    (work / "sub" / "run").chmod(0o500)
    (work / "link").symlink_to("plain")
    before = os.umask(mask)
    try:
        workspace.normalise_modes(work)
    finally:
        os.umask(before)
    assert stat.S_IMODE((work / "plain").stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE((work / "sub" / "run").stat().st_mode) == 0o777 & ~mask
    assert stat.S_IMODE((work / "sub").stat().st_mode) == 0o777 & ~mask
