"""Released files come back as they were, whatever became of the store."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from mlscaffold import catalog, releases, store, trees
from mlscaffold.errors import GitError, InputError, TemplateError

from ..conftest import git, snapshot, write

if TYPE_CHECKING:
    from ..workshop import Workshop

CHANGED = {"project/src/app.py": "print('more')\n"}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def two(workshop: Workshop) -> tuple[releases.Release, releases.Release]:
    """Two releases."""
    return workshop.release("0.1.0"), workshop.release("0.2.0", **CHANGED)


Two = tuple[releases.Release, releases.Release]


def test_files_come_back_byte_for_byte(workshop: Workshop, work: Path, cache: Path) -> None:
    odd = workshop.template / "project"
    write(odd, {"{{ project_name }} é.txt": "", ".gitattributes": "* text eol=crlf ident\n$Id$\n"})
    (odd / "bytes").write_bytes(bytes(range(256)) * 300)
    if os.name != "nt":
        (odd / "tool.sh").write_text("#!/bin/sh\n")
        (odd / "tool.sh").chmod(0o755)
        (odd / "link").symlink_to("bytes")
    one = workshop.release("0.1.0")
    before = trees.digest(workshop.template)
    workshop.release("0.2.0", **CHANGED)
    assert store.unpack(one, work / "x") == work / "x"
    assert trees.digest(work / "x") == before
    assert sorted(path.name for path in (cache / "store").iterdir()) == ["basic.git", "basic.lock"]


def test_what_is_there_is_never_written_over(two: Two, work: Path) -> None:
    write(work / "x", {"mine": ""})
    with pytest.raises(FileExistsError):
        store.unpack(two[0], work / "x")
    assert snapshot(work / "x") == {"mine": b""}


def garble(pack: Path) -> None:
    pack.chmod(0o644)
    content = pack.read_bytes()
    pack.write_bytes(content[:20] + bytes(byte ^ 255 for byte in content[20:]))


def truncate(pack: Path) -> None:
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:40])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "garbage in packs": lambda at: [garble(pack) for pack in at.glob("objects/pack/*.pack")],
    "truncated packs": lambda at: [truncate(pack) for pack in at.glob("objects/pack/*.pack")],
    "no index of a pack": lambda at: [path.unlink() for path in at.glob("objects/pack/*.idx")],
    "no objects": lambda at: shutil.rmtree(at / "objects"),
    "no HEAD": lambda at: (at / "HEAD").unlink(),
    "no references": lambda at: shutil.rmtree(at / "refs"),
    "no configuration": lambda at: (at / "config").write_text("[core"),
    "an empty folder": lambda at: (shutil.rmtree(at), at.mkdir()),
    "a file": lambda at: (shutil.rmtree(at), at.write_text("")),
    "not there": shutil.rmtree,
    "a dangling link": lambda at: (shutil.rmtree(at), at.symlink_to("nowhere")),
    "another's objects": lambda at: (
        shutil.rmtree(at),
        git(at.parent, "init", "-q", "--bare", str(at)),
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_built_anew(two: Two, work: Path, cache: Path, damage: str) -> None:
    store.unpack(two[0], work / "before")
    DAMAGES[damage](cache / "store" / "basic.git")
    store.unpack(two[0], work / "after")
    assert snapshot(work / "after") == snapshot(work / "before")
    git(cache / "store" / "basic.git", "fsck", "--strict")
    assert sorted(path.name for path in (cache / "store").iterdir()) == ["basic.git", "basic.lock"]


def test_files_that_are_not_the_release_are_noticed(
    two: Two, work: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git itself finds nothing wrong with another tree under the commit's id."""
    store.unpack(two[0], work / "x")
    at = cache / "store" / "basic.git"
    git(at, "replace", two[0].commit, two[1].commit)
    built: list[Path] = []
    build = store.build
    monkeypatch.setattr(store, "build", lambda *given: built.append(given[1]) or build(*given))
    store.unpack(two[0], work / "y")
    assert snapshot(work / "y") == snapshot(work / "x")
    assert len(built) == 1


def test_a_store_of_an_older_package_is_extended(
    workshop: Workshop, work: Path, cache: Path
) -> None:
    store.unpack(workshop.release("0.1.0"), work / "x")
    two = workshop.release("0.2.0", **CHANGED)
    store.unpack(two, work / "y")
    assert git(cache / "store" / "basic.git", "tag").split() == ["v0.1.0", "v0.2.0"]


def test_what_a_dead_run_left_is_removed(two: Two, work: Path, cache: Path) -> None:
    write(cache / "store", {"basic.git.0a1b/HEAD": "", "basic.git.ff": ""})
    store.unpack(two[0], work / "x")
    assert sorted(path.name for path in (cache / "store").iterdir()) == ["basic.git", "basic.lock"]


def blocked(folder: Path) -> None:
    """Make `folder` one that nothing can be written in, for the superuser too."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file, not a folder")


@pytest.mark.parametrize("which", ["", "store", "store/basic.lock"])
def test_where_nothing_can_be_written_a_store_serves_one_call(
    two: Two, work: Path, cache: Path, which: str
) -> None:
    if which.endswith("lock"):
        (cache / which).mkdir(parents=True)
    else:
        blocked(cache / which)
    assert (store.cache_folder() is None) == (not which)
    for name in ("x", "y"):
        store.unpack(two[0], work / name)
    assert snapshot(work / "x") == snapshot(work / "y") != {}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no read-only folders")
def test_a_read_only_home(two: Two, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said so by the system, since nothing is read-only for the superuser."""
    home = Path.home()
    home.chmod(0o555)
    allowed = os.access

    def access(path: Path, mode: int) -> bool:
        return allowed(path, mode) and not Path(path).is_relative_to(home)

    make = Path.mkdir

    def mkdir(path: Path, *args: object, **options: object) -> None:
        if path.is_relative_to(home):
            raise PermissionError(13, "Permission denied", str(path))
        make(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "access", access)
    assert store.cache_folder() is None
    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert store.cache_folder() is None
    store.unpack(two[0], work / "x")
    home.chmod(0o755)
    assert [path.name for path in home.rglob("*") if path.name != ".cache"] in ([], ["mlscaffold"])


def test_the_cache_is_where_the_system_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = store.cache_folder()
    assert found
    assert found.is_relative_to(Path.home())
    assert found.name == "mlscaffold"
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "named/deep"))
    assert store.cache_folder() == tmp_path / "named/deep"
    monkeypatch.setenv("MLSCAFFOLD_CACHE", "~nobody-of-that-name/x")
    assert store.cache_folder() is None


def test_without_a_home_there_is_no_cache(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number without a name."""
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert store.cache_folder() is None
    assert list(work.iterdir()) == []


def test_another_run_that_takes_too_long_is_not_waited_for(
    two: Two, work: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_WAIT_S", 0.1)
    (cache / "store").mkdir(parents=True)
    with FileLock(cache / "store" / "basic.lock"):
        store.unpack(two[0], work / "x")
    assert not (cache / "store" / "basic.git").exists()


BUILDER = """
import sys
from pathlib import Path
from mlscaffold import releases, store
releases.releases_root = lambda: Path(sys.argv[1])
store.unpack(releases.find("basic", sys.argv[2]), Path(sys.argv[3]))
"""


def test_several_processes_build_one_store(
    workshop: Workshop, two: Two, work: Path, cache: Path
) -> None:
    arguments = [sys.executable, "-c", BUILDER, str(workshop.root / "releases")]
    running = [
        subprocess.Popen([*arguments, two[number % 2].version, str(work / str(number))])
        for number in range(4)
    ]
    assert [each.wait(timeout=60) for each in running] == [0] * 4
    for number in range(4):
        assert trees.digest(work / str(number), modes=False) == two[number % 2].digest
    git(cache / "store" / "basic.git", "fsck", "--strict")
    assert sorted(path.name for path in (cache / "store").iterdir()) == ["basic.git", "basic.lock"]


@pytest.mark.parametrize("seconds", [0.1, 0.2, 0.3, 0.5])
def test_a_run_killed_while_building_is_made_up_for(
    workshop: Workshop, two: Two, work: Path, cache: Path, seconds: float
) -> None:
    arguments = [sys.executable, "-c", BUILDER, str(workshop.root / "releases"), "0.1.0"]
    with subprocess.Popen([*arguments, str(work / "killed")]) as process:
        time.sleep(seconds)
        process.kill()
    store.unpack(two[0], work / "x")
    assert trees.digest(work / "x", modes=False) == two[0].digest
    git(cache / "store" / "basic.git", "fsck", "--strict")


@pytest.mark.parametrize("damage", ["missing", "garbled", "of another release"])
def test_a_damaged_package_is_named(two: Two, work: Path, damage: str) -> None:
    if damage == "missing":
        two[0].path.unlink()
    elif damage == "garbled":
        garble(two[0].path)
    else:
        shutil.copy(two[1].path, two[0].path)
    with pytest.raises(TemplateError, match=r"Release 0.1.0 of basic is damaged") as caught:
        store.unpack(two[1], work / "x")
    assert caught.value.where == str(two[0].path)
    assert list(work.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        "[safe]\nbareRepository = explicit\n",
        "[protocol]\nallow = never\n",
        "[core]\nautocrlf = true\nsafecrlf = true\nhooksPath = hooks\n",
        "[transfer]\nfsckObjects = true\n[fetch]\nfsckObjects = true\n",
        "[init]\ntemplateDir = /nowhere\ndefaultObjectFormat = sha256\n",
    ],
)
def test_the_users_settings_do_not_stop_it(
    two: Two, work: Path, cache: Path, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path.home() / ".gitconfig").write_text(settings)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    for name in ("x", "y"):
        store.unpack(two[0], work / name)
    assert (cache / "store" / "basic.git").is_dir()


def test_without_git_it_says_what_for(
    two: Two, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(work))
    with pytest.raises(GitError, match="git was not found") as caught:
        store.unpack(two[0], work / "x")
    assert "--no-git" not in caught.value.hint


def test_a_template_at_a_version(workshop: Workshop, two: Two) -> None:
    here = catalog.locate("basic")
    for version in (None, "0.2.0", "v0.2.0"):  # what the working copy is
        with store.at_version(here, version) as source:
            assert source is here
    with store.at_version(here, "0.1.0") as source:
        assert source.builtin
        assert (source.builtin.version, source.address) == ("0.1.0", here.address)
        assert trees.digest(Path(source.url), modes=False) == two[0].digest
        folder = Path(source.url)
    assert not folder.exists()
    workshop.commit(**{"project/more": ""})
    ahead = catalog.locate("basic")
    assert ahead.builtin
    with store.at_version(ahead, "0.2.0") as source:
        assert trees.digest(Path(source.url), modes=False) == two[1].digest
    with store.at_version(ahead, ahead.builtin.version) as source:
        assert source is ahead


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("spec", "said"), [("basic", "no release '9.9'"), ("gh:a/b", "built-in")])
def test_a_version_that_is_not_there(spec: str, said: str) -> None:
    with pytest.raises(InputError, match=said), store.at_version(catalog.locate(spec), "9.9"):
        pass
