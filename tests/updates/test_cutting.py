"""`tools/release.py`: what it writes, and what it refuses to release."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from mlscaffold import releases, store, trees
from mlscaffold.errors import MlscaffoldError

from ..conftest import git, snapshot, write
from ..workshop import MATRIX, Workshop, tool


def test_a_release_is_a_bundle_and_an_entry(
    workshop: Workshop, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    workshop.note("0.1.0", '- Says "\\hi" and \'\'\' and """four"""" é \x07.')
    assert tool().main(["basic", "0.1.0"], workshop.root) == 0
    assert "git add releases/basic" in capfd.readouterr().out
    release = releases.find("basic", "0.1.0")
    assert release.notes == '- Says "\\hi" and \'\'\' and """four"""" é \x07.'
    assert release.digest == trees.digest(workshop.template, modes=False)
    assert release.date == git(workshop.root, "show", "-s", "--format=%cs").strip()
    changed = git(workshop.root, "status", "--porcelain", "--untracked-files=all").split()
    assert changed[1::2] == ["releases/basic/0.1.0.bundle", "releases/basic/log.toml"]

    git(tmp_path, "clone", "-q", "--bare", str(release.path), "again")
    assert git(tmp_path / "again", "rev-parse", "v0.1.0^{commit}").strip() == release.commit
    tree = git(tmp_path / "again", "rev-parse", "v0.1.0^{tree}")
    assert tree == git(workshop.root, "rev-parse", "HEAD:templates/basic")


def test_the_next_one_holds_what_changed_and_leaves_the_log_before_it_alone(
    workshop: Workshop, tmp_path: Path
) -> None:
    noise = "\n".join(map(str, range(20_000)))
    one = workshop.release("0.1.0", **{"project/large.txt": noise})
    before = (workshop.releases / "log.toml").read_bytes()
    two = workshop.release("0.2.0", **{"project/src/app.py": "print('more')\n"})
    assert two.path.stat().st_size < 2000 < one.path.stat().st_size
    assert (workshop.releases / "log.toml").read_bytes().startswith(before)
    again = store.build("basic", tmp_path / "again.git")
    assert git(again, "rev-list", "v0.2.0").split() == [two.commit, one.commit]
    git(again, "fsck", "--strict")


def test_the_same_commit_gives_the_same_release(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut twice here, and once in a clone, where the objects lie otherwise."""
    workshop.release("0.1.0")
    workshop.note("0.2.0")
    cuts = [tool().cut(workshop.root, "basic", "0.2.0")]
    git(workshop.root, "checkout", "-q", "--", "releases")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Somebody else")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00")
    cuts.append(tool().cut(workshop.root, "basic", "0.2.0"))
    git(tmp_path, "clone", "-q", f"file://{workshop.root}", "clone")
    clone = (tmp_path / "clone").resolve()
    monkeypatch.setattr(releases, "releases_root", lambda: clone / "releases")
    cuts.append(tool().cut(clone, "basic", "0.2.0"))
    assert cuts[0] == cuts[1] == cuts[2]


@pytest.mark.parametrize(
    ("template", "version", "said"),
    [
        ("basic", "0.1.0", "0.1.0 of basic exists; the newest is 0.2.0"),
        ("basic", "v0.3.0", "'v0.3.0' is not a release"),
        ("basic", "0.3.0rc1", "'0.3.0rc1' is not a release"),
        ("basic", "0.03", "'0.03' is not a release"),
        ("basic", "../0.3", "'../0.3' is not a release"),
        ("basic", "0.1.9", "is not newer"),
        ("basic", "0.2", "is not newer"),
        ("basic", "0.3.0", "does not tell what 0.3.0 brings"),
        ("basic", "0.4.0", "does not tell what 0.4.0 brings"),
        ("other", "0.3.0", "no template called 'other'"),
    ],
)
def test_what_cannot_come_next_is_refused(
    workshop: Workshop, template: str, version: str, said: str
) -> None:
    workshop.release("0.1.0")
    workshop.release("0.2.0")
    workshop.note("0.3.0.1", "- Not the notes of 0.3.0.")
    workshop.note("0.4.0", "")
    refused(workshop, template, version, said)


def test_what_is_not_committed_is_refused(workshop: Workshop) -> None:
    workshop.note("0.1.0")
    for name, text in [
        ("templates/basic/project/README.md.jinja", "# changed\n"),
        ("templates/basic/project/untracked", ""),
        ("templates/other/untracked", ""),
        ("templates/basic/project/ignored.log", ""),
    ]:
        write(workshop.root, {name: text})
        refused(workshop, "basic", "0.1.0", "ignores" if "ignored" in name else "uncommitted")
        git(workshop.root, "checkout", "-q", "--", ".")
        git(workshop.root, "clean", "-qdfx", "templates")
    write(workshop.template, {"project/__pycache__/app.pyc": ""})  # no part of a template
    assert tool().cut(workshop.root, "basic", "0.1.0").version == "0.1.0"


def test_line_endings_that_git_converts_are_refused(workshop: Workshop) -> None:
    """Another checkout would have other files than the release."""
    files = {"project/.gitattributes": "*.txt text\n", "project/dos.txt": "a\r\n"}
    write(workshop.template, files)
    workshop.note("0.1.0")
    write(workshop.template, {"project/dos.txt": "a\r\n"})
    refused(workshop, "basic", "0.1.0", "has converted")


def test_a_red_matrix_is_refused(workshop: Workshop) -> None:
    write(workshop.root, {MATRIX: "def test_red(): assert False\n"})
    workshop.note("0.1.0")
    refused(workshop, "basic", "0.1.0", "does not pass the matrix")


def test_it_writes_in_its_own_checkout_only(workshop: Workshop, tmp_path: Path) -> None:
    workshop.note("0.1.0")
    shutil.copytree(workshop.root, tmp_path / "copy")
    workshop.root = tmp_path / "copy"
    refused(workshop, "basic", "0.1.0", "not installed from this checkout")


def refused(workshop: Workshop, template: str, version: str, said: str) -> None:
    """Cutting raises, and leaves everything as it was."""
    before = snapshot(workshop.root)
    with pytest.raises(MlscaffoldError, match=said):
        tool().cut(workshop.root, template, version)
    assert snapshot(workshop.root) == before


def test_the_command_line_tells_what_is_wrong(
    workshop: Workshop, capfd: pytest.CaptureFixture[str]
) -> None:
    assert tool().main(["basic"], workshop.root) == 2
    assert tool().main(["basic", "one"], workshop.root) == 1
    said = capfd.readouterr().err
    assert "usage:" in said
    assert "error: 'one' is not a release" in said


def test_the_log_is_plain_toml(workshop: Workshop) -> None:
    workshop.release("0.1.0")
    log = tomllib.loads((workshop.releases / "log.toml").read_text("utf-8"))
    assert set(log["release"][0]) == {"version", "date", "commit", "digest", "bundle", "notes"}
