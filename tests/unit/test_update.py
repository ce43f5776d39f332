"""`update` and `set`: what they put in place, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold.errors import MlscaffoldError, UsageError
from mlscaffold.update import set_answers, update

from ..conftest import BASIC, git, snapshot
from ..playground import Theirs, commit, everything, fill, repository

if TYPE_CHECKING:
    from ..conftest import Cli

ANSWERS = ".copier-answers.yml"


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Theirs:
    """A third party's template with two versions."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    made = Theirs(tmp_path / "theirs.git")
    made.release("v1.0.0", BASIC)
    made.release(
        "v1.1.0", {"project/LICENSE": "another\n", "project/new": "new\n", "project/src/app.py": ""}
    )
    return made


@pytest.fixture
def made(theirs: Theirs, work: Path) -> Path:
    """A project of the first version."""
    return theirs.project(work / "project", "v1.0.0")


def test_an_unedited_project_becomes_a_new_one(theirs: Theirs, made: Path, work: Path) -> None:
    head = git(made, "rev-parse", "HEAD")
    said: list[str] = []
    found = update(made, {}, say=said.append)
    assert (found.before, found.after, found.commit) == ("1.0.0", "1.1.0", "")
    assert found.conflicts == found.locks == found.pins == ()
    assert said == ["Rendering theirs 1.1.0 ...", "Merging ..."]
    assert snapshot(made) == snapshot(theirs.project(work / "fresh"))
    staged = git(made, "diff", "--cached", "--name-only").split()
    assert staged == sorted(each.path for each in found.files)
    assert git(made, "rev-parse", "HEAD") == head
    assert git(made, "diff", "--name-only") == ""


def test_up_to_date(made: Path) -> None:
    update(made, {}, commit=True)
    before = everything(made)
    found = update(made, {}, commit=True)
    assert (found.files, found.commit, found.before, found.after) == ((), "", "1.1.0", "1.1.0")
    assert everything(made) == before


def test_a_commit_when_asked(made: Path) -> None:
    found = update(made, {}, commit=True)
    assert git(made, "rev-parse", "HEAD").strip() == found.commit
    assert git(made, "status", "--porcelain") == ""
    message = git(made, "log", "-1", "--format=%B")
    assert message.startswith("Update theirs from 1.0.0 to 1.1.0\n")
    assert "- A step" in message


def test_conflicts_are_left_for_git_and_never_committed(made: Path) -> None:
    commit(made, {"LICENSE": "mine\n"})
    head = git(made, "rev-parse", "HEAD")
    found = update(made, {}, commit=True)
    assert [each.path for each in found.conflicts] == ["LICENSE"]
    assert (found.commit, git(made, "rev-parse", "HEAD")) == ("", head)
    text = (made / "LICENSE").read_text()
    assert text == "<<<<<<< yours\nmine\n=======\nanother\n>>>>>>> theirs-1.1.0\n"
    assert git(made, "status", "--porcelain", "LICENSE") == "UU LICENSE\n"
    git(made, "checkout", "--ours", "LICENSE")
    assert (made / "LICENSE").read_text() == "mine\n"
    git(made, "add", "LICENSE")
    git(made, "commit", "-qm", "Resolved")
    assert update(made, {}).files == ()


@pytest.mark.parametrize("where", ["subfolder", "linked", "shallow", "sha256"])
def test_it_works_where_the_project_lies(made: Path, work: Path, where: str) -> None:
    at = made
    if where in ("subfolder", "sha256"):
        (made / ".git").rename(work / "git")
        options = ("--object-format=sha256",) if where == "sha256" else ()
        outer = repository(work / "outer", {"around": "a\n"}, *options)
        at = made.rename(outer / "sub folder")
        commit(outer)
        fill(outer, {"around": "not committed\n"})
    elif where == "linked":
        at = work / "linked"
        git(made, "worktree", "add", "-q", str(at))
    else:
        commit(made, {"mine": ""})
        at = work / "shallow"
        git(work, "clone", "-q", "--depth=1", f"file://{made}", str(at))
    commit_id = update(at, {}, commit=True).commit
    assert commit_id == git(at, "rev-parse", "HEAD").strip()
    assert (at / "new").read_text() == "new\n"
    assert git(at, "status", "--porcelain", ".") == ""
    if where in ("subfolder", "sha256"):
        assert (at.parent / "around").read_text() == "not committed\n"
        assert git(at, "diff", "--name-only", "HEAD~1", "HEAD", "--", ":(top)around") == ""


def test_set_changes_answers_at_the_same_version(made: Path) -> None:
    with pytest.raises(UsageError, match="Which answer"):
        set_answers(made, {})
    found = set_answers(made, {"project_name": "Other", "size": "7"}, commit=True)
    assert (found.before, found.after) == ("1.0.0", "1.0.0")
    assert (found.answers["project_name"], found.answers["size"]) == ("Other", 7)
    assert (made / "README.md").read_text() == "# Other\n"
    assert git(made, "log", "-1", "--format=%B").strip() == (
        "Change answers of theirs 1.0.0\n\nproject_name = 'Other'\nsize = 7"
    )
    assert update(made, {}).answers["project_name"] == "Other"


@pytest.mark.parametrize(
    ("given", "said"),
    [({"size": "big"}, "size"), ({"sise": "1"}, "no question called 'sise'")],
)
def test_a_wrong_answer_changes_nothing(made: Path, given: dict[str, str], said: str) -> None:
    before = everything(made)
    for use in (set_answers, update):
        with pytest.raises(MlscaffoldError, match=said):
            use(made, given)
    assert everything(made) == before


def test_what_is_not_committed_is_refused(made: Path) -> None:
    fill(made, {"LICENSE": "mine\n"})
    before = everything(made)
    with pytest.raises(MlscaffoldError, match=r"uncommitted changes: LICENSE\."):
        update(made, {})
    assert everything(made) == before


def test_on_the_command_line(made: Path, cli: Cli) -> None:
    commit(made, {"LICENSE": "mine\n"})
    before = everything(made)
    shown = cli("diff", str(made))
    assert shown.returncode == 3
    assert "+>>>>>>> theirs-1.1.0" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert everything(made) == before
    done = cli("update", str(made), "--json")
    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert (document["schema"], document["command"], document["ok"]) == (1, "update", True)
    told = {each["path"]: each["what"] for each in document["result"]["files"]}
    assert told == {
        ANSWERS: "updated",
        "LICENSE": "conflict",
        "new": "added",
        "src/app.py": "updated",
    }
    again = cli("update", str(made))
    assert again.returncode == 1
    assert "conflicts that nobody has resolved: LICENSE" in again.stderr
    assert "mlscaffold undo" in again.stderr
