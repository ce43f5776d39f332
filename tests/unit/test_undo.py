"""Undo gives back what was there, refuses to lose what came since, and spares what is not its."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mlscaffold import catalog, journal, place, project, undo
from mlscaffold.errors import TargetError
from mlscaffold.new import new

from ..conftest import git, snapshot, write
from ..merging import forecast, lay, start, whole
from .test_place import BASE, NEW, scene
from .test_target import hosted


@pytest.fixture
def applied(work: Path) -> tuple[project.Project, dict[str, object]]:
    there = scene(work, {"mine.txt": b"mine\n", "other.txt": b"other\n"})
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    before = whole(there.root)
    place.apply(there, merge, "update")
    return there, before


def test_later_edits_are_refused_and_named_then_moved_aside(
    applied: tuple[project.Project, dict[str, object]],
) -> None:
    there, before = applied
    lay(there.folder, {"a.txt": b"later\n", "new.sh": b"later too\n", "turns": None})
    with pytest.raises(TargetError, match=r"a\.txt, new\.sh") as caught:
        undo.undo(there.folder)
    assert "--force" in caught.value.hint
    assert (there.folder / "a.txt").read_bytes() == b"later\n"
    result = undo.undo(there.folder, force=True)
    assert result.aside == there.git_dir / "mlscaffold" / "kept-1"
    assert (result.aside / "files" / "a.txt").read_bytes() == b"later\n"
    assert (result.aside / "files" / "new.sh").read_bytes() == b"later too\n"
    assert whole(there.root) == before


def test_what_was_staged_since_is_not_lost_silently(
    applied: tuple[project.Project, dict[str, object]],
) -> None:
    there, before = applied
    lay(there.folder, {"other.txt": b"staged\n"})
    git(there.root, "add", "other.txt")
    with pytest.raises(TargetError, match=r"other\.txt"):
        undo.undo(there.folder)
    undo.undo(there.folder, force=True)
    assert (there.folder / "other.txt").read_bytes() == b"staged\n"
    assert whole(there.root)["index"] == before["index"]


def test_edits_elsewhere_and_untracked_files_stay(
    applied: tuple[project.Project, dict[str, object]],
) -> None:
    there, _ = applied
    later = {"mine.txt": b"later\n", "new folder/own.txt": b"own\n", "data/x.csv": b"1\n"}
    lay(there.folder, dict(later))
    git(there.root, "status")
    undo.undo(there.folder)
    assert {name: (there.folder / name).read_bytes() for name in later} == later
    assert git(there.root, "status", "--porcelain").splitlines() == [
        " M mine.txt",
        "?? data/",
        '?? "new folder/"',
    ]


@pytest.mark.parametrize("message", [None, "Update"])
def test_commits_since_are_refused(work: Path, message: str | None) -> None:
    there = scene(work)
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    place.apply(there, merge, "update", message=message)
    git(there.root, "commit", "-q", "--allow-empty", "-m", "Since")
    before = whole(there.root)
    for force in (False, True):
        with pytest.raises(TargetError, match="committed since") as caught:
            undo.undo(there.folder, force=force)
    assert "git revert" in caught.value.hint
    assert whole(there.root) == before


def test_another_branch_is_refused(applied: tuple[project.Project, dict[str, object]]) -> None:
    there, _ = applied
    git(there.root, "switch", "-q", "-c", "other")
    with pytest.raises(TargetError, match="Another branch") as caught:
        undo.undo(there.folder)
    assert "git switch main" in caught.value.hint


def test_a_detached_head_comes_back(work: Path) -> None:
    there = scene(work)
    git(there.root, "switch", "-q", "--detach")
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    before = whole(there.root)
    place.apply(there, merge, "update", message="Update")
    undo.undo(there.folder)
    assert whole(there.root) == before


def test_nothing_is_written_or_removed_through_a_link(
    applied: tuple[project.Project, dict[str, object]], work: Path
) -> None:
    """The folder of removed and added files is now a link to another: that stays as it is."""
    there, _ = applied
    outside = write(work / "outside", {"deep/old.txt": "theirs", "-n": "theirs"})
    (there.folder / "gone").symlink_to(outside)
    (there.folder / "new folder" / "-n").unlink()
    (there.folder / "new folder").rmdir()
    (there.folder / "new folder").symlink_to(outside)
    with pytest.raises(TargetError, match="gone"):
        undo.undo(there.folder)
    undo.undo(there.folder, force=True)
    assert snapshot(outside) == {"deep/old.txt": b"theirs", "-n": b"theirs"}
    assert (there.folder / "gone/deep/old.txt").read_bytes() == b"old\n"


@pytest.mark.parametrize("path", ["../out", "/etc/x", "a/../../x", ".git/config", "a/.GIT/x", ""])
def test_a_journal_that_somebody_else_packed_leads_nowhere(work: Path, path: str) -> None:
    folder = start(work / "p", {})
    undo_folder = folder / ".git" / "mlscaffold" / "undo"
    step = {"path": path, "before": None, "after": {"kind": "file", "sha256": ""}}
    fields = journal.Journal(undo_folder, "update", "", "", "", "", ()).__dict__ | {
        "steps": [step],
        "schema": 1,
    }
    del fields["folder"]
    write(undo_folder, {"journal.json": json.dumps(fields)})
    before = whole(folder)
    with pytest.raises(TargetError, match="damaged"):
        undo.undo(folder)
    assert whole(folder) == before


def test_the_record_of_another_project_in_the_repository_is_left_alone(work: Path) -> None:
    there = scene(work, prefix="one/")
    lay(there.root / "two", {".copier-answers.yml": b"x: 1\n"})
    merge = forecast(there.folder, BASE, NEW, work / "scratch")
    place.apply(there, merge, "update")
    with pytest.raises(TargetError, match="another project"):
        undo.undo(there.root / "two")


# After `new` ------------------------------------------------------------------------------------

Template = Callable[..., Path]


def made(template: Template, dest: str = "x", **options: bool) -> Path:
    source = catalog.locate(str(template()))
    return new(source, Path(dest), {}, defaults=True, **options).destination


def test_a_new_project_leaves_nothing(template: Template, work: Path) -> None:
    folder = made(template)
    assert git(folder, "status", "--porcelain") == ""
    result = undo.undo(folder)
    assert list(work.iterdir()) == []
    assert (result.command, result.repository_removed, result.kept) == ("new", True, ())
    assert "README.md" in result.removed


def test_data_and_environments_stay(template: Template) -> None:
    folder = made(template)
    write(folder, {"data/raw.csv": "1", ".venv/bin/python": "x", "src/notes.txt": "mine"})
    result = undo.undo(folder)
    assert result.kept == (".venv", "data", "src")
    assert sorted(snapshot(folder)) == [".venv/bin/python", "data/raw.csv", "src/notes.txt"]


def test_an_edited_new_project_is_refused_and_then_kept(template: Template) -> None:
    folder = made(template)
    write(folder, {"README.md": "mine"})
    before = snapshot(folder)
    with pytest.raises(TargetError, match=r"README\.md"):
        undo.undo(folder)
    assert snapshot(folder) == before
    result = undo.undo(folder, force=True)
    assert result.aside
    assert (result.aside / "files" / "README.md").read_text() == "mine"
    assert result.kept == (".git",)


def test_a_new_project_with_commits_is_refused(template: Template) -> None:
    folder = made(template)
    git(folder, "commit", "-q", "--allow-empty", "-m", "Mine")
    before = snapshot(folder)
    for force in (False, True):
        with pytest.raises(TargetError, match="committed since"):
            undo.undo(folder, force=force)
    assert snapshot(folder) == before


def test_a_second_branch_keeps_the_repository(template: Template) -> None:
    folder = made(template)
    git(folder, "branch", "idea")
    assert undo.undo(folder).kept == (".git",)


def test_a_folder_that_was_there_stays(template: Template, work: Path) -> None:
    write(work / "x", {"LICENSE": "mine"})
    undo.undo(made(template))
    assert snapshot(work) == {"x/LICENSE": b"mine"}
    assert [path.name for path in (work / "x").iterdir()] == ["LICENSE"]


@pytest.mark.parametrize("commit", [True, False])
def test_an_existing_repository_comes_back(template: Template, work: Path, commit: bool) -> None:
    hosted(work / "x", commit=commit)
    if not commit:
        (work / "x" / "README.md").unlink()
    before = {name: value for name, value in _whole(work / "x").items() if commit or name != "head"}
    undo.undo(made(template))
    assert {name: _whole(work / "x")[name] for name in before} == before
    assert sorted(path.name for path in (work / "x").iterdir()) == sorted(
        [".git", "LICENSE", *(["README.md"] if commit else [])]
    )


def _whole(folder: Path) -> dict[str, object]:
    has_head = (folder / ".git" / "refs" / "heads" / "trunk").exists()
    index = folder / ".git" / "index"
    return {
        **snapshot(folder),
        "head": git(folder, "rev-parse", "HEAD") if has_head else "",
        "HEAD": (folder / ".git" / "HEAD").read_text(),
        "index": index.read_bytes() if index.exists() else b"",
    }


def test_a_project_without_git_has_no_record(template: Template) -> None:
    folder = made(template, with_git=False)
    before = snapshot(folder)
    with pytest.raises(TargetError, match="nothing to undo") as caught:
        undo.undo(folder)
    assert "here is none" in caught.value.hint
    assert snapshot(folder) == before
