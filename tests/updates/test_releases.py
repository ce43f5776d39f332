"""What was released stays what it was: on disk, in git's history, and when it is built again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold import releases, store

from ..conftest import git

if TYPE_CHECKING:
    from ..workshop import Workshop

ROOT = Path(__file__).parents[2]


def templates(root: Path) -> list[str]:
    """Templates with a release log."""
    return sorted(path.parent.name for path in root.glob(f"releases/*/{releases.LOG}"))


def problems(root: Path, scratch: Path) -> Iterator[str]:
    """What is wrong with the release logs of a checkout, without its history."""
    scratch.mkdir(exist_ok=True)
    for name in templates(root):
        log = releases.log(name)
        bundles = {path.stem for path in (root / "releases" / name).glob("*.bundle")}
        if bundles != {each.version for each in log}:
            yield f"{name}: bundles and log are not of the same releases"
        try:
            for each in log:
                if sha256(each.path.read_bytes()).hexdigest() != each.bundle:
                    yield f"{name} {each.version}: the bundle is not the log's"
            repository = store.build(name, scratch / f"{name}.git")
            git(repository, "fsck", "--strict")
            line = git(repository, "rev-list", "--first-parent", log[-1].tag).split()
            if line != [each.commit for each in reversed(log)]:
                yield f"{name}: the commits are not those of the log, one on top of another"
            for each in log:
                store.unpack(each, scratch / f"{name}-{each.version}")  # compares the digest
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            yield f"{name}: {error}"


def rewritten(root: Path) -> Iterator[str]:
    """What is in the history of `releases/` beside additions; a log may only have grown."""
    changes = git(
        root,
        *("log", "--format=", "--raw", "--no-abbrev", "--no-renames", "-m", "--full-history"),
        *("--", "releases"),
    )
    for change in changes.splitlines():
        (_, _, before, _, status), path = change.split("\t")[0].split(), change.split("\t")[1]
        if path.endswith(f"/{releases.LOG}") and (root / path).is_file():
            old = git(root, "cat-file", "blob", before) if status != "A" else ""
            if not (root / path).read_text("utf-8").startswith(old):
                yield f"{path} lost what it held"
        elif status != "A" and not path.endswith(".md"):
            yield f"{path} was changed ({status})"


def test_every_release_is_what_the_log_says(tmp_path: Path) -> None:
    assert list(problems(ROOT, tmp_path)) == []


def test_nothing_released_was_changed_since() -> None:
    done = subprocess.run(
        ["git", "rev-parse", "--is-shallow-repository", "--show-prefix"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.stdout.split("\n")[:2] != ["false", ""]:
        pytest.skip("this checkout has no history to look into")
    assert list(rewritten(ROOT)) == []


def test_sound_releases_are_told_from_damaged_ones(workshop: Workshop, tmp_path: Path) -> None:
    one = workshop.release("0.1.0")
    two = workshop.release("0.2.0", **{"project/src/app.py": "print('more')\n"})
    assert list(problems(workshop.root, tmp_path / "0")) == []
    log = workshop.releases / releases.LOG
    text = log.read_text("utf-8")
    for number, (good, bad) in enumerate(
        [
            (two.commit, one.commit),
            (two.commit, "0" * 40),
            (two.digest, one.digest),
            (two.bundle, one.bundle),
            ('"0.2.0"', '"0.3.0"'),
        ]
    ):
        log.write_text(text.replace(good, bad), "utf-8")
        assert list(problems(workshop.root, tmp_path / str(number + 1))), bad


def test_a_grown_history_is_told_from_a_rewritten_one(workshop: Workshop) -> None:
    one = workshop.release("0.1.0")
    workshop.release("0.2.0", **{"project/src/app.py": "print('more')\n"})
    assert list(rewritten(workshop.root)) == []
    log, content = workshop.releases / releases.LOG, one.path.read_bytes()

    log.write_text(log.read_text("utf-8").replace("brings", "brought"), "utf-8")
    assert list(rewritten(workshop.root)) == ["releases/basic/log.toml lost what it held"]
    git(workshop.root, "checkout", "-q", "--", "releases")

    one.path.write_bytes(content + b"\0")
    workshop.commit()
    one.path.write_bytes(content)
    workshop.commit()
    assert set(rewritten(workshop.root)) == {"releases/basic/0.1.0.bundle was changed (M)"}

    git(workshop.root, "rm", "-q", "-r", "releases")
    workshop.commit()
    found = list(rewritten(workshop.root))
    assert "releases/basic/0.2.0.bundle was changed (D)" in found
    assert any("log.toml" in each for each in found)
