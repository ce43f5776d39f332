"""The base: from the cache, rendered, or from the project's own history."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold import base, origin, project, recorded, render, renders, trees
from mlscaffold.catalog import locate
from mlscaffold.errors import InputError
from mlscaffold.scratch import Scratch

from ..conftest import git
from ..playground import commit, everything, repository

if TYPE_CHECKING:
    from ..workshop import Workshop

ANSWERS = ".copier-answers.yml"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of kept renders."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "renders"


@pytest.fixture(params=["", "sub/"])
def made(request: pytest.FixtureRequest, workshop: Workshop, kept: Path, work: Path) -> Path:
    """A project of a development version, and something of its user's."""
    assert not kept.exists()
    workshop.commit()
    folder = work / "outer" / request.param
    folder.parent.mkdir(parents=True, exist_ok=True)
    render.render(locate("basic"), folder, {"size": "7"})
    repository(work / "outer", {"around": "x\n"} if request.param else {})
    commit(folder, {"LICENSE": "mine\n"})
    return folder


def find(made: Path, into: Path) -> base.Base:
    """The base, as a new process would find it."""
    into.mkdir()
    found = project.find(made)
    record = recorded.read(made / ANSWERS)
    template = origin.open_origin(record.address, record.revision, into)
    scratch = Scratch(into / "scratch.git", found)
    return base.find(found, record, template, scratch, into / "base", trust=False)


def is_right(found: base.Base, made: Path) -> bool:
    """Whether a base is what the project records."""
    record = recorded.read(made / ANSWERS)
    return trees.digest(found.folder, skip={ANSWERS}, modes=False) == record.render


def test_it_is_rendered_once_and_kept(
    made: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = find(made, tmp_path / "1")
    assert first.note == ""
    assert is_right(first, made)
    assert len(list(kept.iterdir())) == 1
    monkeypatch.setattr(origin, "render", None)
    second = find(made, tmp_path / "2")
    assert trees.digest(first.folder) == trees.digest(second.folder)


def test_a_damaged_one_is_rendered_again(made: Path, kept: Path, tmp_path: Path) -> None:
    find(made, tmp_path / "1")
    [path] = kept.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    assert is_right(find(made, tmp_path / "2"), made)
    assert renders.fetch(path.stem, tmp_path / "3")


def test_a_version_that_is_nowhere_else_is_in_the_projects_history(
    made: Path, workshop: Workshop, tmp_path: Path
) -> None:
    workshop.commit(**{"project/LICENSE": "another\n"})
    before = everything(made)
    found = find(made, tmp_path / "1")
    assert found.note == ""
    assert is_right(found, made)
    assert (found.folder / "LICENSE").read_text() == "theirs to choose\n"
    assert everything(made) == before


def test_and_where_it_is_not_it_is_refused_with_the_remedy(
    made: Path, workshop: Workshop, tmp_path: Path
) -> None:
    workshop.release("0.1.0", **{"project/LICENSE": "another\n"})
    text = (made / ANSWERS).read_text()
    digest = recorded.read(made / ANSWERS).render
    commit(made, {ANSWERS: text.replace(digest, "a" * 64)})
    with pytest.raises(InputError, match=r"basic has no version v0\.1\.0\.dev0") as caught:
        find(made, tmp_path / "1")
    assert "It has: 0.1.0." in caught.value.hint
    assert "mlscaffold adopt" in caught.value.hint
    assert caught.value.where == str(made / ANSWERS)


def test_without_a_commit_there_is_no_history(workshop: Workshop, kept: Path, work: Path) -> None:
    assert not kept.exists()
    workshop.commit()
    render.render(locate("basic"), work / "project", {})
    repository(work / "other", {})
    (work / "other" / ".git").rename(work / "project" / ".git")
    (work / "project" / ".git" / "refs" / "heads" / "main").unlink()
    assert is_right(find(work / "project", work / "1"), work / "project")
    workshop.commit(**{"project/LICENSE": "another\n"})
    shutil.rmtree(kept)
    with pytest.raises(InputError, match="has no version"):
        find(work / "project", work / "2")


def test_an_answer_edited_by_hand_is_said(made: Path, tmp_path: Path) -> None:
    text = (made / ANSWERS).read_text()
    commit(made, {ANSWERS: text.replace("Clean Air", "Dirty Air")})
    found = find(made, tmp_path / "1")
    # The commit that new made has the render, so the merge still starts from the right files.
    assert is_right(found, made)
    digest = recorded.read(made / ANSWERS).render
    commit(made, {ANSWERS: (made / ANSWERS).read_text().replace(digest, "a" * 64)})
    found = find(made, tmp_path / "2")
    assert "does not render to what this project records" in found.note
    assert (found.folder / "README.md").read_text() == "# Dirty Air\n"


def test_a_project_of_plain_copiers_has_no_digest(made: Path, tmp_path: Path) -> None:
    lines = (made / ANSWERS).read_text().splitlines(keepends=True)
    commit(made, {ANSWERS: "".join(line for line in lines if not line.startswith("_render"))})
    found = find(made, tmp_path / "1")
    assert found.note == ""
    assert (found.folder / "LICENSE").read_text() == "theirs to choose\n"


def test_configuration_of_the_log_makes_no_difference(
    made: Path, workshop: Workshop, tmp_path: Path
) -> None:
    for setting in ("log.showSignature", "log.follow"):
        git(made, "config", "--global", setting, "true")
    workshop.commit(**{"project/LICENSE": "another\n"})
    assert is_right(find(made, tmp_path / "1"), made)
