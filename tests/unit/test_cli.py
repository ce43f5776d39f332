"""The command line: what it prints, and the code that it ends with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from typer.testing import CliRunner

from mlscaffold import __version__, bugs, catalog, output
from mlscaffold.__main__ import main
from mlscaffold.cli import app
from mlscaffold.errors import MlscaffoldError, TargetError

from ..conftest import Cli, git, snapshot

if TYPE_CHECKING:
    from ..workshop import Workshop


def test_version_and_help(cli: Cli) -> None:
    assert cli("--version").stdout == f"mlscaffold {__version__}\n"
    for args in ([], ["--help"], ["new", "-h"], ["show", "--help"], ["demo", "--help"]):
        done = cli(*args)
        assert "Usage:" in done.stdout + done.stderr


def test_list_and_show_name_the_built_in_template(cli: Cli) -> None:
    assert "mlops-project" in cli("list").stdout
    assert cli("list", "--json").stdout == cli("list", "--json").stdout
    listed = json.loads(cli("list", "--json").stdout)
    assert (listed["schema"], listed["command"], listed["ok"]) == (1, "list", True)
    shown = cli("show", "mlops-project").stdout
    for word in ("package_name", "one of: 3.11", "Skills it shows", "pyproject.toml"):
        assert word in shown


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["nosuch"], 2, "nosuch"),
        (["new", "--nosuch"], 2, "--nosuch"),
        (["new", "a", "b", "c"], 2, "c"),
        (["show"], 2, "TEMPLATE"),
        (["new"], 2, "mlops-project"),
        (["new", "mlops-projct"], 1, "Did you mean mlops-project?"),
        (["new", "mlops-project", "x", "-d", "place_nam=y"], 1, "Did you mean place_name?"),
        (["new", "mlops-project", "x"], 1, "--defaults"),
        (["new", "mlops-project", "x", "-d", "novalue"], 1, "KEY=VALUE"),
        (["new", "mlops-project", "x", "--data-file", "none.yml"], 1, "does not exist"),
        (["new", "mlops-project", "x", "--defaults", "--vcs-ref", "v1"], 1, "--vcs-ref"),
        (["new", "mlops-project", "x", "--defaults", "--version", "9.9"], 1, "no release '9.9'"),
        (["new", "mlops-project", "x", "--defaults", "-d", "latitude=north"], 1, "number"),
        (["new", "mlops-project", "x", "--defaults", "-d", "latitude=91"], 1, "latitude: "),
        (["new", "mlops-project", "x", "--defaults", "-d", "license=GPL"], 1, "license"),
    ],
)
def test_wrong_input_is_a_sentence_and_a_code(
    cli: Cli, args: list[str], code: int, said: str, work: Path
) -> None:
    done = cli(*args)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(work.iterdir()) == []


def test_errors_are_json_where_json_is_asked_for(cli: Cli) -> None:
    done = cli("new", "mlops-projct", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["ok"], document["error"]["kind"]) == (1, False, "InputError")
    assert set(document["error"]) == {"kind", "what", "where", "hint", "exit_code"}


def test_new_says_what_to_type_next(cli: Cli, template: Callable[..., Path], work: Path) -> None:
    done = cli("new", str(template()), "my air", "--defaults")
    assert done.returncode == 0, done.stderr
    assert f"Template: {template()}" in done.stderr
    steps = done.stdout.partition("Next:\n")[2].splitlines()
    assert steps[0] == "  cd 'my air'"
    assert len(steps) == 3
    assert (work / "my air" / ".git").is_dir()


def test_no_step_leads_into_the_folder_where_one_is(
    cli: Cli, template: Callable[..., Path]
) -> None:
    done = cli("new", str(template()), ".", "--defaults", "-d", "project_name=x")
    assert done.returncode == 0, done.stderr
    steps = done.stdout.partition("Next:\n")[2].splitlines()
    assert steps == ["  git log --stat", "  git status"]


def test_new_reports_as_json(cli: Cli, template: Callable[..., Path], work: Path) -> None:
    done = cli("new", str(template()), "x", "--defaults", "--json", "-d", "size=4")
    result = json.loads(done.stdout)["result"]
    assert result["destination"] == str(work / "x")
    assert result["answers"]["size"] == 4
    assert {"path": "LICENSE", "size": 17} in result["files"]
    assert result["commit"] == git(work / "x", "rev-parse", "HEAD").strip()


def test_a_dry_run_shows_the_tree(cli: Cli, template: Callable[..., Path], work: Path) -> None:
    done = cli("new", str(template()), "x", "--defaults", "--dry-run")
    assert "src/\n    app.py" in done.stdout
    assert f"Would make {work / 'x'}: 5 files" in done.stdout
    assert list(work.iterdir()) == []


def test_new_and_show_take_a_released_version(workshop: Workshop, work: Path) -> None:
    workshop.release("0.1.0")
    workshop.release("0.2.0", **{"project/src/app.py": "print('more')\n"})
    for version, text in [("0.1.0", "print('hello')\n"), ("0.2.0", "print('more')\n")]:
        made = CliRunner().invoke(app, ["new", "basic", "x", "--defaults", "--version", version])
        assert f"from basic {version}." in made.output
        assert (work / "x" / "src" / "app.py").read_text() == text
        recorded = yaml.safe_load((work / "x" / ".copier-answers.yml").read_text())
        assert recorded["_commit"] == f"v{version}"
        assert recorded["_src_path"] == "mlscaffold://basic.git"
        shown = CliRunner().invoke(app, ["show", "basic", "--version", f"v{version}"])
        assert shown.output.startswith(f"basic  {version}\n")
        shutil.rmtree(work / "x")
    assert CliRunner().invoke(app, ["list"]).output.startswith("basic  0.2.0\n")


def test_the_same_command_makes_the_same_bytes(cli: Cli, work: Path) -> None:
    args = ["new", "mlops-project", "--defaults", "-d", "copyright_year=2026"]
    one = {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"}
    two = {"TZ": "Asia/Karachi", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "2"}
    assert cli(*args, "x", env=one).returncode == 0
    assert cli(*args, "deeper/y", env=two).returncode == 0
    assert snapshot(work / "x") == snapshot(work / "deeper" / "y")
    trees = [git(work / each, "rev-parse", "HEAD^{tree}") for each in ("x", "deeper/y")]
    assert trees[0] == trees[1]


def test_template_names_complete() -> None:
    env = {
        "_MLSCAFFOLD_COMPLETE": "complete_bash",
        "COMP_WORDS": "mlscaffold new mlops",
        "COMP_CWORD": "2",
        "_TYPER_COMPLETE_ARGS": "mlscaffold new mlops",
    }
    script = "import sys; sys.argv[0] = 'mlscaffold'; from mlscaffold.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "mlops-project" in done.stdout


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["list"], ["list", "--json"]])
def test_quick_commands_import_nothing_heavy(args: list[str]) -> None:
    heavy = ["copier", "jinja2", "yaml", "pydantic", "questionary", "rich", "filelock"]
    script = (
        f"import sys; sys.argv[1:] = {args!r}\n"
        "from mlscaffold.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"found = [name for name in {heavy!r} if name in sys.modules]\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


def test_a_bug_is_called_one_and_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(catalog, "load_all", broken)
    monkeypatch.setattr(sys, "argv", ["mlscaffold", "list"])
    with pytest.raises(SystemExit) as caught:
        main()
    said = capsys.readouterr().err
    assert caught.value.code == 1
    assert "This is a bug in mlscaffold: ZeroDivisionError: oh" in said
    log = Path(said.split("the log is ")[1].strip())
    assert "in broken" in log.read_text()
    assert Path.home() in log.parents


def test_a_bug_without_a_log_is_printed(monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
    (work / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(work / "file"))
    monkeypatch.setenv("LOCALAPPDATA", str(work / "file"))
    assert "no log could be written" in bugs.record(ValueError("x"))


def test_errors_say_what_where_and_what_to_do() -> None:
    error = TargetError("It is full.", "/x", "Empty it.")
    assert isinstance(error, MlscaffoldError)
    assert output.error_text(error) == "error: It is full.\nwhere: /x\nto do: Empty it."
    assert output.error_text(MlscaffoldError("Only this.")) == "error: Only this."
