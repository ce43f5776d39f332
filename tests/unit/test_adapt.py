"""What the user owns of a file is no difference, and stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold.adapt import adapt, is_file, like
from mlscaffold.requirements import Pin

from ..playground import fill

BLOCK = b"# A\n<!-- report:score -->\nnothing yet\n<!-- /report:score -->\nend\n"
FILLED = BLOCK.replace(b"nothing yet\n", b"RMSE | 3.1\n\n![plot](a.png)\n")
UTF16 = "a\r\nb\r\n".encode("utf-16")


@pytest.mark.parametrize(
    ("render", "mine", "wanted"),
    [
        pytest.param(BLOCK, FILLED, FILLED, id="a filled block is the user's"),
        pytest.param(BLOCK, BLOCK, BLOCK, id="an unfilled one too"),
        pytest.param(BLOCK, b"# A\nend\n", BLOCK, id="without its block the render stays"),
        pytest.param(
            BLOCK + BLOCK.replace(b"score", b"drift"),
            FILLED,
            FILLED + BLOCK.replace(b"score", b"drift"),
            id="each block by its name",
        ),
        pytest.param(
            BLOCK, FILLED.replace(b"\n", b"\r\n"), FILLED.replace(b"\n", b"\r\n"), id="CRLF block"
        ),
        pytest.param(
            BLOCK,
            FILLED.replace(b"<!-- /report:score -->", b""),
            BLOCK,
            id="a block without an end is none",
        ),
        pytest.param(b"a\nb\n", b"a\r\nmine\r\n", b"a\r\nb\r\n", id="CRLF"),
        pytest.param(b"a\r\nb\r\n", b"a\nmine\n", b"a\nb\n", id="CRLF no more"),
        pytest.param(b"a\nb\n", b"a\r\nmine\n", b"a\nb\n", id="mixed endings are edits"),
        pytest.param(b"a\nb\r\n", b"a\r\nb\r\n", b"a\nb\r\n", id="a mixed render stays"),
        pytest.param(b"a\nb\n", b"a\rb\r", b"a\nb\n", id="lone CR"),
        pytest.param(b"a\rb\n", b"a\rb\r\n", b"a\rb\r\n", id="lone CR within lines"),
        pytest.param(b"a\nb", b"a\r\nb\r\n", b"a\r\nb", id="no line end at the end"),
        pytest.param(b"a\n", b"", b"a\n", id="emptied"),
        pytest.param(b"", b"a\r\n", b"", id="empty render"),
        pytest.param(b"\0a\nb\n", b"x\r\n", b"\0a\nb\n", id="binary render"),
        pytest.param(b"a\nb\n", b"\0x\r\n", b"a\nb\n", id="binary by the user"),
        pytest.param(b"a\nb\n", UTF16, b"a\nb\n", id="UTF-16 by the user"),
        pytest.param(b"\xe9\n", b"\xe8\r\n", b"\xe9\r\n", id="Latin-1"),
    ],
)
def test_a_render_like_the_users(render: bytes, mine: bytes, wanted: bytes) -> None:
    assert like(render, mine) == wanted


def requirements(*lines: str, ending: str = "\n") -> str:
    rows = ["[project]", 'name = "x"', "dependencies = [", *lines, "]", ""]
    return ending.join(rows)


@pytest.mark.parametrize(
    ("base", "mine", "new", "merged_base", "merged_new", "pins"),
    [
        pytest.param(
            *('  "numpy>=1",', '  "numpy==1.5",', '  "numpy>=2",'),
            *('  "numpy==1.5",', '  "numpy==1.5",', [("numpy==1.5", "numpy>=2")]),
            id="the user's stays where the template moved it",
        ),
        pytest.param(
            *('  "numpy>=1",', '  "numpy==1.5",', '  "numpy>=1",'),
            *('  "numpy==1.5",', '  "numpy==1.5",', []),
            id="and where it did not, which needs no words",
        ),
        pytest.param(
            *('  "numpy>=1",', '  "numpy>=2",', '  "numpy>=2",'),
            *('  "numpy>=2",', '  "numpy>=2",', []),
            id="both moved it to the same",
        ),
        pytest.param(
            *('  "numpy>=1",', '  "numpy>=1",', '  "numpy>=2",'),
            *('  "numpy>=1",', '  "numpy>=2",', []),
            id="the template's is taken where the user left it",
        ),
        pytest.param(
            *('  "numpy>=1",', '  "numpy==1.5",', ""),
            *('  "numpy>=1",', "", []),
            id="dropped by the template: a conflict",
        ),
        pytest.param(
            *('  "z",\n  "numpy>=1",', '  "z",', '  "z",\n  "numpy>=2",'),
            *('  "z",', '  "z",', []),
            id="dropped by the user: it stays away",
        ),
        pytest.param(
            *('  "Scikit_Learn>=1",', '  "scikit-learn==1.5", # mine', '  "scikit.learn>=2"'),
            *(
                '  "scikit-learn==1.5", # mine',
                '  "scikit-learn==1.5", # mine',
            ),
            [("scikit-learn==1.5", "scikit.learn>=2")],
            id="names are compared as packages are, comments are the user's",
        ),
        pytest.param(
            *("  \"a[x]>=1; python_version < '3.12'\",", '  "a[x,y]==1",', '  "a[x]>=2",'),
            *('  "a[x,y]==1",', '  "a[x,y]==1",', [("a[x,y]==1", "a[x]>=2")]),
            id="extras and markers",
        ),
        pytest.param(
            *('  "a @ https://e.org/1",', '  "a==1",', '  "a @ https://e.org/2",'),
            *('  "a==1",', '  "a==1",', [("a==1", "a @ https://e.org/2")]),
            id="addresses",
        ),
        pytest.param(
            *('  "a>=1",\n  "a>=1",', '  "a==1",\n  "a>=1",', '  "a>=2",\n  "a>=1",'),
            *('  "a>=1",\n  "a>=1",', '  "a>=2",\n  "a>=1",', []),
            id="a name that occurs twice is ambiguous",
        ),
        pytest.param(
            *('  # "a>=1",\n  "a>=1",', '  # "a>=1",\n  "a==1",', '  # "a>=1",\n  "a>=2",'),
            *('  # "a>=1",\n  "a==1",', '  # "a>=1",\n  "a==1",', [("a==1", "a>=2")]),
            id="comments are no requirements",
        ),
        pytest.param(
            *('"src/a.py" = ["X"]', '"src/b.py" = ["X"]', '"src/c.py" = ["X"]'),
            *('"src/a.py" = ["X"]', '"src/c.py" = ["X"]', []),
            id="nor are other strings",
        ),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_versions_that_the_user_set(
    tmp_path: Path,
    base: str,
    mine: str,
    new: str,
    merged_base: str,
    merged_new: str,
    pins: list[tuple[str, str]],
    ending: str,
) -> None:
    sides = {
        side: fill(tmp_path / side, {"pyproject.toml": requirements(text)})
        for side, text in (("base", base), ("new", new))
    }
    text = requirements(mine).replace("\n", ending).encode()
    kept = adapt(sides["base"], sides["new"], {"pyproject.toml": text})
    assert kept == tuple(Pin(*pin) for pin in pins)
    for side, wanted in (("base", merged_base), ("new", merged_new)):
        after = (sides[side] / "pyproject.toml").read_bytes()
        assert after == requirements(wanted).replace("\n", ending).encode()


def test_whole_files_that_belong_to_one_side(tmp_path: Path) -> None:
    names = ("answers", "lock", "gone")
    base = fill(tmp_path / "base", dict.fromkeys(names, "base\n"))
    new = fill(tmp_path / "new", dict.fromkeys(names[:2], "new\n"))
    mine = dict.fromkeys(names, b"mine\n")
    adapt(base, new, mine, owned={"lock", "gone"}, rewritten={"answers"})
    texts = {name: (base / name).read_text() for name in names}
    # Against these the template alone changed the answers, and the user alone the lock; a lock
    # that the template removes is in conflict.
    assert texts == {"answers": "mine\n", "lock": "new\n", "gone": "base\n"}
    assert {name: (new / name).read_text() for name in names[:2]} == {
        "answers": "new\n",
        "lock": "new\n",
    }


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """A render may hold links to anywhere; the user's files of that path are regular ones."""
    outside = fill(tmp_path / "outside", {"a": "a\n", "answers": "a\n"})
    base = tmp_path / "base"
    base.mkdir()
    (base / "folder").symlink_to(outside)
    (base / "a").symlink_to(outside / "a")
    (base / "answers").symlink_to(outside / "answers")
    mine = {"folder/a": b"x\r\n", "a": b"x\r\n", "answers": b"mine\n"}
    adapt(base, None, mine, owned={"a"}, rewritten={"answers"})
    assert (outside / "a").read_bytes() == (outside / "answers").read_bytes() == b"a\n"
    assert not is_file(base, "folder/a", links=True)
    assert is_file(base, "a", links=True)
    assert not is_file(base, "a")
