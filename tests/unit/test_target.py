"""Which destinations are taken, and which refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlscaffold.errors import TargetError
from mlscaffold.target import inspect, is_licence

from ..conftest import git, write


@pytest.mark.parametrize("dest", ["new", "deep/er/new", "a b", "é", "-n", "[x]", "../up"])
def test_what_does_not_exist_is_free(dest: str, work: Path) -> None:
    target = inspect(Path(dest))
    assert not target.exists
    assert target.path == (work / dest).parent.resolve() / Path(dest).name


@pytest.mark.parametrize(
    ("dest", "said"),
    [
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("x" * 300, "longer than"),
        ("x" * 300 + "/y", "longer than"),
        ("CON", "device"),
        ("nul.txt", "device"),
        ("file", "is a file"),
        ("file/x", "A file stands"),
        ("full", "not empty: it holds app.py"),
        ("dangling", "cannot be used"),
        ("readme", "no git history keeps it"),
        ("..", "not empty"),
        ("/", "not empty"),
    ],
)
def test_what_is_refused_is_refused_in_a_sentence(dest: str, said: str, work: Path) -> None:
    write(work, {"file": "", "full/app.py": "", "readme/README.md": "mine"})
    (work / "dangling").symlink_to("nowhere")
    with pytest.raises(TargetError, match=said) as caught:
        inspect(Path(dest))
    assert len(caught.value.what) < 200


@pytest.mark.parametrize(
    "name", ["LICENSE", "licence.md", "COPYING", "LICENSE-MIT", "UNLICENSE", "License.txt"]
)
def test_licences_by_name(name: str) -> None:
    assert is_licence(name)
    assert not is_licence("licensed.py")
    assert not is_licence("src/LICENSE")


def test_an_empty_folder_and_a_link_to_one_are_free(work: Path) -> None:
    (work / "empty").mkdir()
    (work / "link").symlink_to("empty")
    assert inspect(Path("empty")).exists
    assert inspect(Path("link")).path == work / "empty"


def test_the_working_directory_is_free_when_it_is_empty(work: Path) -> None:
    assert inspect(Path()).path == work


def hosted(folder: Path, *, commit: bool = True) -> Path:
    """A repository just made on a host."""
    write(folder, {"LICENSE": "mine\n", "README.md": "# mine\n"})
    git(folder, "init", "-q", "-b", "trunk")
    if commit:
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "Initial commit")
    return folder


def test_a_repository_just_made_on_a_host_is_free(work: Path) -> None:
    target = inspect(hosted(work / "r"))
    assert target.licences == ("LICENSE",)
    assert target.readmes == ("README.md",)
    assert target.repository
    assert len(target.repository.head) == 40


def test_a_repository_without_commits_is_free_when_nothing_is_in_it(work: Path) -> None:
    git(work, "init", "-q")
    target = inspect(Path())
    assert target.repository
    assert target.repository.head == ""


def test_a_readme_that_git_does_not_have_is_refused(work: Path) -> None:
    with pytest.raises(TargetError, match=r"README\.md has changes"):
        inspect(hosted(work / "uncommitted", commit=False))
    folder = hosted(work / "edited")
    (folder / "README.md").write_text("more")
    with pytest.raises(TargetError, match=r"README\.md has changes"):
        inspect(folder)
    folder = hosted(work / "staged")
    (folder / "README.md").write_text("more")
    git(folder, "add", "README.md")
    with pytest.raises(TargetError, match=r"README\.md has changes"):
        inspect(folder)


def test_a_repository_with_more_in_it_than_is_seen_is_refused(work: Path) -> None:
    folder = hosted(work / "r")
    write(folder, {"app.py": ""})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "app")
    git(folder, "update-index", "--skip-worktree", "app.py")
    (folder / "app.py").unlink()
    with pytest.raises(TargetError, match=r"tracks app\.py"):
        inspect(folder)


def test_a_repository_in_the_middle_of_something_is_refused(work: Path) -> None:
    folder = hosted(work / "r")
    (folder / ".git" / "MERGE_HEAD").write_text("x")
    with pytest.raises(TargetError, match="under way"):
        inspect(folder)


def test_a_git_that_is_none_is_refused(work: Path) -> None:
    (work / "r" / ".git").mkdir(parents=True)
    with pytest.raises(TargetError, match=r"\.git"):
        inspect(work / "r")


def test_variables_that_point_git_elsewhere_are_ignored(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent")
    env = {key: os.environ.pop(key) for key in ("GIT_DIR", "GIT_INDEX_FILE")}
    folder = hosted(work / "r")
    os.environ.update(env)
    assert inspect(folder).repository
