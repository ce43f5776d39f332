"""What a rendered tree is refused for."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold.check import Checked, check
from mlscaffold.errors import TemplateError

from ..conftest import write


def look(tree: Path, *, strict: bool = True, **answers: str) -> Checked:
    return check(tree, keys=["name", "size"], answers=answers, strict=strict)


def test_files_are_listed_with_their_sizes_in_order(tmp_path: Path) -> None:
    write(tmp_path / "t", {"b.txt": "12", "a/c.txt": "", ".x/d": "1"})
    assert [(file.path, file.size) for file in look(tmp_path / "t").files] == [
        (".x/d", 1),
        ("a/c.txt", 0),
        ("b.txt", 2),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", "def f(:\n"),
        ("a.toml", "a = \n"),
        ("a.yml", "a: [\n"),
        ("a.yaml", "a: b: c\n"),
        ("a.json", "{"),
        ("a.ipynb", "not json"),
    ],
)
def test_a_file_that_does_not_parse_is_refused_or_noted(
    tmp_path: Path, name: str, text: str
) -> None:
    write(tmp_path / "t", {name: text})
    with pytest.raises(TemplateError, match=f"{name}: does not parse"):
        look(tmp_path / "t")
    assert name in look(tmp_path / "t", strict=False).notes[0]


@pytest.mark.parametrize(
    "text", ["{{ name }}", "x {{size|int}} y", "{% if name %}", "{{ _copier_conf.os }}"]
)
def test_jinja_that_is_left_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path / "t", {"a.md": text})
    with pytest.raises(TemplateError, match="unrendered Jinja"):
        look(tmp_path / "t")


@pytest.mark.parametrize(
    "text",
    [
        "${{ secrets.name }}",
        "{{ $labels.instance }} {{label}}",
        "{% for row in rows %}{{ row }}{% endfor %}",
        "{{7*7}}",
        "#{#arr[@]}",
        "a {{ b",
    ],
)
def test_braces_of_other_languages_are_left_alone(tmp_path: Path, text: str) -> None:
    write(tmp_path / "t", {"a.md": text})
    assert look(tmp_path / "t").notes == ()


def test_jinja_that_an_answer_holds_is_literal(tmp_path: Path) -> None:
    write(tmp_path / "t", {"a.md": "by {{ name }}", "b.json": '"{{ name | x(\\"y\\") }}"'})
    assert look(tmp_path / "t", author="{{ name }}", other='{{ name | x("y") }}').notes == ()


@pytest.mark.parametrize("name", [".git/config", ".GIT/hooks/x", "sub/.Git/config", ".git"])
def test_no_template_writes_a_git_folder(tmp_path: Path, name: str) -> None:
    write(tmp_path / "t", {name: "x"})
    with pytest.raises(TemplateError, match=r"\.git"):
        look(tmp_path / "t", strict=False)


@pytest.mark.parametrize("target", ["../outside", "/etc/passwd", "a/../../outside"])
def test_no_link_leads_out(tmp_path: Path, target: str) -> None:
    write(tmp_path / "t", {"a/x": ""})
    (tmp_path / "t" / "link").symlink_to(target)
    with pytest.raises(TemplateError, match="links out"):
        look(tmp_path / "t", strict=False)


def test_a_link_inside_is_fine_and_not_read(tmp_path: Path) -> None:
    write(tmp_path / "t", {"a/x": ""})
    (tmp_path / "t" / "link").symlink_to("a/x")
    assert [file.path for file in look(tmp_path / "t").files] == ["a/x"]


def test_an_empty_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    with pytest.raises(TemplateError, match="no files"):
        look(tmp_path / "t")


def test_tags_of_yaml_are_nobodys_error(tmp_path: Path) -> None:
    write(tmp_path / "t", {"mkdocs.yml": "a: !!python/name:x.y\nb: !Ref z\n---\nc: 1\n"})
    assert look(tmp_path / "t").notes == ()
