"""The release log is read, and a version found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from mlscaffold import releases
from mlscaffold.errors import InputError, TemplateError

from ..conftest import write

if TYPE_CHECKING:
    from ..workshop import Workshop

NUMBERS = st.lists(st.integers(0, 12), min_size=2, max_size=4)


def test_releases_come_oldest_first_with_their_notes(workshop: Workshop) -> None:
    assert releases.log("basic") == ()
    assert releases.newest("basic") is None
    for version in ("0.2.0", "0.10.0"):
        workshop.release(version)
    assert [each.version for each in releases.log("basic")] == ["0.2.0", "0.10.0"]
    newest = releases.newest("basic")
    assert newest
    assert (newest.version, newest.tag) == ("0.10.0", "v0.10.0")
    assert newest.notes == "- What 0.10.0 brings."
    assert newest.path == workshop.releases / "0.10.0.bundle"


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("0.1.1", "Did you mean 0.1.0? There are 0.1.0."),
        ("", "There are 0.1.0."),
        ("../../etc", "There are 0.1.0."),
    ],
)
def test_an_unknown_version_is_refused_with_those_there_are(
    workshop: Workshop, wanted: str, hint: str
) -> None:
    one = workshop.release("0.1.0")
    assert releases.find("basic", "v0.1.0") == releases.find("basic", "0.1.0") == one
    with pytest.raises(InputError, match="has no release") as caught:
        releases.find("basic", wanted)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "release = [1]\n",
        "[[release]]\nversion = '1.0'\n",
        "[[release]]\nversion=1\ncommit=''\ndigest=''\ndate=''\nnotes=''\nbundle=''\n",
        "\x00",
    ],
)
def test_an_unreadable_log_is_named(workshop: Workshop, text: str) -> None:
    write(workshop.releases, {releases.LOG: text})
    with pytest.raises(TemplateError, match="release log of template basic") as caught:
        releases.log("basic")
    assert caught.value.where == str(workshop.releases / releases.LOG)


@given(NUMBERS, NUMBERS)
def test_the_order_is_that_of_pep_440(one: list[int], other: list[int]) -> None:
    left, right = (".".join(map(str, each)) for each in (one, other))
    assert releases.is_release(left)
    assert (releases.order(left) < releases.order(right)) == (Version(left) < Version(right))
    assert (releases.order(left) == releases.order(right)) == (Version(left) == Version(right))


@given(st.text(alphabet="0123456789.v+-ab \u0661", max_size=8))
def test_a_release_is_written_as_pep_440_normalises_it(text: str) -> None:
    if releases.is_release(text):
        version = Version(text)
        assert str(version) == text
        assert not version.is_prerelease
        assert version.local is None
