"""`new` from end to end, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlscaffold.catalog import locate
from mlscaffold.errors import DeclinedError, InputError, TargetError, TemplateError
from mlscaffold.new import Plan, new

from ..conftest import BASIC, git, leftovers, snapshot, write
from .test_target import hosted


def test_a_project_is_a_repository_with_one_commit(
    builtin: Callable[..., Path], work: Path
) -> None:
    builtin()
    result = new(locate("basic"), Path("x"), {"author": "Zoë"}, defaults=True)
    assert result.destination == work / "x"
    assert {file.path: file.size for file in result.files}["LICENSE"] == 17
    assert result.answers["author"] == "Zoë"
    assert (
        git(work / "x", "log", "--format=%s %H").strip()
        == f"Start from basic {result.version} {result.commit}"
    )
    assert git(work / "x", "status", "--porcelain", "--ignored") == ""
    assert leftovers(work) == []


def test_the_folder_is_named_after_the_project(builtin: Callable[..., Path], work: Path) -> None:
    builtin()
    given = {"project_name": "My  Air_2!"}
    assert new(locate("basic"), None, given, defaults=True).destination == work / "my-air-2"
    with pytest.raises(TargetError, match="named after the project exists"):
        new(locate("basic"), None, given, defaults=True)
    with pytest.raises(InputError, match="how to name"):
        new(locate("basic"), None, {"project_name": "///"}, defaults=True)
    assert leftovers(work) == []


def test_a_dry_run_tells_sizes_and_writes_nothing(builtin: Callable[..., Path], work: Path) -> None:
    builtin()
    result = new(locate("basic"), Path("x"), {}, defaults=True, dry_run=True)
    assert result.dry_run
    assert len(result.files) == 5
    assert list(work.iterdir()) == []
    write(work, {"x/full": ""})
    with pytest.raises(TargetError):
        new(locate("basic"), Path("x"), {}, defaults=True, dry_run=True)


def test_without_git_there_is_no_repository(
    builtin: Callable[..., Path], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builtin()
    monkeypatch.setenv("PATH", str(work))
    result = new(locate("basic"), Path("x"), {}, defaults=True, with_git=False)
    assert result.commit == ""
    assert not (work / "x" / ".git").exists()


def test_the_user_sees_everything_before_it_is_written(
    builtin: Callable[..., Path], work: Path
) -> None:
    builtin()
    seen: list[Plan] = []

    def no(plan: Plan) -> bool:
        seen.append(plan)
        return False

    with pytest.raises(DeclinedError):
        new(locate("basic"), Path("x"), {}, defaults=True, confirm=no)
    assert seen[0].destination == work / "x"
    assert seen[0].answers["size"] == 3
    assert list(work.iterdir()) == []


def test_the_working_directory_will_do(builtin: Callable[..., Path], work: Path) -> None:
    builtin()
    inode = work.stat().st_ino
    new(locate("basic"), Path(), {}, defaults=True)
    assert work.stat().st_ino == inode
    assert git(work, "status", "--porcelain") == ""
    assert leftovers(work) == []


def test_a_licence_without_a_repository_is_kept_and_committed(
    builtin: Callable[..., Path], work: Path
) -> None:
    builtin()
    write(work, {"LICENSE.txt": "mine"})
    result = new(locate("basic"), Path(), {}, defaults=True)
    assert result.kept == ("LICENSE.txt",)
    assert "LICENSE" not in {file.path for file in result.files}
    assert "LICENSE.txt" in git(work, "ls-files").split()
    assert not (work / "LICENSE").exists()


@pytest.mark.parametrize("with_git", [True, False])
def test_a_repository_just_made_on_a_host_is_merged_into(
    builtin: Callable[..., Path], work: Path, with_git: bool
) -> None:
    builtin()
    hosted(work)
    result = new(locate("basic"), Path(), {}, defaults=True, with_git=with_git)
    assert (work / "LICENSE").read_text() == "mine\n"
    assert (work / "README.md").read_text() == "# Clean Air\n"
    assert len(git(work, "log", "--format=%H").split()) == (2 if with_git else 1)
    if with_git:
        assert git(work, "status", "--porcelain") == ""
        assert git(work, "show", "HEAD~1:README.md") == "# mine\n"
        assert any("README.md was replaced" in note for note in result.notes)
    assert leftovers(work) == []


def test_a_branch_without_commits_gets_its_first(builtin: Callable[..., Path], work: Path) -> None:
    builtin()
    git(work, "init", "-q", "-b", "trunk")
    new(locate("basic"), Path(), {}, defaults=True)
    assert git(work, "log", "trunk", "--format=%an").split() == ["mlscaffold"]
    assert git(work, "status", "--porcelain") == ""


def test_faulty_renders_are_refused_for_ours_and_noted_for_theirs(
    builtin: Callable[..., Path], template: Callable[..., Path], work: Path
) -> None:
    builtin(**{"project/bad.py": "def f(:\n"})
    with pytest.raises(TemplateError, match=r"bad\.py"):
        new(locate("basic"), Path("x"), {}, defaults=True)
    path = template(**{"project/bad.py": "def f(:\n"})
    assert "bad.py" in new(locate(str(path)), Path("y"), {}, defaults=True).notes[0]
    assert [path.name for path in work.iterdir()] == ["y"]


def test_a_project_inside_its_template_is_refused(template: Callable[..., Path]) -> None:
    path = template()
    with pytest.raises(TargetError, match="inside the template"):
        new(locate(str(path)), path / "out", {}, defaults=True)


def test_a_project_inside_a_repository_is_pointed_out(
    builtin: Callable[..., Path], work: Path
) -> None:
    builtin()
    git(work, "init", "-q")
    assert any(
        "inside the repository" in note
        for note in new(locate("basic"), Path("x"), {}, defaults=True).notes
    )


def test_answers_that_are_code_elsewhere_are_text_here(
    builtin: Callable[..., Path], work: Path
) -> None:
    builtin()
    text = "{{7*7}} \"' ''' \\ 🌍 حيدرآباد {{ author }} {% raw %}"
    new(locate("basic"), Path("x"), {"author": text, "project_name": text}, defaults=True)
    assert (work / "x" / "README.md").read_text("utf-8") == f"# {text}\n"


def test_what_was_there_before_a_failure_is_there_after(
    builtin: Callable[..., Path], work: Path
) -> None:
    builtin(**{"project/z.jinja": "{{ 1 / 0 }}"})
    hosted(work)
    before = snapshot(work)
    with pytest.raises(TemplateError, match="division"):
        new(locate("basic"), Path(), {}, defaults=True)
    assert snapshot(work) == before


TASKS = "_tasks: [git init -q, touch made, mkdir .venv, touch .venv/x, echo .venv > .gitignore]\n"


@pytest.mark.parametrize("hosting", [False, True])
def test_what_trusted_tasks_make_is_committed_but_for_what_is_ignored(
    template: Callable[..., Path], work: Path, hosting: bool
) -> None:
    path = template(**{"copier.yml": BASIC["copier.yml"] + TASKS})
    if hosting:
        hosted(work)
    new(locate(str(path)), Path(), {}, defaults=True, trust=True)
    tracked = git(work, "ls-files").split()
    assert "made" in tracked
    assert ".venv/x" not in tracked
    assert (work / ".venv" / "x").exists()
    assert git(work, "status", "--porcelain") == ""
    assert len(git(work, "log", "--format=%H").split()) == 1 + hosting


def test_a_dry_run_runs_no_tasks(template: Callable[..., Path], work: Path) -> None:
    marker = work / "ran"
    path = template(**{"copier.yml": BASIC["copier.yml"] + f"_tasks: ['touch {marker}']\n"})
    for trust in (False, True):
        new(locate(str(path)), Path("x"), {}, defaults=True, dry_run=True, trust=trust)
    assert list(work.iterdir()) == []
