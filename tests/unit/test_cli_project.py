"""The commands for a project: exit codes, JSON, and errors in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..conftest import BASIC
from ..playground import Theirs, commit, everything

if TYPE_CHECKING:
    from ..conftest import Cli

ANSWERS = ".copier-answers.yml"


@pytest.fixture
def made(tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project one version behind."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    theirs = Theirs(tmp_path / "theirs.git")
    theirs.release("v1.0.0", BASIC)
    theirs.release("v1.1.0", {"project/LICENSE": "another\n"})
    return theirs.project(work / "project", "v1.0.0")


def test_update_undo_and_set(made: Path, cli: Cli) -> None:
    done = cli("update", str(made))
    assert (done.returncode, done.stderr) == (0, "")
    assert "theirs 1.0.0 to 1.1.0" in done.stdout
    assert "Staged: git commit keeps it, mlscaffold undo takes it back." in done.stdout
    assert cli("undo", str(made)).returncode == 0
    assert (made / "LICENSE").read_text() == BASIC["project/LICENSE"]
    done = cli("set", str(made), "-d", "size=9", "--commit", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["result"]["answers"]["size"] == 9
    done = cli("set", str(made))
    assert done.returncode == 2
    assert "Which answer?" in done.stderr


@pytest.mark.parametrize("command", ["status", "diff", "update", "undo"])
def test_outside_a_project(command: str, work: Path, cli: Cli) -> None:
    done = cli(command, str(work))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert list(work.iterdir()) == []
    document = json.loads(cli(command, str(work), "--json").stdout)
    assert (document["command"], document["ok"]) == (command, False)


@pytest.mark.parametrize("command", ["status", "diff", "update"])
def test_a_bad_answers_file(command: str, made: Path, cli: Cli) -> None:
    commit(made, {ANSWERS: "_src_path: ext::sh -c touch% owned\n"})
    before = everything(made)
    done = cli(command, str(made))
    assert done.returncode == 1
    assert "_src_path does not name a template" in done.stderr
    assert "Traceback" not in done.stderr
    assert everything(made) == before
