"""The verdict of the property test: it sees each kind of loss, and none where there is none."""

from __future__ import annotations

import pytest

from .tree import EXECUTABLE, LINK, PLAIN, Item, Tree
from .verdict import Outcome, Pair, Told

DOS = b"one\r\ntwo\r\nthree\r\n"
PNG = b"\x89PNG\0mine"
CHANGED = "a line that you changed or added"
BACK = "a line that you deleted is back"


def files(**data: bytes | Item) -> Tree:
    return {
        name.replace("__", "/"): each if isinstance(each, Item) else Item(PLAIN, each)
        for name, each in data.items()
    }


OLD = files(a=b"one\ntwo\nthree\n", gone=b"x\ny\n", was=b"p\nq\nr\n", same=b"s\n")
NEW = files(a=b"one\ntwo\nTHREE\n", will=b"p\nq\nr\n", same=b"s\n", more=b"m\n")
PAIR = Pair(OLD, NEW, {"was": "will"})


def judge(
    mine: Tree, after: Tree, *, outside: tuple[str, ...] = (), said: str = "", **stages: bytes
) -> set[str]:
    """The kinds of loss when `mine` becomes `after`; `stages` are the user's sides of conflicts."""
    sides = {path: {2: Item(PLAIN, data)} for path, data in stages.items()}
    outcome = Outcome(PAIR, mine, mine.keys() - set(outside), after, sides, Told(said))
    return {loss.kind for loss in outcome.losses()}


@pytest.mark.parametrize(
    ("mine", "after"),
    [
        ({}, {}),
        (files(a=b"ONE\ntwo\nthree\n"), files(a=b"ONE\ntwo\nTHREE\n")),
        (files(a=DOS), files(a=b"one\r\ntwo\r\nTHREE\r\n")),
        (files(was=b"p\nq\nr\nmine\n"), files(will=b"p\nq\nr\nmine\n")),
        (files(b=b"mine\n"), files(b=b"mine\n")),
        (files(a=Item(EXECUTABLE, OLD["a"].data)), files(a=Item(EXECUTABLE, NEW["a"].data))),
        (files(a=Item(LINK, b"same")), files(a=Item(LINK, b"same"))),
        (files(a=PNG), files(a=PNG)),
        (files(a=b"two\nthree\n"), files(a=b"two\nTHREE\n")),
    ],
)
def test_what_is_kept_is_no_loss(mine: Tree, after: Tree) -> None:
    mine, after = {**OLD, **mine}, {**NEW, **after}
    if "will" in after and after["will"] != NEW["will"]:
        after.pop("was", None)
    assert judge(mine, after) == set()


@pytest.mark.parametrize(
    ("mine", "after", "kind"),
    [
        (files(a=b"ONE\ntwo\nthree\n"), {}, CHANGED),
        (files(a=b"one\ntwo\nthree\nx\nx\n"), files(a=b"one\ntwo\nTHREE\nx\n"), CHANGED),
        (files(a=b"one\ntwo\r\nthree\n"), {}, CHANGED),
        (files(gone=b"x\ny\nmine\n"), {}, CHANGED),
        (files(was=b"p\nq\nmine\n"), {}, CHANGED),
        (files(a=DOS), {}, "line endings that you changed"),
        (files(a=b"one\nthree\n"), files(a=b"one\ntwo\nTHREE\n"), BACK),
        (files(b=b"mine\n"), {}, "a file that you added"),
        (files(b=b"mine\n"), files(b=b"mine\nand more\n"), "a file that you added"),
        (files(b=PNG), files(b=PNG + b"\n"), "a file that you added"),
        (files(a=PNG), {}, "a binary file that you changed"),
        (files(a=Item(LINK, b"same")), {}, "a link that you changed"),
        (files(a=Item(EXECUTABLE, OLD["a"].data)), {}, "a mode that you changed"),
        (files(gone=Item(EXECUTABLE, OLD["gone"].data)), {}, "a file that you changed"),
        ({}, files(a=b"<<<<<<< yours\none\n"), "a conflict that git does not know of"),
    ],
)  # fmt: skip
def test_each_kind_of_loss_is_seen(mine: Tree, after: Tree, kind: str) -> None:
    assert kind in judge({**OLD, **mine}, {**NEW, **after})


def test_what_is_not_tracked_may_not_change_at_all() -> None:
    mine = {**OLD, **files(more=b"mine\n", data__x=PNG)}
    kept = {**NEW, **files(more=b"mine\n", data__x=PNG)}
    assert judge(mine, kept, outside=("more", "data/x")) == set()
    for path in ("more", "data/x"):
        for broken in (
            {**kept, path: Item(PLAIN, b"")},
            {**kept, path: Item(EXECUTABLE, b"mine\n")},
        ):
            assert judge(mine, broken, outside=("more", "data/x")) == {"a file that is not tracked"}


def test_what_you_deleted_stays_so_or_is_a_conflict() -> None:
    without = {path: item for path, item in OLD.items() if path not in ("same", "was")}
    after = {path: item for path, item in NEW.items() if path not in ("same", "will")}
    back = {"a file that you deleted is back"}
    assert judge(without, after) == set()
    assert judge(without, {**after, "same": NEW["same"]}) == back
    assert judge(without, {**after, "will": NEW["will"]}) == back
    assert judge(without, {**after, "will": NEW["will"]}, will=b"") == set()


def test_a_conflict_or_a_sentence_keeps_a_line() -> None:
    mine = {**OLD, **files(a=b"ONE\ntwo\nthree\n")}
    assert judge(mine, NEW, a=b"ONE\ntwo\nthree\n") == set()
    assert judge(mine, NEW, said="Written anew, without: ONE") == {BACK}
    assert judge(mine, NEW, said="Written anew") == {CHANGED, BACK}


def test_what_should_have_come_is_missed() -> None:
    def missed(mine: Tree, after: Tree) -> set[str]:
        return {loss.kind for loss in Outcome(PAIR, mine, mine.keys(), after, {}).missed()}

    assert missed(OLD, NEW) == set()
    assert missed(OLD, {**NEW, "a": OLD["a"]}) == {"a change did not arrive"}
    assert missed(OLD, {**NEW, "gone": OLD["gone"]}) == {"a removed file is still there"}
    assert missed(OLD, {**NEW, "was": OLD["was"]}) == {"a renamed file is still there"}
    assert missed(OLD, {path: NEW[path] for path in NEW if path != "more"}) == {
        "a new file did not arrive"
    }


def test_what_should_have_been_told() -> None:
    def untold(mine: Tree, told: Told, **stages: bytes) -> set[str]:
        sides = {path: {2: Item(PLAIN, data)} for path, data in stages.items()}
        return {loss.kind for loss in Outcome(PAIR, mine, mine.keys(), NEW, sides, told).untold()}

    without = {path: item for path, item in OLD.items() if path not in ("a", "same")}
    assert untold(OLD, Told()) == set()
    assert untold(OLD, Told(conflicts=["a"]), a=b"") == set()
    assert untold(OLD, Told(), a=b"") == {"a conflict that is not told"}
    assert untold(OLD, Told(conflicts=["a"])) == {"a conflict that is not told"}
    assert untold(without, Told(files=["a"])) == set()
    assert untold(without, Told(files=["same"])) == {"a deletion that is not told"}
