"""What a TEMPLATE argument means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlscaffold import catalog
from mlscaffold.errors import InputError, TemplateError


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
