"""Copier renders; what it lets through, we do not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlscaffold import trees
from mlscaffold.catalog import locate
from mlscaffold.errors import InputError, TemplateError
from mlscaffold.render import questions, render

from ..conftest import BASIC, git, snapshot


def test_a_built_in_render_names_its_template_not_this_machine(
    builtin: Callable[..., Path], work: Path
) -> None:
    builtin()
    rendered = render(locate("basic"), work / "x", {"size": "5"})
    assert rendered.answers == {"project_name": "Clean Air", "author": "Ada", "size": 5}
    assert rendered.version.startswith("0.1.0.dev0+")
    assert rendered.keys == ("project_name", "author", "size")
    recorded = yaml.safe_load((work / "x" / ".copier-answers.yml").read_text())
    assert recorded == {
        "_commit": f"v{rendered.version}",
        "_src_path": "mlscaffold://basic.git",
        "_render": trees.digest(work / "x", skip={".copier-answers.yml"}, modes=False),
        **rendered.answers,
    }


def test_the_same_answers_give_the_same_bytes(
    builtin: Callable[..., Path], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builtin()
    renders = []
    for name, zone, language in [("a", "UTC", "C"), ("deep/b", "Asia/Karachi", "tr_TR.UTF-8")]:
        monkeypatch.setenv("TZ", zone)
        monkeypatch.setenv("LC_ALL", language)
        render(locate("basic"), work / name, {"author": "Zoë \\ {{7*7}}"})
        renders.append(snapshot(work / name))
    assert renders[0] == renders[1]


def test_no_git_runs_for_a_built_in_template(
    builtin: Callable[..., Path], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builtin()

    def refuse(*args: object, **_: object) -> None:
        raise AssertionError(args)

    monkeypatch.setattr(subprocess, "Popen", refuse)
    render(locate("basic"), work / "x", {})


def test_what_installers_and_linters_leave_in_a_template_is_not_rendered(
    builtin: Callable[..., Path], work: Path
) -> None:
    builtin(
        **{"project/__pycache__/a.pyc": "x", "project/b.pyc": "x", "project/.ruff_cache/x": "x"}
    )
    render(locate("basic"), work / "x", {})
    assert not [name for name in snapshot(work / "x") if "pyc" in name or "cache" in name]


def test_a_template_cannot_write_a_git_folder_by_changing_the_exclusions(
    template: Callable[..., Path], work: Path
) -> None:
    config = BASIC["copier.yml"] + "_exclude: []\nfolder: {type: str, default: .GiT}\n"
    path = template(**{"copier.yml": config, "project/{{ folder }}/config": "[core]\n"})
    render(locate(str(path)), work / "x", {})
    assert not [name for name in snapshot(work / "x") if ".git" in name.lower()]


def test_settings_of_copiers_user_do_not_leak_in(
    builtin: Callable[..., Path],
    template: Callable[..., Path],
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = work / "settings.yml"
    settings.write_text("defaults: {author: Leak}\ntrust: ['/']\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    builtin()
    assert render(locate("basic"), work / "x", {}).answers["author"] == "Ada"
    path = template(**{"copier.yml": BASIC["copier.yml"] + "_tasks: [touch ran]\n"})
    with pytest.raises(TemplateError, match="tasks"):
        render(locate(str(path)), work / "y", {})


@pytest.mark.parametrize(
    ("extra", "feature"),
    [("_tasks: [touch ran]\n", "tasks"), ("_jinja_extensions: [os.X]\n", "jinja_extensions")],
)
def test_a_template_that_runs_code_needs_trust(
    template: Callable[..., Path], work: Path, extra: str, feature: str
) -> None:
    source = locate(str(template(**{"copier.yml": BASIC["copier.yml"] + extra})))
    with pytest.raises(TemplateError, match=feature) as caught:
        render(source, work / "x", {})
    assert "--trust" in caught.value.hint
    assert not (work / "x").exists()
    if feature == "tasks":
        render(source, work / "y", {}, trust=True)
        assert (work / "y" / "ran").exists()


@pytest.mark.parametrize(
    ("changes", "given", "error", "said"),
    [
        ({}, {"sise": "1"}, InputError, "no question called 'sise'"),
        ({}, {"size": "x"}, InputError, "size: 'x' is not a whole number"),
        ({}, {"size": [1]}, InputError, "is not a whole number"),
        ({}, {"author": ["Ada"]}, InputError, "is not text"),
        (
            {"copier.yml": "a: {type: bool, default: true}"},
            {"a": "maybe"},
            InputError,
            "a: 'maybe' is not true or false",
        ),
        (
            {"copier.yml": "a: {default: y, validator: \"{{ 'not that' if a == 'no' }}\"}"},
            {"a": "no"},
            InputError,
            "a: not that",
        ),
        (
            {"copier.yml": "a: {type: str, choices: [x, y]}"},
            {"a": "z"},
            InputError,
            "a: 'z' is not one of: 'x', 'y'",
        ),
        ({"copier.yml": "a: {type: str}"}, {}, InputError, 'Question "a" is required'),
        ({"copier.yml": "a: ["}, {}, TemplateError, "copier.yml"),
        ({"copier.yml": "a: {type: zoo, default: 1}"}, {}, TemplateError, "zoo"),
        ({"copier.yml": '_min_copier_version: "99.0"'}, {}, TemplateError, "99.0"),
        ({"project/a.jinja": "{{ undefined_thing }}"}, {}, TemplateError, "undefined_thing"),
        ({"project/a.jinja": "{% if %}"}, {}, TemplateError, "does not parse"),
        ({"project/{{ ''.x.y }}": ""}, {}, TemplateError, "path"),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    template: Callable[..., Path],
    work: Path,
    changes: dict[str, str],
    given: dict[str, Any],
    error: type[Exception],
    said: str,
) -> None:
    if "copier.yml" in changes:
        changes = {
            **dict.fromkeys(name for name in BASIC if name.startswith("project/")),
            **changes,
            "a.txt": "",
        }
    source = locate(str(template(**changes)))
    with pytest.raises(error, match=said):
        render(source, work / "x", given)


def test_questions_are_read_with_their_includes(template: Callable[..., Path]) -> None:
    own = "b: {type: str, choices: {One: 1, Two: 2}, help: 'Two\n\n  lines'}\n"
    config = f"---\n!include q.yml\n---\n{own}"
    path = template(**{"copier.yml": config, "q.yml": "a: true\nc: {when: false, default: x}\n"})
    first, hidden, second = questions(locate(str(path)))
    assert (first.key, first.type, first.default) == ("a", "bool", True)
    assert (hidden.key, hidden.hidden) == ("c", True)
    assert (second.choices, second.help) == (("1", "2"), "Two lines")


def tagged(folder: Path) -> Path:
    """A template in git with a release, and a change after it."""
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "tag", "v1.0.0")
    (folder / "project" / "later.txt").write_text("")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "two")
    return folder


def test_a_folder_with_tags_renders_its_newest_release(
    template: Callable[..., Path], work: Path
) -> None:
    path = tagged(template())
    rendered = render(locate(str(path)), work / "x", {})
    assert rendered.version == "v1.0.0"
    assert not (work / "x" / "later.txt").exists()
    recorded = yaml.safe_load((work / "x" / ".copier-answers.yml").read_text())
    assert (recorded["_commit"], recorded["_src_path"]) == ("v1.0.0", str(path))
    rendered = render(locate(str(path)), work / "y", {}, vcs_ref="HEAD")
    assert (work / "y" / "later.txt").exists()
    assert len(rendered.commit) == 40


@pytest.mark.parametrize("ref", ["--upload-pack=x", "nosuch"])
def test_a_bad_reference_is_refused(template: Callable[..., Path], work: Path, ref: str) -> None:
    with pytest.raises(InputError, match="tag, branch or commit"):
        render(locate(str(tagged(template()))), work / "x", {}, vcs_ref=ref)


def test_variables_of_git_do_not_reach_copier(
    template: Callable[..., Path], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tagged(template())
    monkeypatch.setenv("GIT_DIR", str(work / "none"))
    assert render(locate(str(path)), work / "x", {}).version == "v1.0.0"
    assert os.environ["GIT_DIR"]


def test_an_address_that_cannot_be_fetched_is_a_sentence(work: Path) -> None:
    with pytest.raises(TemplateError, match="cannot be fetched: git says"):
        render(locate(f"git+file://{work}/none"), work / "x", {})
    with pytest.raises(InputError, match="is not the address of a template"):
        render(locate("git+ext::sh -c touch% ran"), work / "y", {})
    assert not (work / "ran").exists()


def test_secret_answers_are_not_told(template: Callable[..., Path], work: Path) -> None:
    config = BASIC["copier.yml"] + "token: {type: str, secret: true, default: hush}\n"
    rendered = render(locate(str(template(**{"copier.yml": config}))), work / "x", {})
    assert "token" not in rendered.answers


@pytest.mark.parametrize("name", [".copier-answers.yml", "conf/answers of theirs.yml"])
def test_a_render_of_a_third_party_is_recorded_by_its_digest(
    template: Callable[..., Path], work: Path, name: str
) -> None:
    path = template(**{"copier.yml": f"_answers_file: {name}\n{BASIC['copier.yml']}"})
    render(locate(str(path)), work / "x", {})
    recorded = yaml.safe_load((work / "x" / name).read_text())
    assert recorded["_render"] == trees.digest(work / "x", skip={name}, modes=False)
    assert recorded["_src_path"] == str(path)


def test_a_template_without_an_answers_file_or_with_one_outside_is_left_alone(
    template: Callable[..., Path], work: Path
) -> None:
    name = "project/{{ _copier_conf.answers_file }}.jinja"
    (work / "outside.yml").write_text("a: 1\n")
    config = f"_answers_file: ../outside.yml\n{BASIC['copier.yml']}"
    render(locate(str(template("one", **{name: None}))), work / "x", {})
    path = template("two", **{name: None, "copier.yml": config})
    render(locate(str(path)), work / "y", {})
    assert (work / "outside.yml").read_text() == "a: 1\n"
    assert "_render" not in "".join(map(repr, [*snapshot(work).values()]))


def test_what_tasks_changed_is_not_recorded_as_the_render(
    template: Callable[..., Path], work: Path
) -> None:
    path = template(**{"copier.yml": f"_tasks: [date > when]\n{BASIC['copier.yml']}"})
    for name, trust in [("with", True), ("without", False)]:
        render(locate(str(path)), work / name, {}, trust=trust, tasks=trust)
    recorded = [
        yaml.safe_load((work / name / ".copier-answers.yml").read_text())
        for name in ("with", "without")
    ]
    assert ["_render" in each for each in recorded] == [False, True]


@pytest.mark.parametrize("command", ["update", "recopy"])
def test_plain_copier_still_works_in_a_project_of_ours(
    template: Callable[..., Path], work: Path, command: str
) -> None:
    """It does not know our entry, and drops it: the files are another's render from then on."""
    path = template()
    git(path, "init", "-q")
    for version, text in [("v1.0.0", "print('hello')\n"), ("v2.0.0", "print('more')\n")]:
        (path / "project/src/app.py").write_text(text)
        git(path, "add", "-A")
        git(path, "commit", "-qm", version)
        git(path, "tag", version)
    source = locate(f"git+file://{path}")
    render(source, work / "x", {"size": 5}, vcs_ref="v1.0.0")
    git(work / "x", "init", "-q")
    git(work / "x", "add", "-A")
    git(work / "x", "commit", "-qm", "Start")
    options = ["--defaults", *(["--overwrite"] if command == "recopy" else [])]
    subprocess.run([sys.executable, "-m", "copier", command, *options], cwd=work / "x", check=True)
    assert (work / "x/src/app.py").read_text() == "print('more')\n"
    recorded = yaml.safe_load((work / "x/.copier-answers.yml").read_text())
    assert recorded == {
        "_commit": "v2.0.0",
        "_src_path": source.url,
        "author": "Ada",
        "project_name": "Clean Air",
        "size": 5,
    }
