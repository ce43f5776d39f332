"""Count what updates lose: `python tests/updates/losses.py [--with copier] [--examples N]`.

Tries the examples of the property test with `mlscaffold update` or with plain `copier update` and
judges both alike. Prints how many projects lost something and how, with the simplest example of
each kind.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.updates import updaters, world
from tests.updates.edits import ANSWERS, Edit, edits
from tests.updates.tree import read
from tests.updates.trial import REFUSED, SEED, attempt, examples
from tests.updates.verdict import Loss, Pair
from tests.updates.world import World

if TYPE_CHECKING:
    from tests.updates.updaters import Updater

CRASH = "it crashes"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try, count, and print."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("--with", dest="tool", choices=["copier", "mlscaffold"], default="copier")
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args(arguments)
    pairs = world.pairs()
    if not pairs:
        print(f"{world.TEMPLATE} has fewer than two releases.")
        return 1
    before, after = pairs[-1]
    with tempfile.TemporaryDirectory(prefix="losses-") as scratch:
        folder = Path(scratch)
        os.environ.update(world.environment(folder / "user"))
        made = world.make(folder / "world", before, after)
        tried = examples(edits(made.pair.old, made.pair.new), chosen.examples, chosen.seed)
        if chosen.tool == "copier":
            project = folder / "copier" / "start"
            updaters.copier_project(project, before, folder / "template.git")
            pair = Pair(read(project), made.pair.new, made.pair.moved)
            made = World(folder / "copier", project, pair)
            report(made, updaters.copiers(after.version), tried, "copier update")
        else:
            with updaters.renders_kept(folder / "renders"):
                report(made, updaters.ours(after.version), tried, "mlscaffold update")
    return 0


def report(made: World, update: Updater, tried: Sequence[Sequence[Edit]], name: str) -> None:
    """Print what is lost in each kind, and the simplest example of it."""
    projects, places = Counter[str](), Counter[str]()
    simplest: dict[str, Sequence[Edit]] = {}
    losing = 0
    for done in tried:
        found = losses(made, done, update)
        losing += any(each.kind != CRASH for each in found)
        places.update(each.kind for each in found)
        for kind in {each.kind for each in found}:
            projects[kind] += 1
            if kind not in simplest or size(done) < size(simplest[kind]):
                simplest[kind] = done
    print(f"{name}: {losing} of {len(tried)} projects lose something", flush=True)
    for kind, count in projects.most_common():
        example = shrunk(made, simplest[kind], update, kind)
        loss = next(each for each in losses(made, example, update) if each.kind == kind)
        print(f"\n{kind}: in {count} projects, {places[kind]} times; for example")
        print(*(f"    {each}" for each in example), sep="\n")
        print(f"    -> {loss.path} {loss.detail[:100]}", flush=True)


def losses(made: World, done: Sequence[Edit], update: Updater) -> list[Loss]:
    """What an update of a project with those edits loses, and whether it crashes."""
    trial = attempt(made, done, update)
    crash = trial.outcome.told.crash if trial.outcome else ""
    # Whoever refuses has lost nothing; and Copier says of its answers file never to edit it.
    counted = (each for each in trial.losses if trial.outcome or each.kind != REFUSED)
    lost = [each for each in counted if each.path != ANSWERS]
    return [*lost, *([Loss(CRASH, "", crash)] if crash else [])]


def size(done: Sequence[Edit]) -> int:
    """How long an example is to read."""
    return len(repr(done))


def shrunk(made: World, done: Sequence[Edit], update: Updater, kind: str) -> list[Edit]:
    """The example with no edit more than that loss takes."""
    kept = list(done)
    for each in done:
        fewer = [other for other in kept if other is not each]
        if any(loss.kind == kind for loss in losses(made, fewer, update)):
            kept = fewer
    return kept


if __name__ == "__main__":
    sys.exit(main())
