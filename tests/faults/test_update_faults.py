"""Items 10-32 of the fault plan, with real processes: what `update` must do when things go wrong.

The scenarios are in `scenarios`; the same happen to projects of plain Copier, for comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import scenarios
from .scenarios import CONFLICT, REFUSED, SCENARIOS, Scenario
from .sides import COPIER, OURS, World
from .table import DOCUMENT, END, START, Worlds, row

SENTENCE = 400  # characters: what is wrong, where, what to do
PLAIN = [each for each in SCENARIOS if each.update is World.run]


def every(some: list[Scenario]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("scenario", some, ids=[scenario.id for scenario in some])


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    return Worlds(tmp_path_factory.mktemp("worlds"))


@pytest.fixture
def world(worlds: Worlds, scenario: Scenario) -> Iterator[World]:
    world = worlds.new(scenario, OURS)
    yield world
    worlds.remove(world)


def everything(world: World) -> dict[Path, bytes]:
    """Every byte of a project and its repository."""
    return {
        path: path.read_bytes()
        for path in (world.folder / "project").rglob("*")
        if path.is_file() and not path.is_symlink()
    }


@every(SCENARIOS)
def test_an_update_loses_nothing(scenario: Scenario, world: World) -> None:
    became, done = scenarios.run(scenario, world)
    assert became == scenario.wanted, done.text
    if scenario.wanted == REFUSED:
        assert done.code == 1
        assert done.err.startswith("error: ") or "error" in done.err
        assert 0 < len(done.err) < SENTENCE + 2 * len(str(world.folder)), done.err
    else:
        assert done.code == (3 if scenario.wanted == CONFLICT else 0), done.text


@every([each for each in PLAIN if each.wanted != REFUSED])
def test_undo_takes_it_back(scenario: Scenario, world: World) -> None:
    scenario.user(world)
    before = world.state()
    world.run()
    assert world.state() != before
    done = world.run("undo", ".")
    assert done.code == 0, done.text
    assert world.state() == before


@every(PLAIN)
def test_diff_writes_nothing_and_says_the_same(scenario: Scenario, world: World) -> None:
    scenario.user(world)
    before = everything(world)
    done = world.run("diff", ".", "--to", "{version}")
    assert everything(world) == before
    assert not done.crashed, done.text
    if scenario.wanted == CONFLICT:
        assert done.code == 3, done.text
    elif scenario.wanted != REFUSED:
        assert done.code == 0, done.text


@pytest.mark.long
@every(SCENARIOS)
def test_what_copier_does_is_known(scenario: Scenario, worlds: Worlds) -> None:
    """Whatever it is: it depends on its version. The table of the documents is made of it."""
    world = worlds.new(scenario, COPIER)
    became, _ = scenarios.run(scenario, world)
    worlds.remove(world)
    assert became in scenarios.WORDS


def test_the_table_in_the_documents_is_that_of_the_scenarios() -> None:
    _, _, rest = DOCUMENT.read_text("utf-8").partition(START)
    lines = rest.partition(END)[0].strip().splitlines()[2:]
    assert [line.rpartition(" | ")[0] for line in lines] == [
        row(each, each.wanted, "").rpartition(" | ")[0] for each in SCENARIOS
    ]
    copiers = {line.rpartition(" | ")[2].strip(" |*").partition(",")[0] for line in lines}
    assert copiers <= scenarios.WORDS
