"""Every release of every template updates to every later one, and what comes out works.

A project that nobody edited becomes the very project that the later release makes. The suite of
each different project that comes out is run once, two at a time; that is marked `long`.
"""

from __future__ import annotations

import itertools
import re
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlscaffold import catalog, releases, render, store
from mlscaffold.new import new
from mlscaffold.status import status
from mlscaffold.trees import digest
from mlscaffold.update import UpdateResult, update

from ..environment import project_python
from ..templates import matrix
from ..templates.test_pairwise import FACTORS, ROWS, run
from . import world
from .tree import Tree, git, read

Answers = Mapping[str, Any]
Suite = Future[str]
YEAR = {"copyright_year": "2026"}
WORKED_ON = "worked-on"


def _row(names: str) -> Answers:
    """The first row of the pairwise cover with names of that length."""
    return matrix.answers(FACTORS, next(row for row in ROWS if row["names"] == names))


PROJECTS: Mapping[str, Mapping[str, Answers]] = {
    "mlops-project": {"default": {}, "shortest": _row("shortest"), "longest": _row("longest")},
}
"""Answers by template and by what to call them."""


@dataclass(frozen=True)
class Journey:
    """A project of one version, to be updated to a later one."""

    template: str
    before: str
    after: str
    answers: str

    def __str__(self) -> str:
        return f"{self.template}-{self.before}-{self.after}-{self.answers}"

    @property
    def given(self) -> Answers:
        """Its answers: of the questions that the older version asks."""
        with store.at_version(catalog.locate(self.template), self.before) as source:
            asked = {each.key for each in render.questions(source)}
        answers = PROJECTS[self.template][self.answers]
        return {key: value for key, value in answers.items() if key in asked} | YEAR

    def project(self, version: str, dest: Path) -> Path:
        """Make it as that version does, with git."""
        with store.at_version(catalog.locate(self.template), version) as source:
            new(source, dest, self.given, defaults=True)
        return dest

    def updated(self, dest: Path) -> UpdateResult:
        """Make it as the older version does, update it, and commit what is staged."""
        self.project(self.before, dest)
        result = update(dest, {}, to=self.after, offline=True)
        git(dest, "commit", "--quiet", "-m", "Update")
        return result


def versions(template: str) -> list[str]:
    """Its releases, and the working copy where that is ahead of them; oldest first."""
    names = [each.version for each in releases.log(template)]
    return list(dict.fromkeys([*names, catalog.load(template).version]))


JOURNEYS = [
    Journey(template, *pair, answers)
    for template in catalog.names()
    for pair in itertools.combinations(versions(template), 2)
    for answers in PROJECTS[template]
]
every_journey = pytest.mark.parametrize("journey", JOURNEYS, ids=map(str, JOURNEYS))


def modes(folder: Path, tree: Tree) -> dict[str, int]:
    """Permissions by path."""
    return {path: stat.S_IMODE((folder / path).lstat().st_mode) for path in tree}


def test_every_template_has_its_projects() -> None:
    assert set(PROJECTS) == set(catalog.names())
    assert {(each.template, each.before) for each in JOURNEYS} >= {
        (name, release.version) for name in PROJECTS for release in releases.log(name)[:-1]
    }


@every_journey
def test_an_unedited_project_becomes_a_fresh_one(journey: Journey, tmp_path: Path) -> None:
    updated, fresh = tmp_path / "project", tmp_path / "fresh" / "project"
    old = journey.project(journey.before, tmp_path / "old" / "project")
    journey.project(journey.after, fresh)

    result = journey.updated(updated)

    assert (result.before, result.after) == (journey.before, journey.after)
    assert (result.conflicts, result.pins, result.locks, result.notes) == ((), (), (), ())
    assert read(updated) != read(old)
    assert read(updated) == read(fresh)
    assert modes(updated, read(updated)) == modes(fresh, read(fresh))
    assert git(updated, "status", "--porcelain", "--ignored") == ""

    seen = status(updated)
    assert seen.version == journey.after
    assert (seen.changed, seen.removed, seen.added, seen.notes) == ((), (), (), ())
    assert seen.newest == versions(journey.template)[-1]
    if journey.after == seen.newest:
        assert not seen.stands_apart


JOURNEY = Journey("mlops-project", "0.1.0", "0.2.0", "default")
BLOCK = re.compile(r"(<!-- report:(\w+) -->\n).*?(?=<!-- /report:\2 -->)", re.DOTALL)
FIGURES = "| MAE | 17.3 | from our own run |\n"
PIN = '"polars>=1.20,<2"'
ADDED = {
    "src/clean_air/indoors.py": "def indoors(outside: float) -> float:\n    return outside * 0.6\n",
    "tests/unit/test_indoors.py": (
        "from clean_air.indoors import indoors\n\n\n"
        "def test_indoors() -> None:\n    assert indoors(10.0) == 6.0\n"
    ),
}
DELETED = "docs/decisions/template.md"


def edit(project: Path, path: str, before: str, after: str) -> None:
    """Replace what stands once in a file."""
    text = (project / path).read_text("utf-8")
    assert text.count(before) == 1
    (project / path).write_text(text.replace(before, after), "utf-8")


def worked_on(project: Path) -> UpdateResult:
    """Make a project of 0.1.0, do what an owner does to it in a while, update it, and commit.

    0.2.0 renames bench/bench.py and moves the bounds of most dependencies.
    """
    JOURNEY.project("0.1.0", project)
    readme = project / "README.md"
    text = BLOCK.sub(rf"\1{FIGURES}", readme.read_text("utf-8"))
    readme.write_text(text, "utf-8")
    edit(project, "pyproject.toml", '"polars>=1.20"', PIN)
    edit(project, "src/clean_air/models/linear.py", "alpha = 10.0", "alpha = 8.0")
    with (project / "src/clean_air/bench/bench.py").open("a", encoding="utf-8") as module:
        module.write("\n\nOURS = True\n")
    (project / DELETED).unlink()
    for path, body in ADDED.items():
        (project / path).write_text(body, "utf-8")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "Mine")
    result = update(project, {}, to="0.2.0", offline=True)
    git(project, "commit", "--quiet", "-m", "Update")
    return result


def test_a_project_that_was_worked_on_keeps_the_work(tmp_path: Path) -> None:
    project = tmp_path / "project"
    result = worked_on(project)
    assert result.conflicts == ()
    assert [(each.mine, each.theirs) for each in result.pins] == [(PIN.strip('"'), "polars>=1.35")]
    texts = {path: item.data.decode() for path, item in read(project).items()}
    assert texts["README.md"].count(FIGURES) == 6
    assert PIN in texts["pyproject.toml"]
    assert '"numpy>=2.3.2"' in texts["pyproject.toml"]  # the template's
    assert "alpha = 8.0" in texts["src/clean_air/models/linear.py"]
    assert "result: Vector" in texts["src/clean_air/models/linear.py"]  # the template's
    assert texts["src/clean_air/bench/run.py"].endswith("OURS = True\n")
    assert not {DELETED, "src/clean_air/bench/bench.py"} & texts.keys()
    assert {path: texts[path] for path in ADDED} == ADDED
    assert git(project, "status", "--porcelain") == ""


@pytest.fixture(scope="module")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Journey | str, Suite]]:
    """The suite of each updated project, under way or done, and the fast part of WORKED_ON's.

    Projects of the same bytes, from two older versions say, share a run.
    """
    root = tmp_path_factory.mktemp("updated")
    projects = {journey: root / str(number) / "project" for number, journey in enumerate(JOURNEYS)}
    mine = root / WORKED_ON / "project"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in world.environment(root / "user").items():
            patch.setenv(name, value)
        for journey, dest in projects.items():
            journey.updated(dest)
        worked_on(mine)
    same = {journey: digest(dest) for journey, dest in projects.items()}
    with ThreadPoolExecutor(2) as workers:
        runs = {
            key: workers.submit(own_tests, project_python(projects[journey]), projects[journey])
            for key, journey in {key: journey for journey, key in same.items()}.items()
        }
        fast = workers.submit(own_tests, project_python(mine), mine, "-m", "not slow")
        yield {**{journey: runs[same[journey]] for journey in JOURNEYS}, WORKED_ON: fast}


def own_tests(python: Path, project: Path, *words: str) -> str:
    """Run a project's own tests; pytest's last line, or RuntimeError when one fails."""
    output = run(python, "-m", "pytest", "-p", "no:cacheprovider", *words, folder=project)
    [summary] = re.findall(r"^\d+ passed.*$", output, re.MULTILINE)
    return summary


@pytest.mark.long
@pytest.mark.parametrize("project", [*JOURNEYS, WORKED_ON], ids=str)
def test_an_updated_project_passes_its_own_tests(
    suites: Mapping[Journey | str, Suite], project: Journey | str
) -> None:
    summary = suites[project].result()
    print(f"{project}: {summary}")
    assert int(summary.split()[0]) > 300
