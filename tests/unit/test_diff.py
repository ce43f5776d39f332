"""`diff`: what an update would do, as git shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold.diff import diff
from mlscaffold.update import update

from ..conftest import BASIC, git
from ..playground import Theirs, commit, fill, repository

if TYPE_CHECKING:
    from ..conftest import Cli

TEXT = "".join(f"line {number}\n" for number in range(20))


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Theirs:
    """A third party's template with two versions."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    made = Theirs(tmp_path / "theirs.git")
    made.release("v1.0.0", {**BASIC, "project/text": TEXT, "project/old": f"old\n{TEXT}"})
    changed = TEXT.replace("line 2\n", "theirs 2\n").replace("line 17\n", "theirs 17\n")
    renamed = {"project/old": None, "project/moved": f"old\n{TEXT}"}
    made.release("v1.1.0", {"project/text": changed, **renamed})
    return made


@pytest.fixture
def made(theirs: Theirs, work: Path) -> Path:
    """A project of the first version."""
    return theirs.project(work / "project", "v1.0.0")


def test_the_patch_is_what_update_stages(made: Path) -> None:
    commit(made, {"text": f"mine\n{TEXT}"})
    found = diff(made, {})
    assert (found.before, found.after, found.hunks) == ("1.0.0", "1.1.0", ())
    assert [each.name for each in found.news] == ["1.1.0"]
    assert "rename from old\nrename to moved\n" in found.patch
    assert update(made, {}).files == found.files
    assert git(made, "diff-index", "-p", "-M", "--cached", "HEAD") == found.patch


def test_conflicts_come_with_their_hunks(made: Path) -> None:
    mine = TEXT.replace("line 2\n", "mine 2\n").replace("line 17\n", "mine 17\n")
    commit(made, {"text": mine})
    found = diff(made, {})
    assert [(each.path, each.line) for each in found.hunks] == [("text", 3), ("text", 22)]
    assert found.hunks[0].text == ("<<<<<<< yours\nmine 2\n=======\ntheirs 2\n>>>>>>> theirs-1.1.0")


def test_a_subfolder_has_paths_of_its_own(made: Path, work: Path) -> None:
    (made / ".git").rename(work / "git")
    outer = repository(work / "outer", {"around": ""})
    made.rename(outer / "sub")
    commit(outer, {"sub/text": TEXT.replace("line 2\n", "mine 2\n")})
    found = diff(outer / "sub", {})
    assert [each.path for each in found.hunks] == ["text"]
    assert "+++ b/text\n" in found.patch
    assert "sub/" not in found.patch


def test_answers_alone_stay_at_the_version(made: Path) -> None:
    found = diff(made, {"project_name": "Other"})
    assert (found.before, found.after) == ("1.0.0", "1.0.0")
    assert "+# Other\n" in found.patch
    assert diff(made, {"project_name": "Other"}, to="1.1.0").after == "1.1.0"


def test_uncommitted_changes_are_named_and_not_in_it(made: Path) -> None:
    fill(made, {"text": "mine\n"})
    found = diff(made, {})
    assert found.notes == ("Uncommitted changes are not in it: text.",)
    assert found.hunks == ()


def test_colours(made: Path) -> None:
    assert "\x1b[32m" in diff(made, {}, colour=True).patch
    git(made, "config", "--global", "color.ui", "always")
    assert "\x1b" not in diff(made, {}).patch


def test_bytes_that_are_no_text_can_be_printed(theirs: Theirs, made: Path, cli: Cli) -> None:
    theirs.release("v1.2.0", {"project/latin": b"caf\xe9\n", "project/binary": b"\0\xff"})
    done = cli("diff", str(made), env={"PYTHONIOENCODING": "utf-8:strict"})
    assert done.returncode == 0, done.stderr
    assert "+caf\ufffd\n" in done.stdout
    assert "Binary files /dev/null and b/binary differ" in done.stdout
    assert cli("diff", str(made), "--json").returncode == 0


def test_an_answer_to_a_new_question_looks_at_the_version_that_asks_it(
    theirs: Theirs, made: Path
) -> None:
    asks_more = f"{BASIC['copier.yml']}colour: {{type: str, default: red}}\n"
    theirs.release("v1.2.0", {"copier.yml": asks_more})
    found = diff(made, {"colour": "blue"})
    assert found.after == "1.2.0"
    assert "+colour: blue\n" in found.patch
    assert diff(made, {"author": "Eve"}).after == "1.0.0"


def test_a_conflict_with_a_removed_file_says_how_to_end_it(theirs: Theirs, made: Path) -> None:
    theirs.release("v1.2.0", {"project/text": None})
    commit(made, {"text": f"mine\n{TEXT}"})
    [conflict] = [each for each in diff(made, {}).files if each.what == "conflict"]
    assert (conflict.path, "git rm" in conflict.detail) == ("text", True)
