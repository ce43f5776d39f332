"""Lock files: made again when what they resolve has changed, else marked as stale."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold.catalog import locate
from mlscaffold.diff import diff
from mlscaffold.render import render
from mlscaffold.update import UpdateResult, update

from ..conftest import TOML, git
from ..playground import commit, fill, repository

if TYPE_CHECKING:
    from ..workshop import Workshop

COMMAND = "uv pip compile pyproject.toml --output-file locks/all.txt"
META = f'{TOML}[[update.locks]]\nfile = "locks/all.txt"\ncommand = "{COMMAND}"\n'
MARK = f"# STALE: pyproject.toml has changed since. Make it again: {COMMAND}\n"
LOCK = "locks/all.txt"


def pyproject(*requirements: str, more: str = "") -> str:
    rows = "".join(f'  "{each}",\n' for each in requirements)
    return f'[project]\nname = "x"\ndependencies = [\n{rows}]\n{more}'


@pytest.fixture
def made(workshop: Workshop, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of 0.1.0; 0.2.0 moves a dependency and the lock, and adds a file."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    one = {"project/pyproject.toml.jinja": pyproject("numpy>=1", "scipy>=1")}
    workshop.release("0.1.0", **{"template.toml": META, f"project/{LOCK}": "numpy==1\n", **one})
    render(locate("basic"), work / "project", {})
    repository(work / "project", {})
    two = {"project/pyproject.toml.jinja": pyproject("numpy>=2", "scipy>=1")}
    workshop.release("0.2.0", **{f"project/{LOCK}": "numpy==2\n", "project/new": "", **two})
    return work / "project"


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A uv that resolves to what the dependencies say; returns what it was called with."""
    calls = tmp_path / "calls"
    script = f'#!/bin/sh\necho "$@" >> {calls}\ngrep -e "=" pyproject.toml > locks/all.txt\n'
    install(tmp_path, monkeypatch, script)
    return calls


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    fill(folder, {"bin/uv": script})
    (folder / "bin" / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=os.pathsep)


def without_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only git is on the path."""
    (tmp_path / "only").mkdir()
    git_at = next(
        Path(each, "git") for each in os.environ["PATH"].split(":") if Path(each, "git").exists()
    )
    (tmp_path / "only" / "git").symlink_to(git_at)
    monkeypatch.setenv("PATH", str(tmp_path / "only"))


def told(found: UpdateResult) -> list[tuple[str, str, str]]:
    return [(each.path, each.what, each.reason) for each in found.locks]


def test_the_templates_lock_is_right_with_the_templates_dependencies(made: Path, uv: Path) -> None:
    commit(
        made,
        {
            "README.md": "mine\n",
            "pyproject.toml": f"# mine\n{(made / 'pyproject.toml').read_text()}",
        },
    )
    assert diff(made, {}).locks == ()
    assert told(update(made, {})) == []
    assert (made / LOCK).read_text() == "numpy==2\n"
    assert not uv.exists()


def test_it_is_made_again_when_the_dependencies_are_the_users_too(made: Path, uv: Path) -> None:
    commit(made, {"pyproject.toml": pyproject("numpy>=1", "scipy==1.5")})
    assert diff(made, {}).locks == (LOCK,)
    assert not uv.exists()
    found = update(made, {}, commit=True)
    assert told(found) == [(LOCK, "made again", "")]
    assert uv.read_text() == "pip compile pyproject.toml --output-file locks/all.txt\n"
    assert '"numpy>=2"' in (made / LOCK).read_text()
    assert '"scipy==1.5"' in (made / LOCK).read_text()
    assert git(made, "status", "--porcelain") == ""
    assert found.locks[0].command == COMMAND


def test_a_lock_that_the_user_resolved_again_is_not_merged(made: Path, uv: Path) -> None:
    """The template has moved its dependencies: the user's resolution is of the older ones."""
    commit(made, {LOCK: "numpy==1.99\n"})
    found = update(made, {})
    assert found.conflicts == ()
    assert told(found) == [(LOCK, "made again", "")]
    assert '"numpy>=2"' in (made / LOCK).read_text()
    assert uv.exists()


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("offline", "--offline"),
        ("absent", "uv is not installed"),
        ("failing", "error: no route to host"),
        ("silent", "it failed"),
        ("slow", "no answer from the package index within 0 s"),
    ],
)
def test_where_it_cannot_be_made_it_is_marked(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, reason: str
) -> None:
    commit(made, {"pyproject.toml": pyproject("numpy>=1", "scipy==1.5")})
    scripts = {
        "failing": "#!/bin/sh\necho 'error:  no route\tto host' >&2\nexit 2\n",
        "silent": "#!/bin/sh\nexit 2\n",
        "slow": "#!/bin/sh\nexec sleep 5\n",
        "offline": "#!/bin/sh\nexit 9\n",
    }
    if case == "absent":
        without_uv(tmp_path, monkeypatch)
    else:
        install(tmp_path, monkeypatch, scripts[case])
    if case == "slow":
        monkeypatch.setattr("mlscaffold.locks._LIMIT_S", 0.2)
    found = update(made, {}, offline=case == "offline", commit=True)
    assert told(found) == [(LOCK, "stale", reason)]
    assert (made / LOCK).read_text() == f"{MARK}numpy==2\n"
    assert git(made, "status", "--porcelain") == ""


def test_a_stale_lock_is_made_again_by_the_next_update(made: Path, uv: Path) -> None:
    commit(made, {"pyproject.toml": pyproject("numpy>=1", "scipy==1.5")})
    update(made, {}, offline=True, commit=True)
    assert told(update(made, {}, offline=True)) == [(LOCK, "stale", "--offline")]
    assert git(made, "status", "--porcelain") == ""  # the mark is there once
    assert (made / LOCK).read_text().count("STALE") == 1
    assert told(update(made, {}, commit=True)) == [(LOCK, "made again", "")]
    assert "STALE" not in (made / LOCK).read_text()
    assert uv.exists()


def test_nothing_is_resolved_while_the_dependencies_are_in_conflict(made: Path, uv: Path) -> None:
    commit(made, {"pyproject.toml": '[project]\ndependencies = ["scipy>=1"]\n'})
    found = update(made, {})
    assert "pyproject.toml" in [each.path for each in found.conflicts]
    assert told(found) == [(LOCK, "stale", "pyproject.toml is in conflict")]
    assert (made / LOCK).read_text() == f"{MARK}numpy==2\n"
    assert not uv.exists()


def test_a_lock_that_the_user_deleted_stays_deleted(made: Path, uv: Path) -> None:
    commit(made, {LOCK: None, "pyproject.toml": pyproject("numpy>=1", "scipy==1.5")})
    found = update(made, {})
    assert told(found) == []
    assert (LOCK, "stays deleted") in [(each.path, each.what) for each in found.files]
    assert not (made / LOCK).exists()
    assert not uv.exists()


@pytest.mark.parametrize(
    "text", ["not [toml", "project = 3\n", "[project]\ndependencies = [1, {}]\n"]
)
def test_a_pyproject_that_cannot_be_read_is_no_crash(made: Path, uv: Path, text: str) -> None:
    commit(made, {"pyproject.toml": text})
    assert update(made, {}).after == "0.2.0"
    assert not uv.exists()
