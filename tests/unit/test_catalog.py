"""What a TEMPLATE argument means."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from mlscaffold import catalog, store
from mlscaffold.errors import InputError, TemplateError

from ..conftest import write

if TYPE_CHECKING:
    from ..workshop import Workshop


def test_metadata_is_read_without_rendering(builtin: Callable[..., Path]) -> None:
    skills = (
        '[[skills]]\nname = "SQL"\nwhere = "sql/"\n[after]\nnext = ["{python} x"]\nreport = "r"\n'
    )
    path = builtin(**{"template.toml": 'title="T"\nsummary="S"\n' + skills})
    (template,) = catalog.load_all()
    assert (template.name, template.path) == ("basic", path)
    assert template.skills == (catalog.Skill("SQL", "sql/"),)
    assert template.next_steps == ("{python} x",)
    assert template.address == "mlscaffold://basic.git"


@pytest.mark.parametrize("text", ["not toml", 'title = "T"\n', 'title=1\nsummary="S"\nskills=3'])
def test_unreadable_metadata_is_named(builtin: Callable[..., Path], text: str) -> None:
    builtin(**{"template.toml": text})
    with pytest.raises(TemplateError, match="basic") as caught:
        catalog.load_all()
    assert caught.value.where.endswith("template.toml")


def test_a_built_in_name_comes_before_a_folder_of_that_name(
    builtin: Callable[..., Path], work: Path
) -> None:
    path = builtin()
    (work / "basic").mkdir()
    assert catalog.locate("basic").url == str(path)


def test_an_unknown_name_is_refused_with_the_nearest_one(builtin: Callable[..., Path]) -> None:
    builtin("mlops-project")
    with pytest.raises(InputError, match="mlops-projct") as caught:
        catalog.locate("mlops-projct")
    assert "Did you mean mlops-project?" in caught.value.hint


@pytest.mark.parametrize(
    "spec", ["gh:owner/name", "git@host:a/b.git", "https://host/a/b", "git+ssh://host/a"]
)
def test_addresses_are_left_to_git(spec: str) -> None:
    source = catalog.locate(spec)
    assert (source.url, source.builtin, source.folder) == (spec, None, None)


def test_a_folder_is_recorded_by_its_full_path(template: Callable[..., Path]) -> None:
    path = template()
    assert catalog.locate("../theirs").url == str(path)
    assert catalog.locate(str(path)).folder == path


@pytest.mark.parametrize(
    ("spec", "said"), [("./absent", "does not exist"), ("..", "no copier.yml"), ("a\0/b", "exist")]
)
def test_what_is_no_template_is_refused(spec: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        catalog.locate(spec)


def test_the_checkout_has_its_own_templates() -> None:
    assert (catalog.templates_root() / "mlops-project").is_dir()


def test_a_version_says_which_files_these_are(workshop: Workshop) -> None:
    """A release while nothing is changed; else the next, and what makes it this one."""

    def version() -> str:
        return catalog.load("basic").version

    assert re.fullmatch(r"0\.1\.0\.dev0\+[0-9a-f]{10}", version())
    workshop.release("0.1.0")
    assert version() == "0.1.0"
    workshop.release("0.1.9", **{"project/more": ""})
    assert version() == "0.1.9"
    (workshop.template / "project" / "more").write_text("edited")
    edited = version()
    assert Version(edited).base_version == "0.1.10"
    assert Version("0.1.9") < Version(edited) < Version("0.1.10")
    (workshop.template / "project" / "more").write_text("edited again")
    assert version() != edited
    (workshop.template / "project" / "more").write_text("")
    write(workshop.template, {"project/__pycache__/app.cpython-311.pyc": ""})
    assert version() == "0.1.9"
    (workshop.template / "project" / "more").unlink()
    assert Version(version()).base_version == "0.1.10"


def test_a_release_is_described_by_its_own_metadata(workshop: Workshop, work: Path) -> None:
    one = workshop.release("0.1.0")
    workshop.release("0.2.0", **{"template.toml": 'title = "Now"\nsummary = "S"\n'})
    then = catalog.at_release(one, store.unpack(one, work / "then"))
    assert (then.title, then.version, then.path) == ("Basic", "0.1.0", work / "then")
    assert catalog.load("basic").title == "Now"
