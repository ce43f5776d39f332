"""The table of what becomes of the user's work, by `mlscaffold update` and by `copier update`.

python -m tests.faults.table           run everything and write it into docs/update.md
python -m tests.faults.table 13 14     run some and print what happened
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from shutil import copytree, rmtree

from . import scenarios
from .scenarios import BAD, CONFLICT, SCENARIOS, VERSIONS, Scenario
from .sides import COPIER, SIDES, Side, World, make_project, make_template

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "update.md"
START, END = "<!-- faults: written by python -m tests.faults.table -->", "<!-- /faults -->"


class Worlds:
    """Projects to try things on: the template and a project of each side are made once.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        later = {VERSIONS[each.id]: each.template for each in SCENARIOS}
        self._template = make_template(folder / "template", scenarios.TEMPLATE, later)
        self._made: dict[str, Path] = {}

    def new(self, scenario: Scenario, side: Side) -> World:
        """A project of that side, at the first version, for that scenario."""
        if side.name not in self._made:
            place = self._folder / side.name
            self._made[side.name] = make_project(side, place, self._template)
        folder = self._folder / f"{scenario.id}-{side.name}"
        copytree(self._made[side.name], folder, symlinks=True)
        world = World(folder, side, self._template, VERSIONS[scenario.id], folder / "project")
        world.git("status")  # the copy's times are not those in the index
        return world

    def remove(self, world: World) -> None:
        """Delete a world, and its copies, that are not wanted any more."""
        for folder in self._folder.glob(f"{world.folder.name}*"):
            rmtree(folder)


def row(scenario: Scenario, ours: str, copiers: str) -> str:
    """A line of the table."""
    shown = f"**{copiers}**" if copiers in BAD else copiers
    return f"| {scenario.id} | {scenario.title} | {ours} | {shown} |"


def table(outcomes: dict[str, dict[str, str]]) -> str:
    """The whole table, from what became of each scenario by side."""
    release = ".".join(version("copier").split(".")[:2])
    lines = [
        START,
        f"| # | what happens | `mlscaffold update` | `copier update` {release} |",
        "|---|---|---|---|",
        *(row(each, *(outcomes[each.id][side] for side in SIDES)) for each in SCENARIOS),
        END,
    ]
    return "\n".join(lines)


def main(wanted: Sequence[str]) -> int:
    """Run what is wanted on both sides; 1 when ours is not as it must be."""
    outcomes: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        worlds = Worlds(Path(folder))
        for scenario in SCENARIOS:
            if wanted and scenario.id not in wanted and scenario.id[:2] not in wanted:
                continue
            outcomes[scenario.id] = found = {}
            for name, side in SIDES.items():
                world = worlds.new(scenario, side)
                found[name], done = scenarios.run(scenario, world)
                if found[name] == CONFLICT and done.code == 0:
                    found[name] += ", exit 0"
                worlds.remove(world)
                if wanted or (side is not COPIER and found[name] != scenario.wanted):
                    print(f"--- {scenario.id} {name}: {found[name]} (exit {done.code})")
                    print(done.text.strip()[-1500:])
            print(row(scenario, *found.values()), flush=True)
    if not wanted:
        before, _, rest = DOCUMENT.read_text("utf-8").partition(START)
        _, _, after = rest.partition(END)
        DOCUMENT.write_text(before + table(outcomes) + after, "utf-8")
    missed = [
        each.id
        for each in SCENARIOS
        if each.id in outcomes and outcomes[each.id]["mlscaffold"] != each.wanted
    ]
    print(f"not as wanted: {', '.join(missed) or 'none'}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
