"""A cover of all pairs of answers: each row builds, installs, is typed and passes all its tests.

For each row the project is rendered, built as a wheel, installed with the row's oldest Python as
the target, started from there, type-checked by mypy and tested by its whole test suite.

What makes that affordable: one environment serves all rows, since no answer changes what a project
depends on; mypy keeps what it knows from row to row; rows run two at a time, with one thread each.
"""

from __future__ import annotations

import email.parser
import os
import re
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..environment import project_python
from . import matrix
from .conftest import rendered

pytestmark = pytest.mark.pairwise

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = dict(os.environ)  # as it is before a fixture of every test takes HOME away

FACTORS = {
    **matrix.MLOPS_CHOICES,
    "names": {key: matrix.MLOPS_NAMES[key] for key in ("default", "shortest", "longest")},
    "texts": {key: matrix.MLOPS_TEXTS[key] for key in ("plain", "quotes", "scripts")},
}
ROWS = matrix.cover(FACTORS)
TYPING = threading.Lock()
"""Held by the row that mypy looks at: the rows share its cache."""


@dataclass(frozen=True)
class Outcome:
    """What became of a row."""

    problem: str
    """Empty when all went well, else the end of the output."""
    summary: str = ""
    """pytest's last line."""


def label(row: matrix.Row) -> str:
    """A row in one word."""
    return "-".join(row.values())


def run(*command: str | Path, folder: Path) -> str:
    """The output of a command; RuntimeError with its end when it fails."""
    result = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        # The project is not installed where it runs: its own processes find it in `src`.
        env={**ENVIRONMENT, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    if result.returncode:
        shown = " ".join(Path(str(word)).name for word in command[:4])
        told = re.split(r"^nanobind: leaked", result.stdout, maxsplit=1, flags=re.MULTILINE)[0]
        raise RuntimeError(f"{shown}: exit code {result.returncode}\n{told[-3000:]}")
    return result.stdout


def pip(python: Path) -> list[str | Path]:
    """How to install for that Python: as `project_python` does."""
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "-q", "--python", python]
    return [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]


@pytest.fixture(scope="session")
def python() -> Path:
    """Python of the one environment, with everything that the template's lock names."""
    return project_python(REPOSITORY / "templates" / "mlops-project" / "project")


def look_at(row: matrix.Row, dest: Path, python: Path) -> Outcome:
    """Render a row, build and install it, run its command line, its type check and its tests."""
    given = matrix.answers(FACTORS, row)
    try:
        rendered("mlops-project", given, dest)
        _install(given["package_name"], given["python_version"], dest, python)
        with TYPING:
            run(python, "-m", "mypy", "--cache-dir", dest.parent / "mypy", folder=dest)
        output = run(python, "-m", "pytest", "-p", "no:cacheprovider", folder=dest)
    except (RuntimeError, AssertionError) as problem:
        return Outcome(str(problem))
    return Outcome("", re.findall(r"^\d+ passed.*$", output, re.MULTILINE)[-1])


def _install(package: str, version: str, dest: Path, python: Path) -> None:
    run(python, "-m", "hatchling", "build", "-t", "wheel", folder=dest)
    [wheel] = (dest / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.parser.Parser().parsestr(archive.read(name).decode())
    assert metadata["Requires-Python"] == f">={version}"
    target = dest / "installed"
    how = ("--no-deps", "--only-binary", ":all:", "--python-version", version, "--target", target)
    run(*pip(python), *how, wheel, folder=dest)
    command = package.replace("_", "-")
    assert (target / "bin" / command).exists()
    shown = run(
        python,
        "-c",
        f"import sys; sys.path.insert(0, {str(target)!r}); "
        f"from {package}.cli import app; app(['--version'])",
        folder=dest.parent,
    )
    assert shown.startswith(f"{command} "), shown
    shutil.rmtree(target)


@pytest.fixture(scope="module")
def outcomes(
    python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Outcome]]]:
    """All rows, under way or done, by label."""
    root = tmp_path_factory.mktemp("pairwise")
    with ThreadPoolExecutor(2) as workers:
        yield {
            label(row): workers.submit(look_at, row, root / f"{number:02}", python)
            for number, row in enumerate(ROWS)
        }


def test_every_pair_is_covered() -> None:
    """No two answers exclude one another, so every pair of levels is feasible and has its row."""
    covered = set().union(*map(matrix.pairs, ROWS))
    assert covered == matrix.all_pairs(FACTORS)
    assert len(ROWS) < 25
    assert len({label(row) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", [label(row) for row in ROWS])
def test_builds_installs_and_passes_its_own_tests(
    outcomes: dict[str, Future[Outcome]], row: str
) -> None:
    """One row; its own summary is printed."""
    outcome = outcomes[row].result()
    assert not outcome.problem, outcome.problem
    print(f"{row}: {outcome.summary}")
