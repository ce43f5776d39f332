"""Looks for examples of the test set in what is learnt from: they make every figure worthless."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import LeakError
from .validate import SHOWN, Placed
from .words import exact_key, index


@dataclass(frozen=True)
class Leak:
    """A row that is held out, the row it is like, and in what: `prompt`, `group` or `n-grams`."""

    held_out: Placed
    seen: Placed
    kind: str


def find_leaks(
    held_out: Sequence[Placed], seen: Sequence[Placed], *, n: int, share: float
) -> list[Leak]:
    """The first leak of each held-out row that has one."""
    by_prompt = {exact_key(one.row): one for one in reversed(seen)}
    by_group = {one.row.group: one for one in reversed(seen)}
    alike = index((one.row for one in seen), n)
    leaks = []
    for one in held_out:
        if (twin := by_prompt.get(exact_key(one.row))) is not None:
            leaks.append(Leak(one, twin, "prompt"))
        elif (relative := by_group.get(one.row.group)) is not None:
            leaks.append(Leak(one, relative, "group"))
        elif (number := next(alike.like(one.row.question, share), None)) is not None:
            leaks.append(Leak(one, seen[number], "n-grams"))
    return leaks


def without_leaked(
    seen: Sequence[Placed], test: Sequence[Placed], *, n: int, share: float
) -> list[Placed]:
    """What is learnt from without every row that a row of the test set is like."""
    kept = list(seen)
    # A test row may have several such rows, and `find_leaks` tells one at a time.
    while leaks := find_leaks(test, kept, n=n, share=share):
        gone = {id(leak.seen) for leak in leaks}
        kept = [one for one in kept if id(one) not in gone]
    return kept


def refuse_leaks(test: Sequence[Placed], seen: Sequence[Placed], *, n: int, share: float) -> None:
    """Raise LeakError that lists test rows which stand in what is learnt from, if there are any."""
    leaks = find_leaks(test, seen, n=n, share=share)
    if not leaks:
        return
    lines = [
        f"  {leak.held_out} and {leak.seen} ({leak.kind}): {leak.held_out.row.question[:80]!r}"
        for leak in leaks[:SHOWN]
    ]
    if len(leaks) > SHOWN:
        lines.append(f"  and {len(leaks) - SHOWN} more")
    headline = f"{len(leaks)} of {len(test)} test prompts stand in the training data:"
    raise LeakError(
        "\n".join([headline, *lines]),
        "data.drop_leaked=true leaves those training rows out; or leave data.test out, so that the "
        "split keeps relatives together. data.ngram and data.leak_share say what counts as alike.",
    )
