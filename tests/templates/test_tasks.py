"""What a project's tasks.py does with nothing installed; a program on PATH stands in for uv."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlscaffold import catalog


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """An otherwise empty PATH with a `uv` that writes down how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    uv = folder / "uv"
    uv.write_text('#!/bin/sh\necho "uv $*" >> "$CALLS"\n', "utf-8")
    uv.chmod(0o755)
    return folder


def tasks(project: Path, tools: Path, *arguments: str) -> tuple[int, str, list[str]]:
    """Exit code, output, and the calls of uv."""
    calls = tools.parent / "calls"
    done = subprocess.run(
        [sys.executable, project / "tasks.py", *arguments],
        env={**os.environ, "PATH": str(tools), "CALLS": str(calls)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = calls.read_text("utf-8").splitlines() if calls.exists() else []
    return done.returncode, done.stdout + done.stderr, lines


def test_lock_resolves_as_update_does(project: Path, tools: Path) -> None:
    """`tasks.py lock` and template.toml name the same commands, the options beside."""
    code, said, calls = tasks(project, tools, "lock", "--upgrade-package", "polars")
    assert code == 0, said
    template = catalog.load("mlops-project")
    assert [f"Wrote {lock.file}." in said for lock in template.locks] == [True, True]
    expected = [" ".join(lock.command) for lock in template.locks]
    given = [call.replace(" --quiet", "") for call in calls]
    assert given == [f"{command} --upgrade-package polars" for command in expected]


def test_lock_without_uv_says_where_to_get_it(project: Path, tools: Path) -> None:
    """One sentence, exit code 1."""
    (tools / "uv").unlink()
    code, said, _ = tasks(project, tools, "lock")
    assert (code, said.count("\n")) == (1, 1)
    assert "needs uv: https://" in said
