"""Lock files after a merge: what is stale is marked, and nothing else of the user's is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold import catalog
from mlscaffold.new import new
from mlscaffold.update import update

from ..conftest import TOML
from ..playground import commit

if TYPE_CHECKING:
    from ..workshop import Workshop

LOCK = "requirements.txt"
COMMAND = "resolver --into requirements.txt"
UPDATE = f'\n[[update.locks]]\nfile = "{LOCK}"\ncommand = "{COMMAND}"\n'
PYPROJECT = '[project]\nname = "p"\ndependencies = [\n  "a>={}",\n]\n'


@pytest.fixture
def project(workshop: Workshop, work: Path) -> Path:
    """A project of release 0.1.0; 0.2.0 moves a bound and the lock."""
    for version, number in (("0.1.0", "1"), ("0.2.0", "2")):
        workshop.release(
            version,
            **{
                "template.toml": TOML + UPDATE,
                "project/pyproject.toml.jinja": PYPROJECT.format(number),
                f"project/{LOCK}": f"a=={number}\n",
            },
        )
        if number == "1":
            new(catalog.locate("basic"), work / "project", {}, defaults=True)
    return work / "project"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_lock_of_yours_is_marked_as_its_lines_end(project: Path, end: str) -> None:
    commit(project, {LOCK: f"a==1.5{end}b==1{end}"})
    result = update(project, {}, offline=True)
    assert [(each.path, each.what) for each in result.locks] == [(LOCK, "stale")]
    mark, *rest = (project / LOCK).read_bytes().decode().split(end)
    assert mark.startswith("# STALE")
    assert mark.endswith(COMMAND)
    assert rest == ["a==1.5", "b==1", ""]


def test_a_lock_that_is_no_text_is_named_and_not_marked(project: Path) -> None:
    mine = "a==1.5\n".encode("utf-16")
    commit(project, {LOCK: mine})
    result = update(project, {}, offline=True)
    assert [(each.path, each.what) for each in result.locks] == [(LOCK, "stale")]
    assert (project / LOCK).read_bytes() == mine


def test_a_lock_that_is_a_link_is_left_alone(project: Path) -> None:
    (project / LOCK).unlink()
    (project / LOCK).symlink_to("elsewhere.txt")
    commit(project)
    result = update(project, {}, offline=True)
    assert result.locks == ()
    assert (project / LOCK).readlink() == Path("elsewhere.txt")
