"""The answers file: everything in it is checked before it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold.errors import InputError
from mlscaffold.recorded import parse, read

GOOD = "# not by hand\n_commit: v0.1.0\n_src_path: mlscaffold://basic.git\nsize: 3\n"


def test_what_a_file_records() -> None:
    digest = "0" * 64
    found = parse(f"{GOOD}_render: '{digest}'\nname: Clean Air\n", "x")
    assert found.address == "mlscaffold://basic.git"
    assert (found.revision, found.version, found.render) == ("v0.1.0", "0.1.0", digest)
    assert found.answers == {"size": 3, "name": "Clean Air"}


def test_a_file_of_plain_copier_may_have_neither_version_nor_digest() -> None:
    found = parse("_src_path: gh:owner/name\r\n", "x")
    assert (found.revision, found.version, found.render, found.answers) == ("", "", "", {})


@pytest.mark.parametrize(
    "address",
    [
        "gh:owner/name",
        "https://example.org/a.git",
        "git@example.org:a/b.git",
        "git+ssh://host/a",
        "/srv/té mplates/a",
        "~/templates/a",
        "C:\\templates\\a",
        "\\\\server\\share",
    ],
)
def test_an_address_is_anything_that_copier_takes(address: str) -> None:
    assert parse(f"_src_path: '{address}'\n", "x").address == address


BAD = {
    "empty": ("", "is empty"),
    "only a comment": ("# nothing\n", "is empty"),
    "a list": ("- a\n- b\n", "is not a list of names and values"),
    "a text": ("hello\n", "is not a list of names and values"),
    "a number as a name": (f"{GOOD}3: a\n", "is not a list of names and values"),
    "in conflict": (
        f"<<<<<<< HEAD\n{GOOD}=======\n{GOOD}>>>>>>> theirs\n",
        "holds conflict markers",
    ),
    "python object": (
        f"{GOOD}x: !!python/object/apply:os.system ['touch owned']\n",
        "not plain YAML: could not determine a constructor",
    ),
    "tag": (f"{GOOD}x: !mine a\n", "not plain YAML"),
    "not yaml": (f"{GOOD}x: [1\n", "not plain YAML"),
    "no such day": (f"{GOOD}x: 2026-99-99\n", "not plain YAML: month must be in 1..12"),
    "too deep": (f"{GOOD}x: {'[' * 2000}{']' * 2000}\n", "not plain YAML"),
    "control character": (f"{GOOD}x: \x01\n", "not plain YAML"),
    "no address": ("size: 3\n", "_src_path does not name a template: None"),
    "empty address": ("_src_path: ''\n", "_src_path does not name a template: ''"),
    "address a list": ("_src_path: [a]\n", "_src_path does not name a template"),
    "a program": ("_src_path: ext::sh -c touch% owned\n", "_src_path does not name a template"),
    "a helper": ("_src_path: 'fd::17'\n", "_src_path does not name a template"),
    "an option": ("_src_path: --upload-pack=x\n", "_src_path does not name a template"),
    "two lines": ('_src_path: "a\\nb"\n', "_src_path does not name a template"),
    "option as version": (f"{GOOD}_commit: --upload-pack=x\n", "_commit is not a version"),
    "range": (f"{GOOD}_commit: a:b\n", "_commit is not a version: 'a:b'"),
    "blank": (f"{GOOD}_commit: v1 v2\n", "_commit is not a version"),
    "a number": (f"{GOOD}_commit: 1.0\n", "_commit is not a version: 1.0"),
    "version a mapping": (f"{GOOD}_commit: {{a: b}}\n", "_commit is not a version"),
    "not a digest": (f"{GOOD}_render: abc\n", "_render is not a digest: 'abc'"),
    "digest a number": (f"{GOOD}_render: 7\n", "_render is not a digest: 7"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_one_sentence_with_a_remedy(case: str, work: Path) -> None:
    text, said = BAD[case]
    with pytest.raises(InputError) as caught:
        parse(text, "/project/.copier-answers.yml")
    error = caught.value
    assert said in error.what
    assert "\n" not in error.what
    assert error.what.endswith(".")
    assert error.where == "/project/.copier-answers.yml"
    assert error.hint.endswith("git log -p -- .copier-answers.yml")
    assert list(work.iterdir()) == []


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "absent.yml")
    (tmp_path / "latin.yml").write_bytes(b"name: \xe9\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read(tmp_path / "latin.yml")
