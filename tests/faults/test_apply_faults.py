"""Items 23 and 24 of the fault plan: stop an apply anywhere, and one undo brings all back."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold import place, project, undo
from mlscaffold.errors import MlscaffoldError, TargetError

from ..conftest import git
from ..merging import Files, forecast, lay, start, whole

if TYPE_CHECKING:
    from mlscaffold.merge import Merge

BASE: Files = {f"package/module_{number}.py": b"x = 1\n" * 50 for number in range(60)}
BASE |= {"turns/a.txt": b"a\n", "into": b"b\n", "conflict.txt": b"base\n", "gone/x.txt": b"x\n"}
NEW: Files = {f"package/module_{number}.py": b"x = 2\n" * 900 for number in range(50)}
NEW |= {"turns": b"file\n", "into/b.txt": b"b\n", "conflict.txt": b"theirs\n", "new/y.sh": b"#!/"}

# Runs an apply, or an undo, and stops it at its n-th operation on a file or call of a program.
RUN = """
import json, os, signal, sys
from pathlib import Path
from mlscaffold import place, project, undo
from mlscaffold.merge import Change, Entry, Merge, Stage

what, folder, about, stop, number = sys.argv[1:]
told = json.loads(Path(about).read_text())
entry = lambda found: Entry(**found) if found else None
changes = [Change(c["path"], entry(c["before"]), entry(c["after"])) for c in told["changes"]]
stages = tuple(Stage(**each) for each in told["stages"])
merge = Merge(Path(told["scratch"]), told["head_tree"], told["tree"], tuple(changes), stages)
steps = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "subprocess.Popen"}
seen = []

def hook(event, arguments):
    written = event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
    if written or event in steps:
        seen.append(event)
        if len(seen) == int(stop):
            if int(number) == signal.SIGKILL:
                os.killpg(os.getpgrp(), signal.SIGKILL)
            os.kill(os.getpid(), int(number))

there = project.find(Path(folder))
place.apply, undo.undo  # imported whole before the counting starts
import filelock, mlscaffold.workspace
sys.addaudithook(hook)
if what == "apply":
    place.apply(there, merge, "update", message=None if stages else "Update")
else:
    undo.undo(Path(folder))
print(json.dumps(seen))
"""


@pytest.fixture(params=["clean", "conflict"])
def scene(work: Path, request: pytest.FixtureRequest) -> tuple[project.Project, Merge]:
    folder = start(work / "p", BASE)
    edit = b"mine\n" if request.param == "conflict" else b"base\n"
    lay(folder, {"conflict.txt": edit, "mine.txt": b"mine\n"})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Mine")
    lay(folder, {"data/untracked.csv": b"1\n"})
    merge = forecast(folder, BASE, NEW, work / "scratch")
    assert bool(merge.stages) == (request.param == "conflict")
    return project.find(folder), merge


def run(
    what: str, there: project.Project, merge: Merge, stop: int = 0, number: int = signal.SIGKILL
) -> subprocess.Popen[str]:
    about = merge.scratch.parent / "merge.json"
    told = asdict(merge)
    fields = {name: told[name] for name in ("head_tree", "tree", "changes", "stages")}
    about.write_text(json.dumps(fields | {"scratch": str(merge.scratch)}))
    return subprocess.Popen(
        [sys.executable, "-c", RUN, what, str(there.folder), str(about), str(stop), str(number)],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def steps_of(what: str, there: project.Project, merge: Merge) -> list[str]:
    """What an undisturbed run does, operation by operation."""
    out, err = run(what, there, merge).communicate(timeout=60)
    assert out, err
    return list(json.loads(out))


def spread(total: int, points: int) -> Sequence[int]:
    return sorted({1 + (total - 1) * number // (points - 1) for number in range(points)})


def check_as_before(there: project.Project, before: dict[str, object]) -> bool:
    """As before, or exactly so after one undo; says whether undo was needed."""
    if whole(there.root) == before:
        with suppress(TargetError):  # there may be nothing to undo
            undo.undo(there.folder)
        assert whole(there.root) == before
        return False
    undo.undo(there.folder)
    assert whole(there.root) == before
    with pytest.raises(TargetError, match="nothing to undo"):
        undo.undo(there.folder)
    return True


@pytest.mark.long
def test_23_killed_at_any_step_it_is_as_before_or_one_undo_away(
    scene: tuple[project.Project, Merge],
) -> None:
    there, merge = scene
    before = whole(there.root)
    total = len(steps_of("apply", there, merge))
    undo.undo(there.folder)
    assert whole(there.root) == before
    needed = 0
    for stop in spread(total, 20):
        process = run("apply", there, merge, stop)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        needed += check_as_before(there, before)
    assert needed >= 3
    place.apply(there, merge, "update")


@pytest.mark.long
def test_23_killed_at_random_moments_while_git_writes(
    scene: tuple[project.Project, Merge],
) -> None:
    there, merge = scene
    before = whole(there.root)
    watched = [there.root / each.path for each in merge.changes if each.path.startswith("package")]
    moments = random.Random(23)
    needed = 0
    for _ in range(20):
        process = run("apply", there, merge)
        target = moments.choice(watched)
        size = target.stat().st_size if target.exists() else -1
        while process.poll() is None:
            try:
                if target.stat().st_size != size:
                    break
            except FileNotFoundError:
                break
        time.sleep(moments.random() * 0.004)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        needed += check_as_before(there, before)
    assert needed >= 10


@pytest.mark.long
def test_23_a_killed_undo_is_finished_by_the_next(scene: tuple[project.Project, Merge]) -> None:
    there, merge = scene
    before = whole(there.root)
    place.apply(there, merge, "update")
    total = len(steps_of("undo", there, merge))
    for stop in spread(total, 12):
        place.apply(there, merge, "update")
        process = run("undo", there, merge, stop)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        check_as_before(there, before)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT])
def test_23_interrupted_it_is_taken_back_at_once(
    scene: tuple[project.Project, Merge], number: signal.Signals
) -> None:
    there, merge = scene
    before = whole(there.root)
    total = len(steps_of("apply", there, merge))
    undo.undo(there.folder)
    for stop in spread(total, 15):
        process = run("apply", there, merge, stop, number)
        _, err = process.communicate(timeout=60)
        if process.returncode == 0:  # it was done but for tidying up
            assert stop > total / 2
            undo.undo(there.folder)
        assert "KeyboardInterrupt" in err or process.returncode == 0
        assert whole(there.root) == before, stop
        with pytest.raises(TargetError, match="nothing to undo"):
            undo.undo(there.folder)


def test_23_after_a_kill_the_next_command_says_undo(scene: tuple[project.Project, Merge]) -> None:
    there, merge = scene
    before = whole(there.root)
    steps = steps_of("apply", there, merge)
    undo.undo(there.folder)
    last_git = len(steps) - steps[::-1].index("subprocess.Popen")
    run("apply", there, merge, last_git).communicate(timeout=60)
    with pytest.raises(TargetError, match="stopped before it was done") as caught:
        place.apply(there, merge, "update")
    assert "mlscaffold undo" in caught.value.hint
    lay(there.folder, {"package/module_1.py": b"edited after the kill\n"})
    with pytest.raises(TargetError, match=r"package/module_1\.py"):
        undo.undo(there.folder)
    result = undo.undo(there.folder, force=True)
    assert result.aside
    kept = result.aside / "files" / "package" / "module_1.py"
    assert kept.read_bytes() == b"edited after the kill\n"
    assert whole(there.root) == before


# A full disk ------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(work: Path) -> Iterator[Path]:
    disk = work / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("free", [0, 16, 64, 128, 256, 384, 400, 416, 432, 448, 464, 512, 640])
def test_23_a_full_disk_leaves_all_as_it_was(work: Path, small_disk: Path, free: int) -> None:
    """With so many KiB free, the journal, the objects or the files do not fit."""
    folder = start(small_disk / "p", BASE)
    merge = forecast(folder, BASE, NEW, work / "scratch")
    there = project.find(folder)
    before = whole(folder)
    room = shutil.disk_usage(small_disk).free - free * 1024
    with (small_disk / "full").open("wb") as file:
        file.write(b"x" * room)
    failed = ""
    try:
        place.apply(there, merge, "update")
    except (OSError, MlscaffoldError) as error:
        failed = str(error)
    assert "taking it back" not in failed
    if not failed:
        assert free >= 400
        undo.undo(folder)
    assert whole(folder) == before


# 24 ---------------------------------------------------------------------------------------------


def test_24_of_two_at_once_the_second_is_refused(scene: tuple[project.Project, Merge]) -> None:
    there, merge = scene
    from mlscaffold import journal

    with journal.locked(there.git_dir):
        process = run("apply", there, merge)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Another mlscaffold is at work" in err
    before = whole(there.root)
    both = [run("apply", there, merge) for _ in range(2)]
    codes = [(each.communicate(timeout=60), each.returncode)[1] for each in both]
    assert sorted(codes) == [0, 1]
    undo.undo(there.folder)
    assert whole(there.root) == before
