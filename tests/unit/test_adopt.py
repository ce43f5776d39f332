"""`adopt`: a base for a repository that has none, without changing its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold import recorded
from mlscaffold.adopt import adopt
from mlscaffold.catalog import Source
from mlscaffold.errors import TargetError, TemplateError
from mlscaffold.status import status
from mlscaffold.update import update

from ..conftest import BASIC, git, snapshot
from ..playground import Theirs, commit, repository

ANSWERS = ".copier-answers.yml"
ASKS_MORE = f"{BASIC['copier.yml']}colour: {{type: str, default: red}}\n"


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Theirs:
    """A third party's template; the newest version asks one question more."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    made = Theirs(tmp_path / "theirs.git")
    made.release("v1.0.0", BASIC)
    made.release("v1.1.0", {"project/LICENSE": "another\n", "copier.yml": ASKS_MORE})
    return made


@pytest.fixture
def bare(theirs: Theirs, work: Path) -> Path:
    """A repository that has the first version's files, an edit, and no answers file."""
    made = theirs.project(work / "project", "v1.0.0")
    commit(made, {ANSWERS: None, "src/app.py": "mine\n", "mine": ""})
    return made


def source(theirs: Theirs) -> Source:
    return Source(str(theirs.folder), str(theirs.folder))


def test_the_nearest_version_is_found_and_only_recorded(theirs: Theirs, bare: Path) -> None:
    before = snapshot(bare)
    found = adopt(bare, source(theirs), {"author": "Ada"}, commit=True)
    assert found.version == "1.0.0"
    assert (found.changed, found.missing) == (("src/app.py",), ())
    assert found.same == 3
    after = snapshot(bare)
    assert after.pop(ANSWERS)
    assert after == before
    assert recorded.read(bare / ANSWERS).revision == "v1.0.0"
    assert git(bare, "rev-parse", "HEAD").strip() == found.commit
    assert status(bare).changed == ("src/app.py",)
    assert update(bare, {}).conflicts == ()
    assert (bare / "LICENSE").read_text() == "another\n"


def test_a_version_may_be_named(theirs: Theirs, bare: Path) -> None:
    found = adopt(bare, source(theirs), {"colour": "blue"}, version="v1.1.0")
    assert (found.version, found.answers["colour"], found.commit) == ("1.1.0", "blue", "")
    assert git(bare, "status", "--porcelain") == f"A  {ANSWERS}\n"


def test_answers_that_are_there_are_kept(theirs: Theirs, work: Path) -> None:
    made = theirs.project(work / "project", "v1.0.0", author="Eve")
    lines = (made / ANSWERS).read_text().splitlines(keepends=True)
    commit(made, {ANSWERS: "".join(line for line in lines if not line.startswith("_render"))})
    found = adopt(made, source(theirs), {})
    assert (found.version, found.answers["author"], found.changed) == ("1.0.0", "Eve", ())


def test_a_template_without_an_answers_file_is_refused(theirs: Theirs, bare: Path) -> None:
    name = "project/{{ _copier_conf.answers_file }}.jinja"
    theirs.release("v2.0.0", {name: None})
    before = snapshot(bare)
    with pytest.raises(TemplateError, match="no answers file"):
        adopt(bare, source(theirs), {}, version="2.0.0")
    assert snapshot(bare) == before


def test_a_repository_that_shares_nothing_is_refused(theirs: Theirs, work: Path) -> None:
    foreign = repository(work / "foreign", {"notes.txt": "mine\n"})
    before = snapshot(foreign)
    with pytest.raises(TargetError, match="No file here is as theirs makes it"):
        adopt(foreign, source(theirs), {})
    assert snapshot(foreign) == before
    assert adopt(foreign, source(theirs), {}, version="1.0.0").same == 0
