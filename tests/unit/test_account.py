"""What a merge does to each file, in the user's words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlscaffold import project
from mlscaffold.account import File, account
from mlscaffold.merge import merge
from mlscaffold.scratch import Scratch

from ..playground import RECORD, Contents, fill, repository

TEXT = "".join(f"line {number}\n" for number in range(12))
MINE = TEXT.replace("line 1\n", "mine\n")
THEIRS = TEXT.replace("line 10\n", "theirs\n")
BOTH = MINE.replace("line 10\n", "theirs\n")

Told = tuple[tuple[File, ...], int]
Run = Callable[..., Told]


@pytest.fixture(params=["", "sub/folder/"])
def told(request: pytest.FixtureRequest, work: Path, tmp_path: Path) -> Run:
    """The account of a merge of base, the user's and the template's files."""
    prefix: str = request.param

    def run(base: Contents, mine: Contents, theirs: Contents) -> Told:
        users = {f"{prefix}{path}": text for path, text in {"anchor": "", **mine}.items()}
        record = {f"{prefix}.copier-answers.yml": RECORD, "outside": ""}
        made = repository(work / "project", {**users, **record})
        found = project.find(made / prefix)
        scratch = Scratch(tmp_path / "scratch.git", found)
        whole = scratch.git("rev-parse", f"{found.head}^{{tree}}").strip()
        outer = {} if prefix else {"outside": ""}
        common = {"anchor": "", ".copier-answers.yml": RECORD, **outer}
        trees = [
            scratch.splice(scratch.add(fill(tmp_path / side, {**common, **files})), whole)
            for side, files in (("base", base), ("new", theirs))
        ]
        merged = merge(scratch, trees[0], whole, trees[1], "template-2.0")
        return account(scratch, found, trees[0], merged)

    return run


# The table in docs/update.md. What you did, what the template did: what is told of the file
# (nothing: it stays as it is), whether it counts as one of yours.
NINE = {
    ("unchanged", "unchanged"): ("", 0),
    ("unchanged", "changed"): ("updated", 0),
    ("unchanged", "deleted"): ("removed", 0),
    ("changed", "unchanged"): ("", 1),
    ("changed", "changed"): ("merged", 0),
    ("changed", "deleted"): ("conflict", 0),
    ("deleted", "unchanged"): ("", 0),
    ("deleted", "changed"): ("stays deleted", 0),
    ("deleted", "deleted"): ("", 0),
}
SIDES = {
    "unchanged": ({"a": TEXT}, {"a": TEXT}),
    "changed": ({"a": MINE}, {"a": THEIRS}),
    "deleted": ({}, {}),
}


@pytest.mark.parametrize("state", NINE)
def test_the_nine_states_of_a_file(told: Run, state: tuple[str, str]) -> None:
    yours, templates = state
    what, spared = NINE[state]
    files, untouched = told({"a": TEXT}, SIDES[yours][0], SIDES[templates][1])
    assert [(each.path, each.what) for each in files] == ([("a", what)] if what else [])
    assert untouched == spared


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "wanted", "spared"),
    [
        pytest.param({}, {}, {"a": TEXT}, [("a", "added", "")], 0, id="new from the template"),
        pytest.param({}, {"a": TEXT}, {"a": TEXT}, [], 1, id="both added the same"),
        pytest.param(
            {}, {"a": "mine\n"}, {"a": "theirs\n"}, [("a", "conflict", "")], 0, id="both added"
        ),
        pytest.param({}, {"a": TEXT}, {}, [], 1, id="new from you"),
        pytest.param(
            *({"a": TEXT}, {"a": TEXT}, {"b": TEXT}, [("b", "moved", "a")], 0), id="moved"
        ),
        pytest.param(
            *({"a": TEXT}, {"a": MINE}, {"b": THEIRS}, [("b", "moved", "a")], 0),
            id="moved with your edits",
        ),
        pytest.param(
            *({"a": TEXT}, {"b": TEXT}, {"a": THEIRS}, [("b", "merged", "")], 0),
            id="moved by you",
        ),
        pytest.param(
            *({"a": TEXT}, {}, {"b": THEIRS}, [("b", "stays deleted", "")], 0),
            id="deleted by you, moved by the template",
        ),
        pytest.param({"a": TEXT}, {"a": BOTH}, {"a": BOTH}, [], 1, id="the same edit"),
    ],
)
def test_other_things_that_happen(
    told: Run,
    base: Contents,
    mine: Contents,
    theirs: Contents,
    wanted: list[tuple[str, str, str]],
    spared: int,
) -> None:
    files, untouched = told(base, mine, theirs)
    assert [(each.path, each.what, each.before) for each in files] == wanted
    assert untouched == spared


def test_a_conflict_comes_with_gits_words(told: Run) -> None:
    files, _ = told({"a": TEXT}, {"a": MINE}, {"a": TEXT.replace("line 1\n", "other\n")})
    assert [each.what for each in files] == ["conflict"]
    assert "Merge conflict in" in files[0].detail


def test_files_come_in_order_and_only_those_concerned(told: Run) -> None:
    base = {name: f"{name}{TEXT}" for name in "dcba"}
    files, untouched = told(
        base,
        {**base, "c": MINE, "mine": "x\n"},
        {"a": f"a{THEIRS}", "b": base["b"], "c": base["c"], "e": "new\n"},
    )
    assert [(each.path, each.what) for each in files] == [
        ("a", "updated"),
        ("d", "removed"),
        ("e", "added"),
    ]
    assert untouched == 2
