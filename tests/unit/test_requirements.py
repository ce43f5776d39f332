"""Lists of dependencies are merged by entry."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlscaffold.requirements import keep

NAMES = [f"package-{letter}" for letter in "abcdefgh"]


def pyproject(*lines: str, ending: str = "\n") -> bytes:
    rows = ["[project]", 'name = "x"', "dependencies = [", *lines, "]", "[tool.x]", "a = 1", ""]
    return ending.join(rows).encode()


A, B, B2, C, T = '  "a>=1",', '  "b>=1",', '  "b>=2",', '  "c>=1",', '  "tqdm>=4",  # mine'


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("base", "mine", "new", "wanted_base", "wanted_new"),
    [
        pytest.param([A, B], [A, B, T], [A, B2], [A, B, T], [A, B2, T], id="added at the end"),
        pytest.param([A, B], [T, A, B], [A, B2], [T, A, B], [T, A, B2], id="at the start"),
        pytest.param([A, B], [A, B, T], [A], [A, B, T], [A, T], id="its neighbour was dropped"),
        pytest.param([A], [A, T, C], [A], [A, T, C], [A, T, C], id="two"),
        pytest.param([A], [A, "  # why", T], [A], [A, "  # why", T], [A, "  # why", T], id="why"),
        pytest.param(
            *([A, "  # b", B], [A, "  # b", T, B], [A, "  # b", B2]),
            *([A, "  # b", T, B], [A, "  # b", T, B2]),
            id="below a comment of the template's",
        ),
        pytest.param(
            *(['  "a>=1" # a'], [A, '  "c"'], ['  "a>=1" # a']),
            *(['  "a>=1", # a', '  "c"'], ['  "a>=1", # a', '  "c"']),
            id="the last line had no comma",
        ),
        pytest.param(
            *(['  "a>=1"'], ['  "a==1"'], ['  "a>=2",', B]),
            *(['  "a==1"'], ['  "a==1",', B]),
            id="the user's last line is not the last any more",
        ),
        pytest.param([A, B, C], [A, C], [A, B2, C], [A, C], [A, C], id="removed"),
        pytest.param(
            *([A, "  # b", B], [A], [A, "  # b", "  # new", B2]),
            *([A], [A, "  # b", "  # new"]),
            id="removed with its comment, as far as it is the one that the user removed",
        ),
        pytest.param([A], [A, T], [A, T], [A], [A, T], id="both added it"),
        pytest.param([A], [A, T, T], [A], [A], [A], id="twice is ambiguous"),
        pytest.param([A], ['  "a>=1", "c",'], [A], [A], [A], id="two in a line"),
        pytest.param([A], ["<<<<<<< x", T], [A], [A], [A], id="no list at all"),
    ],
)
def test_what_only_the_user_has_is_in_both_renders(
    base: list[str],
    mine: list[str],
    new: list[str],
    wanted_base: list[str],
    wanted_new: list[str],
    ending: str,
) -> None:
    texts = [pyproject(*lines, ending=ending) for lines in (base, new, mine)]
    before, after, pins = keep(*texts)
    assert before == pyproject(*wanted_base, ending=ending)
    assert after == pyproject(*wanted_new, ending=ending)
    assert not [pin for pin in pins if "tqdm" in pin.mine]


@pytest.mark.parametrize("table", ["project.optional-dependencies", "dependency-groups", "tool.x"])
def test_only_lists_of_dependencies(table: str) -> None:
    base, mine = (f"[{table}]\nsome = [\n{lines}\n]\n".encode() for lines in (A, f"{A}\n{T}"))
    assert keep(base, base, mine)[1] == (base if table == "tool.x" else mine)


def test_a_name_that_another_list_has_is_ambiguous() -> None:
    base = b'[dependency-groups]\na = [\n  "x",\n]\nb = [\n  "y",\n]\n'
    mine = base.replace(b'  "y",\n', b'  "y",\n  "x",\n')
    moved = b'[dependency-groups]\na = [\n]\nb = [\n  "y",\n  "x",\n]\n'
    for text in (mine, moved):
        assert keep(base, base, text)[:2] == (base, base)


VERSIONS = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 9), max_size=6)
Versions = dict[str, int]


def listed(versions: Versions, comma: str) -> bytes:
    lines = [f'  "{name}>={version}",' for name, version in sorted(versions.items())]
    return pyproject(*lines[:-1], *(line[:-1] + comma for line in lines[-1:]))


@settings(max_examples=150, deadline=None)
@given(VERSIONS, VERSIONS, VERSIONS, st.tuples(*[st.sampled_from([",", ""])] * 3))
def test_nothing_of_the_users_is_lost(
    base: Versions, mine: Versions, new: Versions, commas: tuple[str, str, str]
) -> None:
    ours = listed(mine, commas[2])
    before, after, _ = keep(listed(base, commas[0]), listed(new, commas[1]), ours)
    tomllib.loads(before.decode())
    tomllib.loads(after.decode())
    with TemporaryDirectory() as folder:
        for name, text in (("mine", ours), ("base", before), ("new", after)):
            (Path(folder) / name).write_bytes(text)
        command = ["git", "merge-file", "-p", "mine", "base", "new"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=20)
    contested = {
        name
        for name in NAMES
        if (name in mine and mine.get(name) != base.get(name))
        and ((name in base) != (name in new))  # set by one and dropped, or added by both
    }
    if done.returncode:
        assert contested or "" in commas
        return
    merged = tomllib.loads(done.stdout.decode())["project"]["dependencies"]
    for name in set(NAMES) - contested:
        if name in mine and mine[name] != base.get(name):
            assert f"{name}>={mine[name]}" in merged
        elif name in base and name not in mine:
            assert not [entry for entry in merged if entry.startswith(name)]
    assert len(merged) == len(set(merged))
