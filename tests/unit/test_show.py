"""What `show` tells of a template."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mlscaffold.catalog import locate
from mlscaffold.output import show_text
from mlscaffold.show import show

from ..conftest import BASIC


def test_a_built_in_template_is_told_in_full(builtin: Callable[..., Path], work: Path) -> None:
    config = BASIC["copier.yml"] + 'folder: {type: str, default: "{{ project_name | lower }}"}\n'
    builtin(**{"copier.yml": config + "kind: {type: str, choices: [a, b], default: a}\n"})
    result = show(locate("basic"))
    assert (result.title, result.version) == ("Basic", locate("basic").builtin.version)
    assert [(each.key, each.default, each.computed) for each in result.questions] == [
        ("project_name", "Clean Air", False),
        ("author", "Ada", False),
        ("size", 3, False),
        ("folder", "clean air", True),
        ("kind", "a", False),
    ]
    assert "src/app.py" in {file.path for file in result.files}
    text = show_text(result)
    assert 'default: "clean air" (follows other answers)' in text
    assert "one of: a, b" in text
    assert list(work.iterdir()) == []


def test_a_template_whose_tree_depends_on_an_answer(template: Callable[..., Path]) -> None:
    path = template(**{"copier.yml": "_subdirectory: project\nname: {type: str}\n"})
    result = show(locate(str(path)))
    assert result.files == ()
    assert "no default" in show_text(result)


def test_the_written_reference_is_what_show_tells() -> None:
    """`docs/templates/` is written by a script; here it must not be older than the questions."""
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
