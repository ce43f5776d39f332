"""Answers are read, checked and recorded as data."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlscaffold import answers
from mlscaffold.errors import InputError


def test_the_last_of_two_equal_keys_counts_and_values_may_hold_equals() -> None:
    assert answers.parse_pairs(["a=1", "b=x=y", "a=2", "c="]) == {"a": "2", "b": "x=y", "c": ""}


@pytest.mark.parametrize("pair", ["novalue", "=x", ""])
def test_a_pair_without_key_or_equals_is_refused(pair: str) -> None:
    with pytest.raises(InputError, match="KEY=VALUE"):
        answers.parse_pairs([pair])


def test_a_value_that_is_not_text_is_refused() -> None:
    with pytest.raises(InputError, match="UTF-8"):
        answers.parse_pairs(["a=\udcff"])


def test_the_command_line_counts_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.yml"
    file.write_text("a: 1\nb: true\n_commit: v1\n_src_path: gh:x/y\n")
    assert answers.collect(["a=2"], file) == {"a": "2", "b": True}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "must map"),
        ("1: a\n", "must map"),
        ("a: [\n", "not plain YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", "not plain YAML"),
        ("just text", "must map"),
    ],
)
def test_a_data_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "answers.yml"
    file.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        answers.load_file(file)
    assert str(file) in caught.value.where


def test_data_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        answers.load_file(tmp_path / "absent.yml")
    with pytest.raises(InputError, match="cannot be read"):
        answers.load_file(tmp_path)
    (tmp_path / "latin.yml").write_bytes(b"a: \xff\n")
    with pytest.raises(InputError, match="cannot be read"):
        answers.load_file(tmp_path / "latin.yml")
    (tmp_path / "empty.yml").write_text("# nothing\n")
    assert answers.load_file(tmp_path / "empty.yml") == {}


def test_an_unknown_key_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InputError, match="packagename") as caught:
        answers.refuse_unknown(["packagename"], ["project_name", "package_name"])
    assert "Did you mean package_name?" in caught.value.hint
    with pytest.raises(InputError) as caught:
        answers.refuse_unknown(["zzz"], ["a"])
    assert caught.value.hint == "It asks: a."


@pytest.mark.parametrize("value", ["yes", "Off", " t ", "1", "0.0", True, 0, None])
def test_what_copier_reads_as_true_or_false_passes(value: object) -> None:
    answers.refuse_misread("a", "bool", value)


@pytest.mark.parametrize("value", ["maybe", "", "ja", "nul", [True], {"a": 1}])
def test_what_copier_would_take_for_a_false_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="not true or false") as caught:
        answers.refuse_misread("a", "bool", value)
    assert caught.value.hint == "Give another value: -d a=true"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# c\n_src_path: /some/where\na: 1\n", "# c\n_commit: v1.0\n_src_path: x://y\na: 1\n"),
        (
            "_commit: abc\n_src_path: '/with space\n\n  and fold'\na: 1\n",
            "_commit: v1.0\n_src_path: x://y\na: 1\n",
        ),
        ("a: 1\n", "a: 1\n_commit: v1.0\n_src_path: x://y\n"),
        ("a: 1\n_src_path: /p", "a: 1\n_commit: v1.0\n_src_path: x://y\n"),
    ],
)
def test_the_recorded_source_names_no_path(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / ".copier-answers.yml"
    file.write_text(before)
    answers.record(file, {"_commit": "v1.0", "_src_path": "x://y"})
    assert file.read_text() == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"_commit: abc\r\n_src_path: gh:x/y # c\r\na: 1\r\n",
            b"_commit: abc\r\n_render: 0a\n_src_path: gh:x/y # c\r\na: 1\r\n",
        ),
        (b"_src_path: x\n_render: ff\n", b"_render: 0a\n_src_path: x\n"),
        (b"{_src_path: x, a: 1}\n", None),
        (b"- a\n", None),
        (b"a: [\n", None),
        (b"a: \xff\n", None),
        (b"", None),
    ],
)
def test_only_the_entry_changes_and_what_is_no_mapping_stays(
    tmp_path: Path, before: bytes, after: bytes | None
) -> None:
    file = tmp_path / "answers.yml"
    file.write_bytes(before)
    answers.record(file, {"_render": "0a"})
    assert file.read_bytes() == (before if after is None else after)


@given(st.text())
def test_a_slug_is_a_usable_folder_name(name: str) -> None:
    result = answers.slug(name)
    assert not set(result) & set("/\\ .:\0\n")
    assert result == result.strip("-")
    assert answers.slug("Clean  Air_2!") == "clean-air-2"
