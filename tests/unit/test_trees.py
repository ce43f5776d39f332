"""One number for a folder's files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlscaffold import trees

from ..conftest import write

DIGEST = "b5f1b6e8078bf5d1fd5e9e12ef8113a0f03d25cb69427765fe91886cf83cebe2"
FILES = {"a.txt": "1", "b/c.txt": "2", "b/é {{ x }}": ""}


def test_a_copy_elsewhere_is_the_same(work: Path) -> None:
    one = write(work / "one", FILES)
    other = write(work / "deep/other", dict(reversed(FILES.items())))
    (other / "empty").mkdir()
    os.utime(other / "a.txt", (1, 1))
    assert trees.digest(one) == trees.digest(other)


@pytest.mark.parametrize(
    "change",
    [
        lambda at: (at / "a.txt").write_text("2"),
        lambda at: (at / "a.txt").write_bytes(b"1\r\n"),
        lambda at: (at / "a.txt").unlink(),
        lambda at: (at / "a.txt").rename(at / "b/a.txt"),
        lambda at: (at / "new").touch(),
        lambda at: (at / "a.txt").rename(at / "A.txt"),
    ],
)
def test_any_change_of_a_file_is_another(work: Path, change: Callable[[Path], object]) -> None:
    at = write(work / "one", FILES)
    before = trees.digest(at)
    change(at)
    assert trees.digest(at) != before


def test_bytes_do_not_move_between_files(work: Path) -> None:
    one = write(work / "one", {"a": "1", "b": "file\0c\x001\0002"})
    other = write(work / "other", {"a": "1", "b": "", "c": "2"})
    assert trees.digest(one) != trees.digest(other)


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither")
def test_modes_and_links_count(work: Path) -> None:
    at = write(work / "one", {"run": "a.txt", "a.txt": ""})
    plain = trees.digest(at), trees.digest(at, modes=False)
    (at / "run").chmod(0o755)
    assert trees.digest(at) != plain[0]
    assert trees.digest(at, modes=False) == plain[1]
    (at / "run").unlink()
    (at / "run").symlink_to("a.txt")  # its text is what the file held
    assert trees.digest(at, modes=False) != plain[1]
    (at / "run").unlink()
    (at / "run").symlink_to("nowhere")
    assert trees.digest(at)


def test_what_is_nobodys_is_left_out(work: Path) -> None:
    at = write(work / "one", FILES)
    before = trees.digest(at)
    write(at, dict.fromkeys(("b/__pycache__/x", "b/m.pyc", ".GIT/config", ".x_cache/y"), ""))
    assert trees.digest(at) == before
    write(at, {"skipped": "", "b/skipped": ""})
    assert trees.digest(at, skip={"skipped", "b/skipped"}) == before
    assert trees.digest(at, skip={"skipped"}) != before


def test_the_digest_is_the_same_on_every_machine(work: Path) -> None:
    """Another number here would be another for every release than its log tells."""
    assert trees.digest(write(work / "one", FILES)) == DIGEST
