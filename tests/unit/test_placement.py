"""A tree is placed in one step, or merged in steps that can all be taken back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mlscaffold import placement, repo, workspace
from mlscaffold.errors import GitError, TargetError
from mlscaffold.target import inspect

from ..conftest import git, leftovers, snapshot, write
from .test_target import hosted


def test_a_tree_is_placed_with_its_parents_and_nothing_else_is_left(work: Path) -> None:
    target = inspect(Path("deep/er/new"))
    with workspace.staging(target) as stage:
        assert leftovers(work) == [stage.root.name]
        write(stage.tree, {"a": "1"})
        placement.place(stage.tree, target)
    assert snapshot(work) == {"deep/er/new/a": b"1"}
    assert leftovers(work) == []


def test_a_target_that_came_into_being_meanwhile_is_left_alone(work: Path) -> None:
    target = inspect(Path("deep/new"))
    with pytest.raises(TargetError, match="somebody else"), workspace.staging(target) as stage:
        write(stage.tree, {"a": "1"})
        write(work / "deep" / "new", {"b": "2"})
        placement.place(stage.tree, target)
    assert snapshot(work) == {"deep/new/b": b"2"}


def test_a_merge_keeps_the_licence_and_commits_on_top(work: Path) -> None:
    hosted(work)
    target = inspect(Path())
    assert target.repository
    with workspace.staging(target) as stage:
        write(stage.tree, {"README.md": "# new\n", "src/a.py": "", ".gitignore": "x\n"})
        made = repo.commit_tree(target.repository, stage.tree, stage.root / "index", "Start")
        placement.merge(stage.root, stage.tree, target, made.id)
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
    recover = placement.recover
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", failing(os.rename))
        patch.setattr(repo, "reset_index", failing(repo.reset_index))
        patch.setattr(repo, "move_head", failing(repo.move_head))
        patch.setattr(placement, "recover", lambda *_: None)  # as after kill -9
        with pytest.raises(OSError, match="No space"):
            placement.merge(stage.root, stage.tree, target, made.id)
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
        placement.merge(stage.root, stage.tree, target, made.id)
        moves = {"a": placement._identity(work / "a")}
        journal = {"tree": stage.tree.name, "moves": moves, "replaced": [], "commit": made.id}
        (stage.root / "journal.json").write_text(json.dumps(journal))
        placement.recover(stage.root, work)
    assert (work / "a").exists()


def test_a_branch_that_moved_meanwhile_is_left_alone(work: Path) -> None:
    hosted(work)
    target = inspect(Path())
    assert target.repository
    with pytest.raises(GitError), workspace.staging(target) as stage:
        write(stage.tree, {"a": "1"})
        made = repo.commit_tree(target.repository, stage.tree, stage.root / "index", "Start")
        git(work, "commit", "-q", "--allow-empty", "-m", "meanwhile")
        placement.merge(stage.root, stage.tree, target, made.id)
    assert git(work, "log", "-1", "--format=%s").strip() == "meanwhile"
    assert sorted(snapshot(work)) == ["LICENSE", "README.md"]


@pytest.mark.parametrize(
    "journal",
    [
        '{"tree": "x", "moves": {"../mine": [1, 1]}, "replaced": [], "commit": "", "head": ""}',
        '{"tree": "..", "moves": {"mine": [1, 1]}, "replaced": [], "commit": "", "head": ""}',
        '{"tree": "x", "moves": {"mine": [1, 1]}, "replaced": [], "commit": "", "head": ""}',
        '{"tree": "x", "moves": {"mine": null}, "replaced": [], "commit": "", "head": ""}',
        '{"tree": "x", "moves": {}, "replaced": ["mine"], "commit": "", "head": ""}',
        '{"tree": "x", "moves": {}, "replaced": ["/mine"], "commit": "", "head": ""}',
        '{"tree": "x", "moves": []}',
        "[]",
        "not json",
    ],
)
def test_a_journal_that_somebody_else_packed_moves_nothing_of_the_users(
    work: Path, journal: str
) -> None:
    write(work / "in" / ".mlscaffold-here", {"lock": "", "journal.json": journal})
    write(work / "in" / ".mlscaffold-here", {"replaced/mine": "theirs", "x/other": ""})
    write(work, {"mine": "outside", "in/mine": "inside"})
    workspace.sweep(work / "in")
    assert snapshot(work) == {"mine": b"outside", "in/mine": b"inside"}


def test_a_file_edited_after_a_crash_is_not_taken_out(work: Path) -> None:
    write(work / ".mlscaffold-here", {"lock": "", "tree/x": ""})
    write(work, {"a": "placed", "b": "placed"})
    moves = {name: placement._identity(work / name) for name in ("a", "b")}
    journal = {"tree": "tree", "moves": moves, "replaced": [], "commit": "", "head": ""}
    (work / ".mlscaffold-here" / "journal.json").write_text(json.dumps(journal))
    (work / "a").write_text("edited")
    os.utime(work / "a", ns=(1, 1))
    workspace.sweep(work)
    assert snapshot(work) == {"a": b"edited"}
