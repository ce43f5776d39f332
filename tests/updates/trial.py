"""One example: a project with edits is updated, judged, and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings

from .tree import Tree, read, repository, stages, top, tracked, unstaged
from .updaters import RefusedError, Updater
from .verdict import Loss, Outcome

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from .edits import Edit
    from .world import World

SEED = 20261121
REFUSED = "it was refused"
UNTIMED = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Trial:
    """What was there before an update, and what came of it.

    Attributes:
        project: The project, as it is now.
        mine: The files of its repository before.
        repository: HEAD, index and references before.
        outcome: What the update made; None where it was refused.
        losses: What is lost.
        refusal: Why it was refused.
    """

    project: Path
    mine: Tree
    repository: dict[str, bytes]
    outcome: Outcome | None
    losses: tuple[Loss, ...]
    refusal: str = ""

    def disorder(self) -> Iterator[Loss]:
        """What else an update of ours has to do: bring what is new, tell, leave the index right."""
        if self.outcome:
            yield from self.outcome.missed()
            yield from self.outcome.untold()
            for path in unstaged(self.project):
                yield Loss("the index is not what the file is", path)

    def after_undo(self, undo: Callable[[Path], object]) -> Iterator[Loss]:
        """What is not as before once an update that did something was taken back."""
        root = top(self.project)
        if repository(self.project) == self.repository and read(root) == self.mine:
            return
        undo(self.project)
        now = read(root)
        for path in sorted(now.keys() | self.mine.keys()):
            if now.get(path) != self.mine.get(path):
                yield Loss("a file that undo does not bring back", path)
        there = repository(self.project)
        for name in sorted(there.keys() | self.repository.keys()):
            if there.get(name) != self.repository.get(name):
                yield Loss("a part of the repository that undo does not bring back", name)


def attempt(world: World, edits: Sequence[Edit], update: Updater) -> Trial:
    """Update a project that has those edits."""
    project = world.project(edits)
    whole, before = read(top(project)), repository(project)
    mine, around = _parted(whole, world.prefix)
    committed = tracked(project)
    try:
        told = update(project)
    except RefusedError as refusal:
        changed = (read(top(project)), repository(project)) != (whole, before)
        losses = [*_refused(str(refusal), mine.keys() - committed, changed=changed)]
        return Trial(project, whole, before, None, tuple(losses), str(refusal))
    after, beside = _parted(read(top(project)), world.prefix)
    outcome = Outcome(world.pair, mine, committed, after, stages(project), told)
    losses = [*outcome.losses()]
    if beside != around:
        losses.append(Loss("a file beside the project", ""))
    return Trial(project, whole, before, outcome, tuple(losses))


def _parted(whole: Tree, prefix: str) -> tuple[Tree, Tree]:
    """The files of the project, by path in it, and those around it."""
    if not prefix:
        return whole, {}
    start = f"{prefix}/"
    inside = {path: item for path, item in whole.items() if path.startswith(start)}
    around = {path: item for path, item in whole.items() if path not in inside}
    return {path.removeprefix(start): item for path, item in inside.items()}, around


def _refused(words: str, outside: set[str], *, changed: bool) -> Iterator[Loss]:
    """A refusal is right where it names a file that git does not have, and writes nothing."""
    if not any(path in words for path in outside):
        yield Loss(REFUSED, "", words)
    if changed:
        yield Loss("it was refused after something was written", "", words)


def examples(strategy: SearchStrategy[list[Edit]], count: int, start: int) -> list[list[Edit]]:
    """The examples that the property test tries with that seed."""
    found: list[list[Edit]] = []

    @seed(start)
    @settings(UNTIMED, max_examples=count, phases=[Phase.generate])
    @given(strategy)
    def collect(edits: list[Edit]) -> None:
        found.append(edits)

    collect()
    return found
