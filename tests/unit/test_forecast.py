"""The forecast: which version, which answers, and what of the user's is respected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlscaffold import project
from mlscaffold.errors import InputError
from mlscaffold.forecast import Forecast, between, choose, forecast, label
from mlscaffold.recorded import Recorded

from ..conftest import BASIC, git
from ..playground import Theirs, commit, everything, fill

QUESTIONS = BASIC["copier.yml"]
README = "# {{ project_name }}\n<!-- report:score -->\nno report yet\n<!-- /report:score -->\n"
PYPROJECT = '[project]\ndependencies = [\n  "numpy>=1",\n  "scipy>=1",\n]\n'
ANSWERS = ".copier-answers.yml"


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Theirs:
    """A third party's template with three versions."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    made = Theirs(tmp_path / "theirs.git")
    first = {"project/README.md.jinja": README, "project/pyproject.toml.jinja": PYPROJECT}
    made.release("v1.0.0", {**BASIC, **first})
    made.release(
        "v1.1.0",
        {
            "project/README.md.jinja": f"{README}See also.\n",
            "project/pyproject.toml.jinja": PYPROJECT.replace("numpy>=1", "numpy>=2"),
            "project/src/app.py": "print('hello, world')\n",
            "project/new.py": "new = True\n",
        },
    )
    made.release("v2.0.0", {"project/new.py": "new = 2\n"})
    return made


@pytest.fixture
def made(theirs: Theirs, work: Path) -> Path:
    """A project of the first version."""
    return theirs.project(work / "project", "v1.0.0")


@contextmanager
def forecast_of(
    made: Path, given: Mapping[str, str] | None = None, **how: str | bool
) -> Iterator[Forecast]:
    """The forecast; nothing of the project's has changed afterwards."""
    before = everything(made)
    with forecast(project.find(made), given or {}, **how) as seen:  # type: ignore[arg-type]
        yield seen
    assert everything(made) == before
    assert not seen.scratch.path.exists()


def text(seen: Forecast, path: str) -> str:
    """What a path of the project holds afterwards."""
    entry = seen.scratch.files(seen.merge.tree)[path]
    return seen.scratch.blobs([entry.id])[entry.id].decode()


def test_an_unedited_project_becomes_the_new_render(made: Path) -> None:
    with forecast_of(made) as seen:
        assert (seen.record.version, seen.version) == ("1.0.0", "2.0.0")
        assert [each.name for each in seen.news] == ["1.1.0", "2.0.0"]
        assert seen.scratch.files(seen.merge.tree) == seen.scratch.files(
            seen.scratch.add(seen.render)
        )
        assert [(each.path, each.what) for each in seen.files] == [
            (ANSWERS, "updated"),
            ("README.md", "updated"),
            ("new.py", "added"),
            ("pyproject.toml", "updated"),
            ("src/app.py", "updated"),
        ]
        assert (seen.untouched, seen.pins, seen.notes) == (0, (), ())
        assert "_commit: v2.0.0\n" in text(seen, ANSWERS)


def test_what_is_the_users_stays(made: Path) -> None:
    files = {
        "README.md": README.replace("{{ project_name }}", "Mine").replace("no report yet", "42"),
        "pyproject.toml": PYPROJECT.replace("numpy>=1", "numpy==1.26"),
        "src/app.py": "print('hello')\r\n",
        "mine.py": "mine = True\n",
    }
    commit(made, files)
    with forecast_of(made) as seen:
        assert seen.merge.stages == ()
        assert text(seen, "README.md").startswith("# Mine\n<!-- report:score -->\n42\n<!--")
        assert text(seen, "README.md").endswith("See also.\n")
        assert text(seen, "src/app.py") == "print('hello, world')\r\n"
        assert '"numpy==1.26"' in text(seen, "pyproject.toml")
        assert [(pin.mine, pin.theirs) for pin in seen.pins] == [("numpy==1.26", "numpy>=2")]
        assert {each.path: each.what for each in seen.files} == {
            ANSWERS: "updated",
            "README.md": "merged",
            "new.py": "added",
            "src/app.py": "merged",
        }
        assert seen.untouched == 1


def test_the_same_version_with_other_answers(made: Path) -> None:
    commit(made, {"LICENSE": "mine\n"})
    with forecast_of(made, {"project_name": "Other"}, same_version=True) as seen:
        assert seen.version == "1.0.0"
        assert seen.news == ()
        assert [(each.path, each.what) for each in seen.files] == [
            (ANSWERS, "updated"),
            ("README.md", "updated"),
        ]
        assert seen.answers["project_name"] == "Other"
        assert text(seen, "README.md").startswith("# Other\n")


def test_nothing_changes_at_the_same_version_with_the_same_answers(made: Path) -> None:
    commit(made, {"LICENSE": "mine\n"})
    for given in ({}, {"project_name": "Clean Air"}):
        with forecast_of(made, given, to="v1.0.0") as seen:
            assert seen.files == seen.merge.changes == ()


@pytest.mark.parametrize(("to", "version"), [("1.1.0", "1.1.0"), ("v1.1.0", "1.1.0")])
def test_a_version_may_be_named(made: Path, to: str, version: str) -> None:
    with forecast_of(made, to=to) as seen:
        assert seen.version == version
        assert [each.name for each in seen.news] == ["1.1.0"]


@pytest.mark.parametrize("to", ["9.9.9", "-x", "--upload-pack=x", "", "v"])
def test_an_unknown_version_is_refused_with_the_list(made: Path, to: str) -> None:
    with pytest.raises(InputError, match="has no version") as caught, forecast_of(made, to=to):
        pass
    assert caught.value.hint == "It has: 1.0.0, 1.1.0, 2.0.0."


def test_going_back_is_refused(theirs: Theirs, work: Path) -> None:
    made = theirs.project(work / "project", "v1.1.0")
    with pytest.raises(InputError, match="is older than") as caught, forecast_of(made, to="1.0.0"):
        pass
    assert "git" in caught.value.hint
    commit(made, {ANSWERS: (made / ANSWERS).read_text().replace("v1.1.0", "v3.0.0")})
    with pytest.raises(InputError, match=r"older than the project's 3\.0\.0"), forecast_of(made):
        pass


def test_new_questions_take_their_defaults_or_are_asked_for(theirs: Theirs, made: Path) -> None:
    theirs.release("v3.0.0", {"copier.yml": f"{QUESTIONS}colour: {{type: str, default: red}}\n"})
    with forecast_of(made) as seen:
        assert seen.answers["colour"] == "red"
        assert "colour: red\n" in text(seen, ANSWERS)
    with forecast_of(made, {"colour": "blue"}) as seen:
        assert seen.answers["colour"] == "blue"
    refused = pytest.raises(InputError, match="no question called 'color'")
    with refused as caught, forecast_of(made, {"color": "blue"}):
        pass
    assert "Did you mean colour?" in caught.value.hint
    theirs.release("v4.0.0", {"copier.yml": f"{QUESTIONS}needed: {{type: str}}\n"})
    with pytest.raises(InputError, match="needed") as caught, forecast_of(made):
        pass
    assert "-d KEY=VALUE" in caught.value.hint
    with forecast_of(made, {"needed": "x"}) as seen:
        assert seen.answers["needed"] == "x"


def test_an_answer_that_a_newer_version_refuses_is_named(theirs: Theirs, made: Path) -> None:
    strict = QUESTIONS.replace(
        "default: Ada}", "default: Ada, validator: \"{{ 'too short' if author|length < 9 }}\"}"
    )
    theirs.release("v3.0.0", {"copier.yml": strict})
    with pytest.raises(InputError, match="author") as caught, forecast_of(made):
        pass
    assert "-d author=" in caught.value.hint


def test_lines_of_the_users_in_the_answers_file_are_named(made: Path) -> None:
    commit(made, {ANSWERS: f"{(made / ANSWERS).read_text()}# mine\nextra: 1\n"})
    with forecast_of(made) as seen:
        assert seen.merge.stages == ()
        assert any(note.endswith("without your lines: # mine; extra: 1") for note in seen.notes)


def test_what_counts_is_what_is_committed(made: Path) -> None:
    fill(made, {ANSWERS: "broken", "README.md": "changed\n"})
    with forecast_of(made) as seen:
        assert seen.record.version == "1.0.0"
        assert "updated" in {each.what for each in seen.files if each.path == "README.md"}


def test_an_answers_file_that_is_not_committed(made: Path) -> None:
    git(made, "rm", "-q", "--cached", ANSWERS)
    git(made, "commit", "-qm", "x")
    with pytest.raises(InputError, match="not committed") as caught, forecast_of(made):
        pass
    assert f"git add {ANSWERS}" in caught.value.hint


def test_a_file_in_another_encoding_is_merged_byte_by_byte(theirs: Theirs, made: Path) -> None:
    theirs.release("v3.0.0", {"project/LICENSE": "theirs to choose\n\n\n\nmore\n"})
    commit(made, {"LICENSE": b"caf\xe9\ntheirs to choose\n"})
    with forecast_of(made) as seen:
        entry = seen.scratch.files(seen.merge.tree)["LICENSE"]
        merged = seen.scratch.blobs([entry.id])[entry.id]
        assert b"caf\xe9" in merged
        assert b"more\n" in merged


class Tagged:
    """An origin with these versions."""

    address = "/x"

    def __init__(self, *versions: str, name: str = "x") -> None:
        self.versions = versions
        self.name = name

    def notes(self, version: str) -> str:
        return version

    def revision(self, version: str) -> str:
        return version


@pytest.mark.parametrize(
    ("versions", "before", "after", "wanted"),
    [
        (("1.0", "1.1", "2.0"), "1.0", "2.0", ["1.1", "2.0"]),
        (("1.0", "1.1", "2.0"), "1.0", "1.1", ["1.1"]),
        (("1.0", "1.1"), "1.1", "1.1", []),
        (("1.0", "1.1"), "1.0-3-gabc123", "1.1", ["1.1"]),
        (("1.0", "1.0.0"), "1.0", "1.0.0", ["1.0.0"]),
        (("0.1.0.dev0+aaa",), "0.1.0.dev0+bbb", "0.1.0.dev0+aaa", ["0.1.0.dev0+aaa"]),
        (("0.1.0",), "0.1.0.dev0+bbb", "0.1.0", ["0.1.0"]),
        (("0.1.0", "0.1.1.dev0+a"), "0.1.0", "0.1.1.dev0+a", ["0.1.1.dev0+a"]),
        (("1.0", "2.0"), "main", "2.0", ["1.0", "2.0"]),
    ],
)
def test_the_versions_between(
    versions: tuple[str, ...], before: str, after: str, wanted: list[str]
) -> None:
    tagged = Tagged(*versions)
    found = between(tagged, before, after)  # type: ignore[arg-type]
    assert [each.name for each in found] == wanted


@pytest.mark.parametrize(
    ("before", "to"),
    [("1.1", "1.0"), ("1.0-3-gabc123", "1.0"), ("0.1.0", "0.1.0.dev0+a"), ("1.0", "1.0rc1")],
)
def test_what_is_older(before: str, to: str) -> None:
    record = Recorded("/x", before, "", {})
    with pytest.raises(InputError, match="is older"):
        choose(Tagged(), record, to)  # type: ignore[arg-type]
    assert choose(Tagged(), Recorded("/x", to, "", {}), before) == before  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "version", "wanted"),
    [
        ("mlops-project", "0.2.0", "mlops-project-0.2.0"),
        ("my template", "feature/x", "my-template-feature-x"),
        (".hidden", "1.0", "hidden-1.0"),
        ("-x", "1..2", "x-1-2"),
        ("", "1.0", "1.0"),
        ("é", "a.lock", "é-a.lock-"),
        ("a~b^c:d", "@{1}", "a-b-c-d--1"),
    ],
)
def test_a_label_is_a_name_that_git_takes(name: str, version: str, wanted: str, work: Path) -> None:
    found = label(Tagged(name=name), version)  # type: ignore[arg-type]
    assert found.rstrip("-") == wanted.rstrip("-")
    assert not found.startswith("-")
    git(work, "check-ref-format", f"refs/heads/{found}")


def test_line_endings_and_blocks_follow_a_file_that_the_template_renames(
    theirs: Theirs, made: Path
) -> None:
    body = "".join(f"line {number}\n" for number in range(9))
    card = body + README.partition("\n")[2]
    theirs.release("v2.1.0", {"project/card.md": card, "project/old.py": body})
    theirs.release(
        "v2.2.0",
        {
            "project/card.md": None,
            "project/docs.md": card.replace("no report", "no score"),
            "project/old.py": None,
            "project/new_name.py": body.replace("line 3", "line three"),
        },
    )
    made = theirs.project(made.with_name("renamed"), "v2.1.0")
    filled = card.replace("no report yet", "RMSE 3")
    commit(made, {"card.md": filled, "old.py": body.replace("\n", "\r\n") + "mine\r\n"})
    with forecast_of(made) as seen:
        assert not seen.merge.stages
        assert text(seen, "docs.md") == filled
        wanted = body.replace("line 3", "line three") + "mine\n"
        assert text(seen, "new_name.py") == wanted.replace("\n", "\r\n")
