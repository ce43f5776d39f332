"""Whatever users do to their projects, an update loses none of it, and undo takes it back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given, seed, settings

from mlscaffold.undo import undo

from . import trial, updaters, world
from .edits import edits

if TYPE_CHECKING:
    from mlscaffold.releases import Release

EXAMPLES = {"long": 10_000}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), 500)
PAIRS = world.pairs()


@pytest.mark.parametrize("in_a_larger_repository", [False, True])
@pytest.mark.skipif(not PAIRS, reason=f"{world.TEMPLATE} has fewer than two releases")
@pytest.mark.parametrize(
    ("before", "after"), PAIRS, ids=[f"{one.version}-{two.version}" for one, two in PAIRS]
)
def test_an_update_loses_nothing(
    before: Release,
    after: Release,
    in_a_larger_repository: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in world.environment(tmp_path / "user").items():
        monkeypatch.setenv(name, value)
    made = world.make(tmp_path / "world", before, after)
    count = EXAMPLES
    if in_a_larger_repository:
        made, count = world.nested(made), EXAMPLES // 5
    update = updaters.ours(after.version)

    @seed(trial.SEED)
    @settings(trial.UNTIMED, max_examples=count, print_blob=False)
    @given(edits(made.pair.old, made.pair.new))
    def holds(done: list) -> None:
        tried = trial.attempt(made, done, update)
        if tried.outcome is None:
            event("refused")
        else:
            event("conflict" if tried.outcome.stages else "clean")
        assert [*tried.losses, *tried.disorder(), *tried.after_undo(undo)] == []

    with updaters.renders_kept(tmp_path / "renders"):
        holds()
