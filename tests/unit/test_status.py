"""Where a project stands; and that looking writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold.diff import diff
from mlscaffold.errors import MlscaffoldError
from mlscaffold.status import status
from mlscaffold.update import update

from ..conftest import BASIC, git
from ..playground import Theirs, commit, everything, fill, repository

if TYPE_CHECKING:
    from ..conftest import Cli

README = "# {{ project_name }}\n<!-- report:score -->\nno report yet\n<!-- /report:score -->\n"
ANSWERS = ".copier-answers.yml"


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Theirs:
    """A third party's template with two versions."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    made = Theirs(tmp_path / "theirs.git")
    first = {"project/README.md.jinja": README, "project/.gitignore": "*.log\ndata/\n.env\n"}
    made.release("v1.0.0", {**BASIC, **first, "project/.env": "KEY=\n"})
    made.release("v1.1.0", {"project/LICENSE": "another\n"})
    return made


@pytest.fixture
def made(theirs: Theirs, work: Path) -> Path:
    """A project of the first version."""
    return theirs.project(work / "project", "v1.0.0", author="Eve")


def test_an_unedited_project(made: Path) -> None:
    found = status(made / "src")
    assert (found.project, found.template) == (made, "theirs")
    assert (found.version, found.newest) == ("1.0.0", "1.1.0")
    assert [(each.name, each.notes) for each in found.behind] == [("1.1.0", "- A step")]
    assert found.answers == {"author": "Eve"}
    assert found.changed == found.removed == found.added == found.notes == ()
    assert found.stands_apart


def test_at_the_newest_version_it_does_not_stand_apart(theirs: Theirs, work: Path) -> None:
    found = status(theirs.project(work / "project"))
    assert (found.version, found.behind, found.answers) == ("1.1.0", (), {})
    assert not found.stands_apart


def test_what_is_changed_removed_and_added_on_disk(made: Path) -> None:
    commit(made, {"src/committed.py": "", "LICENSE": "mine\n"})
    fill(made, {"README.md": "# Mine\n", "src/untracked.py": "", "data/big": "", "a.log": ""})
    fill(made, {"src/app.py": None, ".env": "KEY=secret\n"})
    fill(made, {"é\nname": "x"})
    found = status(made)
    assert found.changed == (".env", "LICENSE", "README.md")
    assert found.removed == ("src/app.py",)
    assert found.added == ("src/committed.py", "src/untracked.py", "é\nname")


def test_ignored_files_that_the_template_made_count_though_untracked(made: Path) -> None:
    git(made, "rm", "-q", "--cached", ".env")
    git(made, "commit", "-qm", "x")
    assert status(made).changed == status(made).added == status(made).removed == ()
    fill(made, {".env": "KEY=secret\n"})
    assert status(made).changed == (".env",)
    fill(made, {".env": None, ".env/deep/file": ""})  # a folder in its place is not read
    assert status(made).removed == (".env",)


def test_nothing_behind_a_link_is_read(made: Path, tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere", {"app.py": "print('hello')\n"})
    git(made, "rm", "-q", "-r", "--cached", "src")
    fill(made, {"src/app.py": None})
    (made / "src").rmdir()
    (made / "src").symlink_to(tmp_path / "elsewhere")
    found = status(made)
    assert found.removed == ("src/app.py",)
    assert found.added == ("src",)


def test_result_blocks_and_line_endings_are_no_edits(made: Path) -> None:
    text = (made / "README.md").read_text().replace("no report yet", "| RMSE | 3 |")
    fill(made, {"README.md": text, "src/app.py": b"print('hello')\r\n"})
    assert status(made).changed == ()
    commit(made)
    assert status(made).changed == ()
    fill(made, {"README.md": text + "more\n"})
    assert status(made).changed == ("README.md",)


def test_a_checkout_with_converted_line_endings(made: Path) -> None:
    git(made, "config", "core.autocrlf", "true")
    git(made, "config", "core.safecrlf", "true")
    for path in git(made, "ls-files", "-z").rstrip("\0").split("\0"):
        (made / path).unlink()
    git(made, "checkout", "-q", "--", ".")
    assert b"\r\n" in (made / "LICENSE").read_bytes()
    assert status(made).changed == ()


def test_a_project_of_plain_copiers(made: Path) -> None:
    lines = (made / ANSWERS).read_text().splitlines(keepends=True)
    commit(made, {ANSWERS: "".join(line for line in lines if not line.startswith("_render"))})
    found = status(made)
    assert (found.version, found.changed, found.notes) == ("1.0.0", (), ())


def test_before_the_first_commit(theirs: Theirs, made: Path, work: Path) -> None:
    made.joinpath(".git").rename(work / "git")
    git(made, "init", "-q")
    fill(made, {"mine": ""})
    found = status(made)
    assert (found.changed, found.added) == ((), ("mine",))
    assert found.template == theirs.folder.stem


def test_an_unknown_version_is_refused(made: Path) -> None:
    fill(made, {ANSWERS: (made / ANSWERS).read_text().replace("v1.0.0", "v7.0.0")})
    lines = (made / ANSWERS).read_text().splitlines(keepends=True)
    found = status(made)  # its render is in the history
    assert found.version == "7.0.0"
    fill(made, {ANSWERS: "".join(line for line in lines if not line.startswith("_render"))})
    with pytest.raises(MlscaffoldError, match=r"no version v7\.0\.0"):
        status(made)


def test_without_the_template_the_mistake_is_named(
    theirs: Theirs, made: Path, tmp_path: Path
) -> None:
    theirs.folder.rename(tmp_path / "moved.git")
    from mlscaffold import mirror

    mirror.mirror.cache_clear()
    with pytest.raises(MlscaffoldError) as caught:
        status(made)
    assert str(theirs.folder) in caught.value.what + caught.value.where


def _dirty(made: Path, _: Path) -> Path:
    fill(made, {"LICENSE": "dirty\n", "staged": "x\n", "untracked": "y\n", "src/app.py": None})
    git(made, "add", "staged")
    return made


def _clean(made: Path, _: Path) -> Path:
    return made


def _touched(made: Path, _: Path) -> Path:
    """git would refresh its index at once."""
    (made / "LICENSE").touch()
    return made


def _linked(made: Path, work: Path) -> Path:
    git(made, "worktree", "add", "-q", str(work / "linked"))
    return work / "linked"


def _shallow(made: Path, work: Path) -> Path:
    commit(made, {"LICENSE": "mine\n"})
    git(work, "clone", "-q", "--depth=1", f"file://{made}", "shallow")
    return work / "shallow"


def _subfolder(made: Path, work: Path) -> Path:
    (made / ".git").rename(work / "git")
    outer = repository(work / "outer", {"around": ""})
    made.rename(outer / "sub")
    commit(outer)
    return outer / "sub"


def _split_index(made: Path, _: Path) -> Path:
    git(made, "config", "core.splitIndex", "true")
    git(made, "update-index", "--split-index")
    return made


def _packed(made: Path, _: Path) -> Path:
    git(made, "gc", "-q")
    return made


def _merging(made: Path, _: Path) -> Path:
    git(made, "branch", "other")
    commit(made, {"LICENSE": "mine\n"})
    git(made, "checkout", "-q", "other")
    commit(made, {"LICENSE": "other\n"})
    with pytest.raises(Exception, match="merge"):
        git(made, "merge", "main")
    return made


WHERE = [_clean, _dirty, _touched, _linked, _shallow, _subfolder, _packed, _merging]


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("use", [status, lambda path: diff(path, {})], ids=["status", "diff"])
def test_looking_writes_nothing(
    made: Path, work: Path, where: Callable[[Path, Path], Path], use: Callable[[Path], object]
) -> None:
    at = where(made, work)
    before = everything(work)
    use(at)
    assert everything(work) == before


def test_a_split_index_stays_one(made: Path, work: Path) -> None:
    """Reading one renews the time of its other half, as git does."""
    _split_index(made, work)
    before = {path: content for path, (_, _, content) in everything(work).items()}
    status(made)
    assert {path: content for path, (_, _, content) in everything(work).items()} == before


@pytest.mark.parametrize("where", WHERE)
def test_it_tells_the_same_everywhere(
    made: Path, work: Path, where: Callable[[Path, Path], Path]
) -> None:
    found = status(where(made, work))
    assert (found.version, found.newest) == ("1.0.0", "1.1.0")
    assert found.changed == (("LICENSE",) if where in (_dirty, _shallow, _merging) else ())


def test_on_the_command_line(made: Path, cli: Cli) -> None:
    done = cli("status", str(made), "--exit-code")
    assert done.returncode == 3
    assert "theirs 1.0.0, 1 release behind 1.1.0" in done.stdout
    assert "author: 'Eve'" in done.stdout
    assert cli("status", str(made)).returncode == 0


def test_what_stands_in_the_way_of_an_update_is_told(theirs: Theirs, made: Path) -> None:
    theirs.release("v1.2.0", {"project/src/app.py": "theirs\n"})
    commit(made, {"src/app.py": "mine\n"})
    assert update(made, {}).conflicts
    [note] = status(made).notes
    assert note.startswith("src/app.py: in conflict.")
    assert "mlscaffold undo" in note


def test_a_project_of_a_newer_mlscaffold_is_not_the_newest(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlscaffold.origin.ThirdParty.versions", ("0.9.0",))
    [note] = status(made).notes
    assert "versions up to 0.9.0" in note
