"""Finding a project and its repository, and when it may be changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mlscaffold import project
from mlscaffold.errors import GitError, MlscaffoldError, TargetError

from ..conftest import git
from ..playground import RECORD, commit, everything, fill, repository

FILES = {".copier-answers.yml": RECORD, "src/app.py": "one\n"}


@pytest.fixture
def made(work: Path) -> Path:
    """A project, committed."""
    return repository(work / "project", FILES)


def test_it_is_found_from_the_folders_in_it(made: Path) -> None:
    found = project.find(made / "src")
    assert found == project.find(made)
    assert (found.folder, found.root, found.git_dir) == (made, made, made / ".git")
    assert (found.objects, found.prefix) == (made / ".git" / "objects", "")
    assert found.head == git(made, "rev-parse", "HEAD").strip()
    assert (found.object_format, found.answers_file) == ("sha1", ".copier-answers.yml")
    project.refuse_unready(found)


@pytest.mark.parametrize("name", ["with space", "é", "-n", "[x]", ":(top)x", "line\nbreak", '"q"'])
def test_any_name_will_do(work: Path, name: str) -> None:
    outer = repository(work / name, {f"{name}/{path}": text for path, text in FILES.items()})
    found = project.find(outer / name / "src")
    assert (found.root, found.prefix) == (outer, f"{name}/")
    assert (found.git_dir, found.objects) == (outer / ".git", outer / ".git" / "objects")
    project.refuse_unready(found)
    fill(outer / name, {"src/app.py": "two\n"})
    assert project.changed_paths(found) == [f"{name}/src/app.py"]


def test_what_others_did_around_a_project_in_a_subfolder_is_no_hindrance(work: Path) -> None:
    outer = repository(work / "outer", {"a/.copier-answers.yml": RECORD, "b": "one\n"})
    fill(outer, {"b": "two\n"})
    project.refuse_unready(project.find(outer / "a"))


def test_a_linked_work_tree_has_a_git_folder_of_its_own(made: Path, work: Path) -> None:
    git(made, "worktree", "add", "-q", str(work / "linked"))
    found = project.find(work / "linked" / "src")
    assert found.git_dir == made / ".git" / "worktrees" / "linked"
    assert (found.objects, found.root) == (made / ".git" / "objects", work / "linked")
    project.refuse_unready(found)


def test_a_sha256_repository(work: Path) -> None:
    made = repository(work / "project", FILES, "--object-format=sha256")
    found = project.find(made)
    assert found.object_format == "sha256"
    assert len(found.head) == 64


def test_a_submodule(made: Path, work: Path) -> None:
    outer = repository(work / "outer", {"README": ""})
    allow = ("-c", "protocol.file.allow=always")
    git(outer, *allow, "submodule", "--quiet", "add", str(made), "sub")
    found = project.find(outer / "sub")
    assert (found.root, found.prefix) == (outer / "sub", "")
    assert found.git_dir == outer / ".git" / "modules" / "sub"


def test_variables_that_point_git_elsewhere_count_for_nothing(
    made: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = project.find(made)
    elsewhere = repository(work / "elsewhere", {"x": ""})
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(elsewhere))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(elsewhere / "objects"))
    assert project.find(made) == before
    project.refuse_unready(before)


def test_an_answers_file_of_another_name(work: Path) -> None:
    made = repository(work / "project", {".copier-answers.mine.yml": RECORD})
    assert project.find(made).answers_file == ".copier-answers.mine.yml"
    commit(made, {".copier-answers.yours.yaml": RECORD})
    with pytest.raises(TargetError, match="Several templates"):
        project.find(made)


def test_what_is_not_a_project(made: Path, work: Path) -> None:
    for path, said in [
        (work / "absent", "does not exist"),
        (made / "src" / "app.py", "is not a folder"),
        (work, "not a project that a template made"),
        (Path("a\0b"), "not a usable path"),
    ]:
        with pytest.raises(TargetError, match=said):
            project.find(path)


def test_a_project_does_not_reach_beyond_its_repository(made: Path) -> None:
    inner = repository(made / "inner", {"x": ""})
    with pytest.raises(TargetError, match="not a project"):
        project.find(inner)
    assert project.unmarked(inner).root == inner


def test_no_repository(work: Path) -> None:
    fill(work, FILES)
    with pytest.raises(TargetError, match="not in a git repository") as caught:
        project.find(work)
    assert "git init" in caught.value.hint


def test_a_bare_repository(work: Path) -> None:
    git(work, "init", "-q", "--bare")
    fill(work, FILES)
    with pytest.raises(TargetError, match="not in a git repository"):
        project.find(work)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs chown")
def test_a_repository_of_somebody_elses(made: Path) -> None:
    for path in (made, made / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(TargetError, match="belongs to another user") as caught:
        project.find(made)
    assert "safe.directory" in caught.value.hint


def test_no_commit(work: Path) -> None:
    fill(work, FILES)
    git(work, "init", "-q")
    found = project.find(work)
    assert found.head == ""
    refused(found, "no commit yet", "git add -A && git commit")


def test_changes_are_named_and_untracked_files_are_not(made: Path) -> None:
    fill(made, {"untracked": ""})
    found = project.find(made)
    project.refuse_unready(found)
    commit(made, {f"file{number}": "one\n" for number in range(7)})
    git(made, "rm", "-q", "--cached", "file0")
    fill(made, {f"file{number}": "two\n" for number in range(1, 7)})
    (made / "src" / "app.py").unlink()
    found = project.find(made)
    assert project.changed_paths(found) == [*(f"file{number}" for number in range(7)), "src/app.py"]
    refused(found, "file0, file1, file2, file3, file4 and 3 more", "git stash")


def _merge(made: Path) -> None:
    _fail(made, "merge", "other")


def _cherry_pick(made: Path) -> None:
    _fail(made, "cherry-pick", "other")


def _rebase(made: Path) -> None:
    _fail(made, "rebase", "other")


def _revert(made: Path) -> None:
    commit(made, {"src/app.py": "three\n"})
    _fail(made, "revert", "HEAD~1")


def _am(made: Path) -> None:
    patch = git(made, "format-patch", "--stdout", "-1", "other")
    fill(made.parent, {"a.patch": patch})
    _fail(made, "am", str(made.parent / "a.patch"))


def _bisect(made: Path) -> None:
    git(made, "bisect", "start")


def _fail(made: Path, *args: str) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        git(made, *args)


@pytest.mark.parametrize(
    ("start", "operation", "leave"),
    [
        (_merge, "merge", "git merge --abort"),
        (_cherry_pick, "cherry-pick", "git cherry-pick --abort"),
        (_rebase, "rebase", "git rebase --abort"),
        (_revert, "revert", "git revert --abort"),
        (_am, "am", "git am --abort"),
        (_bisect, "bisect", "git bisect reset"),
    ],
)
@pytest.mark.parametrize("linked", [False, True])
def test_an_operation_under_way(
    made: Path, work: Path, start: object, operation: str, leave: str, linked: bool
) -> None:
    assert callable(start)
    git(made, "config", "user.name", "User")
    git(made, "config", "user.email", "user@example.org")
    git(made, "branch", "other")
    commit(made, {"src/app.py": "two\n"})
    git(made, "worktree", "add", "-q", "-b", "linked", str(work / "linked"))
    git(made, "checkout", "-q", "other")
    commit(made, {"src/app.py": "other\n"})
    git(made, "checkout", "-q", "main")
    at = work / "linked" if linked else made
    start(at)
    refused(project.find(at), f"A git {operation} is under way", leave)
    subprocess.run(leave.split(), cwd=at, check=True, capture_output=True)  # the remedy is one
    project.refuse_unready(project.find(at))


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("git version 2.34.1", "2.34.1"),
        ("git version 2.37.0.windows.1", "2.37.0.windows.1"),
        ("git version 1.9.5 (Apple Git-50)", "1.9.5"),
    ],
)
def test_a_git_that_cannot_merge(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, version: str
) -> None:
    found = project.find(made)
    fake_git(tmp_path, monkeypatch, said)
    refused(found, f"git {version} cannot merge without touching files; 2.38", "newer git")


@pytest.mark.parametrize("said", ["git version 2.38.0-rc1", "git version 2.39.5 (Apple Git-154)"])
def test_a_git_that_can(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    found = project.find(made)
    fake_git(tmp_path, monkeypatch, said)
    project.refuse_unready(found)


def fake_git(folder: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """A git of which only the version is another."""
    real = shutil.which("git")
    script = f'#!/bin/sh\ncase "$*" in *version) echo "{said}";; *) exec {real} "$@";; esac\n'
    fill(folder, {"bin/git": script})
    (folder / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=os.pathsep)


def test_no_git(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(GitError, match="git was not found") as caught:
        project.find(made)
    assert "--no-git" not in caught.value.hint


def refused(found: project.Project, said: str, remedy: str) -> None:
    """Changing the project raises a sentence with its remedy, and writes nothing."""
    before = everything(found.root)
    with pytest.raises(MlscaffoldError) as caught:
        project.refuse_unready(found)
    assert said in caught.value.what
    assert remedy in caught.value.hint
    assert everything(found.root) == before
