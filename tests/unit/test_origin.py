"""The template of a project: its versions, and what they render to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold import recorded
from mlscaffold.errors import InputError, MlscaffoldError, TemplateError
from mlscaffold.origin import BuiltIn, ThirdParty, open_origin

from ..conftest import BASIC, git
from ..playground import Theirs, commit

if TYPE_CHECKING:
    from ..workshop import Workshop

RENAMED = (
    'title = "Basic"\nsummary = "A basic one."\n'
    "[update]\n"
    'renamed_answers = { author = "owner" }\n'
    '[[update.locks]]\nfile = "lock.txt"\ncommand = "uv pip compile"\n'
)
OWNER = BASIC["copier.yml"].replace("author:", "owner:")
PYPROJECT = BASIC["project/pyproject.toml.jinja"].replace("{{ author", "{{ owner")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def theirs(tmp_path: Path) -> Theirs:
    """A third party's template with two versions and a pre-release."""
    made = Theirs(tmp_path / "theirs.git")
    made.release("v1.0.0", BASIC)
    made.release("v1.1.0", {"project/new": "new\n"})
    made.release("v2.0.0rc1", {"project/newer": "newer\n"})
    return made


def test_ours_has_its_releases_and_the_working_copy(workshop: Workshop, tmp_path: Path) -> None:
    workshop.release("0.1.0")
    changed = {"template.toml": RENAMED, "copier.yml": OWNER}
    workshop.release("0.2.0", **changed, **{"project/pyproject.toml.jinja": PYPROJECT})
    found = open_origin("mlscaffold://basic.git", "v0.1.0", tmp_path)
    assert isinstance(found, BuiltIn)
    assert (found.name, found.address, found.note) == ("basic", "mlscaffold://basic.git", "")
    assert found.versions == ("0.1.0", "0.2.0")
    assert found.notes("0.1.0") == "- What 0.1.0 brings."
    assert found.revision("0.1.0") == "0.1.0"
    assert found.revision("0.3.0") == found.revision("") == ""
    assert found.locks("0.1.0") == ()
    assert [each.file for each in found.locks("0.2.0")] == ["lock.txt"]

    found.render("0.1.0", tmp_path / "one", {"author": "Eve"}, {"size": "7"})
    record = recorded.read(tmp_path / "one" / ".copier-answers.yml")
    assert (record.address, record.version) == (found.address, "0.1.0")
    assert record.answers == {"author": "Eve", "project_name": "Clean Air", "size": 7}
    # What has another name now is carried over; what is asked no more is left out.
    found.render("0.2.0", tmp_path / "two", {**record.answers, "old": 1}, {"size": "8"})
    after = recorded.read(tmp_path / "two" / ".copier-answers.yml")
    assert after.answers == {"owner": "Eve", "project_name": "Clean Air", "size": 8}
    with pytest.raises(InputError, match="no question called 'author'"):
        found.render("0.2.0", tmp_path / "three", {}, {"author": "Eve"})

    workshop.commit(**{"project/LICENSE": "changed\n"})
    ahead = open_origin("mlscaffold://basic.git", "v0.1.0", tmp_path)
    assert ahead.versions[:2] == ("0.1.0", "0.2.0")
    assert ahead.versions[2].startswith("0.2.1.dev0+")
    assert ahead.notes(ahead.versions[2]) == "The working copy."


def test_ours_before_the_first_release(workshop: Workshop, tmp_path: Path) -> None:
    workshop.commit()
    [version] = open_origin("mlscaffold://basic.git", "", tmp_path).versions
    assert version.startswith("0.1.0.dev0+")


def test_there_is_none_of_that_name(workshop: Workshop, tmp_path: Path) -> None:
    workshop.commit()
    with pytest.raises(InputError, match="no template called 'other'") as caught:
        open_origin("mlscaffold://other.git", "v0.1.0", tmp_path)
    assert "basic" in caught.value.hint
    for address in ("mlscaffold://../basic.git", "mlscaffold://basic", "mlscaffold://a b.git"):
        with pytest.raises(MlscaffoldError):
            open_origin(address, "v0.1.0", tmp_path)


def test_theirs_has_the_tags_that_are_versions(theirs: Theirs, tmp_path: Path) -> None:
    git(theirs.folder, "tag", "nightly")
    found = open_origin(str(theirs.folder), "v1.0.0", tmp_path)
    assert isinstance(found, ThirdParty)
    assert (found.name, found.address) == ("theirs", str(theirs.folder))
    assert found.versions == ("1.0.0", "1.1.0")
    assert open_origin(str(theirs.folder), "v2.0.0rc1", tmp_path).versions[-1] == "2.0.0rc1"
    assert found.notes("1.0.0") == ""
    assert found.notes("1.1.0") == "- A step"
    assert found.locks("1.0.0") == ()
    found.render("1.0.0", tmp_path / "out", {"author": "Eve"}, {})
    record = recorded.read(tmp_path / "out" / ".copier-answers.yml")
    assert (record.address, record.revision) == (str(theirs.folder), "v1.0.0")
    assert record.answers["author"] == "Eve"
    assert record.render
    assert not (tmp_path / "out" / "new").exists()


def test_theirs_also_has_branches_and_commits(theirs: Theirs, tmp_path: Path) -> None:
    head = commit(theirs.folder, {"project/next": "next\n"})
    found = open_origin(str(theirs.folder), "", tmp_path)
    described = git(theirs.folder, "describe", "--tags").strip().removeprefix("v")
    assert found.revision("main") == found.revision(head) == found.revision(described) == head
    assert found.revision("1.1.0") == found.revision("v1.1.0") != head
    for unknown in ("", "1.2.0", "-x", "--upload-pack=x", "a..b", "main:copier.yml", "@{1}"):
        assert found.revision(unknown) == ""
    found.render("main", tmp_path / "out", {}, {})
    record = recorded.read(tmp_path / "out" / ".copier-answers.yml")
    assert found.revision(record.version) == head
    assert (tmp_path / "out" / "next").exists()


def test_what_of_theirs_needs_trust_is_refused_with_the_reason(
    theirs: Theirs, tmp_path: Path
) -> None:
    theirs.release("v3.0.0", {"copier.yml": f"{BASIC['copier.yml']}_tasks: ['touch ran']\n"})
    found = open_origin(str(theirs.folder), "v1.0.0", tmp_path)
    with pytest.raises(TemplateError, match="author's code") as caught:
        found.render("3.0.0", tmp_path / "out", {}, {})
    assert "--trust" in caught.value.hint
    found.render("3.0.0", tmp_path / "trusted", {}, {}, trust=True)
    assert (tmp_path / "trusted" / "ran").exists()


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(MlscaffoldError):
        open_origin(str(tmp_path / "gone"), "v1.0.0", tmp_path)
