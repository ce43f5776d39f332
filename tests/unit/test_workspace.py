"""Staging folders are held while a run lives and swept when it is dead."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from filelock import FileLock

from mlscaffold import workspace
from mlscaffold.errors import TargetError
from mlscaffold.target import inspect

from ..conftest import leftovers, write


def test_a_dead_run_is_swept_and_a_live_one_is_not(work: Path) -> None:
    write(work / ".mlscaffold-x-1", {"lock": "", "x/a": "1"})
    write(work / ".mlscaffold-y-2", {"lock": "", "y/a": "1"})
    write(work / ".mlscaffold-notes", {"mine": "no lock in it"})
    (work / ".mlscaffold-file").write_text("")
    with FileLock(work / ".mlscaffold-y-2" / "lock"):
        assert [path.name for path in workspace.sweep(work)] == [".mlscaffold-x-1"]
    assert leftovers(work) == [".mlscaffold-file", ".mlscaffold-notes", ".mlscaffold-y-2"]


def test_two_runs_do_not_merge_into_one_folder(work: Path) -> None:
    target = inspect(Path())
    with workspace.staging(target):
        with pytest.raises(TargetError, match="Another mlscaffold"), workspace.staging(target):
            pass
        assert leftovers(work) == [workspace.HERE]
    assert leftovers(work) == []


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_modes_are_those_of_a_checkout(work: Path, mask: int) -> None:
    write(work, {"plain": "", "sub/run": ""})
    (work / "plain").chmod(0o400)
    (work / "sub" / "run").chmod(0o500)
    (work / "link").symlink_to("plain")
    before = os.umask(mask)
    try:
        workspace.normalise_modes(work)
    finally:
        os.umask(before)
    assert stat.S_IMODE((work / "plain").stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE((work / "sub" / "run").stat().st_mode) == 0o777 & ~mask
    assert stat.S_IMODE((work / "sub").stat().st_mode) == 0o777 & ~mask
