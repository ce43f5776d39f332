"""Every valid combination of answers renders, parses, passes ruff and leaves no Jinja behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import jinja2
import pytest

from . import matrix
from .conftest import rendered

FACTORS = {**matrix.MLOPS_CHOICES, "names": matrix.MLOPS_NAMES, "texts": matrix.MLOPS_TEXTS}
OPEN = {name: FACTORS[name] for name in ("names", "texts")}
ROWS = matrix.spread(list(matrix.combinations(matrix.MLOPS_CHOICES)), OPEN)


def _remember_compiled() -> None:
    """Let a process compile each text of the template once: Copier would for every render anew."""
    compile_anew = jinja2.Environment.compile
    compiled: dict[tuple[Any, ...], Any] = {}

    def compile_once(self: jinja2.Environment, source: str, *args: Any) -> Any:
        key = (str(source), *args)
        if key not in compiled:
            compiled[key] = compile_anew(self, source, *args)
        return compiled[key]

    jinja2.Environment.compile = compile_once  # type: ignore[assignment, method-assign]


def _render(job: tuple[dict[str, Any], Path]) -> str:
    given, dest = job
    try:
        rendered("mlops-project", given, dest)
    except Exception as error:  # noqa: BLE001 - reported with the row that it belongs to
        return f"{given}: {error}"
    return ""


@pytest.fixture(scope="module")
def renders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A folder a row, in the order of ROWS."""
    root = tmp_path_factory.mktemp("matrix")
    jobs = [(matrix.answers(FACTORS, row), root / f"{i:03}") for i, row in enumerate(ROWS)]
    with ProcessPoolExecutor(os.cpu_count(), initializer=_remember_compiled) as workers:
        problems = [problem for problem in workers.map(_render, jobs, chunksize=8) if problem]
    assert not problems, "\n".join(problems[:5])
    return [dest for _, dest in jobs]


def test_every_combination_and_every_pair_is_in_the_matrix() -> None:
    """All choices in full, each met by every name and every text."""
    expected = {tuple(row.items()) for row in matrix.combinations(matrix.MLOPS_CHOICES)}
    choices = {tuple((key, row[key]) for key in matrix.MLOPS_CHOICES) for row in ROWS}
    assert choices == expected
    assert matrix.all_pairs(FACTORS) == set().union(*map(matrix.pairs, ROWS))


def test_ruff_finds_nothing(renders: list[Path]) -> None:
    """Formatting and lint, with each project's own settings; the same code is looked at once."""
    distinct: dict[str, Path] = {}
    for dest in renders:
        tools = tomllib.loads((dest / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]
        code = [(str(path.relative_to(dest)), path.read_bytes()) for path in dest.rglob("*.py")]
        distinct.setdefault(repr((tools, sorted(code))), dest)
    assert len(distinct) == len(matrix.MLOPS_NAMES)
    for arguments in (["format", "--check"], ["check", "--output-format", "concise"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", *distinct.values()]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


def test_answers_arrive_as_they_were_given(renders: list[Path]) -> None:
    """Metadata and settings hold the answers' very characters."""
    for row, dest in zip(ROWS, renders, strict=True):
        given = matrix.answers(FACTORS, row)
        project = tomllib.loads((dest / "pyproject.toml").read_text("utf-8"))["project"]
        assert project["authors"][0]["name"] == given["author_name"]
        assert project["authors"][0].get("email", "") == given["author_email"]
        assert project["requires-python"] == f">={given['python_version']}"
        config = tomllib.loads((dest / "config.toml").read_text("utf-8"))
        assert config["place"]["name"] == given["place_name"]
        assert config["place"]["latitude"] == given["latitude"]
        assert config["place"]["longitude"] == given["longitude"]
        assert config["alert"]["threshold"] == (
            "q90" if row["alert_threshold"] == "quantile" else 37.5
        )
        assert (dest / "src" / given["package_name"] / "__init__.py").is_file()


PARTS = {
    "use_docker": ("Dockerfile", "compose.yaml", ".dockerignore"),
    "use_ci": (".github",),
    "use_devcontainer": (".devcontainer",),
    "use_dashboard": ("ops",),
}


def test_a_component_is_there_or_leaves_no_trace(renders: list[Path]) -> None:
    """Its files, and in the others' files its name."""
    for row, dest in zip(ROWS, renders, strict=True):
        for key, names in PARTS.items():
            assert [(dest / name).exists() for name in names] == [row[key] == "yes"] * len(names)
        assert all(any(folder.iterdir()) for folder in dest.rglob("*") if folder.is_dir())
        image = dest / ".github" / "workflows" / "image.yml"
        assert image.exists() == (row["use_docker"] == row["use_ci"] == "yes")


def test_no_answer_reaches_the_code(renders: list[Path]) -> None:
    """Free text stands in data and documents only: code differs by the package's name alone."""
    sources: dict[str, set[str]] = {}
    for row, dest in zip(ROWS, renders, strict=True):
        package = matrix.MLOPS_NAMES[row["names"]]["package_name"]
        found = {
            path.relative_to(dest).as_posix().replace(package, "PACKAGE"): path.read_text("utf-8")
            for folder in ("src", "tests", "sql")
            for path in sorted((dest / folder).rglob("*"))
            if path.is_file()
        }
        sources.setdefault(row["names"], set()).add(json.dumps(found, sort_keys=True))
    assert {name: len(variants) for name, variants in sources.items()} == dict.fromkeys(sources, 1)
