"""`demo` makes a project and runs its own tasks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlscaffold import demo
from mlscaffold.errors import MlscaffoldError
from mlscaffold.output import demo_text

from ..conftest import TOML

AFTER = '[after]\nreport = "out/report.html"\nserve = "{python} -m app"\n'
RUNS = """\
import pathlib, sys
pathlib.Path("ran").write_text(" ".join([sys.executable, *sys.argv]))
pathlib.Path("out").mkdir()
pathlib.Path("out/report.html").touch()
"""


def test_the_projects_own_demo_runs_in_it(
    builtin: Callable[..., Path], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builtin("mlops-project", **{"template.toml": TOML + AFTER, "project/tasks.py": RUNS})
    monkeypatch.setenv("VIRTUAL_ENV", "/ours")
    result = demo.demo(None)
    assert (work / "mlops-demo" / "ran").read_text() == f"{sys.executable} tasks.py demo"
    assert result.report == work / "mlops-demo" / "out" / "report.html"
    text = demo_text(result)
    assert "cd mlops-demo && python" in text
    assert str(result.report) in text
    assert demo.demo(None).destination == work / "mlops-demo-2"


def test_a_demo_that_fails_says_where_to_look(builtin: Callable[..., Path], work: Path) -> None:
    builtin("mlops-project", **{"project/tasks.py": "raise SystemExit(3)\n"})
    with pytest.raises(MlscaffoldError, match="exit code 3") as caught:
        demo.demo(Path("x"))
    assert caught.value.where == str(work / "x")
    assert (work / "x" / "tasks.py").exists()
