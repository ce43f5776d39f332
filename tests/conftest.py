"""Fixtures: small templates, a clean environment, and the command line as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlscaffold import catalog, releases

if TYPE_CHECKING:
    from .workshop import Workshop

ANSWERS_FILE = "{{ _copier_conf.answers_file }}.jinja"
BASIC: dict[str, str] = {
    "copier.yml": (
        "_subdirectory: project\n"
        "_envops: {undefined: jinja2.StrictUndefined}\n"
        "project_name: {type: str, default: Clean Air, help: Its name}\n"
        "author: {type: str, default: Ada}\n"
        "size: {type: int, default: 3}\n"
    ),
    f"project/{ANSWERS_FILE}": "# not by hand\n{{ _copier_answers | to_nice_yaml -}}\n",
    "project/README.md.jinja": "# {{ project_name }}\n",
    "project/LICENSE": "theirs to choose\n",
    "project/src/app.py": "print('hello')\n",
    "project/pyproject.toml.jinja": "author = {{ author | to_json(ensure_ascii=false) }}\n",
}
TOML = 'title = "Basic"\nsummary = "A basic one."\n'

Files = Mapping[str, str]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No identity, configuration or variables of whoever runs the tests; work in tmp_path."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "COPIER_"))]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name in ("CONFIG_HOME", "CACHE_HOME", "STATE_HOME", "DATA_HOME"):
        monkeypatch.delenv(f"XDG_{name}", raising=False)
    monkeypatch.delenv("MLSCAFFOLD_CACHE", raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(work)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The working directory of the test."""
    return tmp_path / "work"


def write(folder: Path, files: Files) -> Path:
    """Write `files` under `folder` and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def _kept(files: Mapping[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in files.items() if text is not None}


@pytest.fixture
def template(tmp_path: Path) -> Callable[..., Path]:
    """Make a third party's template: the basic one, with files changed, added or left out."""

    def make(name: str = "theirs", **changes: str | None) -> Path:
        files = {**BASIC, **changes}
        return write(tmp_path / name, _kept(files))

    return make


@pytest.fixture
def builtin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Make the same a built-in template."""

    def make(name: str = "basic", **changes: str | None) -> Path:
        root = tmp_path / "templates"
        files = {"template.toml": TOML, **BASIC, **changes}
        monkeypatch.setattr(catalog, "templates_root", lambda: root)
        monkeypatch.setattr(releases, "releases_root", lambda: tmp_path / "releases")
        return write(root / name, _kept(files))

    return make


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A repository with one template, `basic`, and no release of it yet."""
    from .workshop import Workshop

    return Workshop(tmp_path / "workshop", monkeypatch)


Cli = Callable[..., subprocess.CompletedProcess[str]]


def command(*args: str) -> list[str]:
    """The command line of `mlscaffold ARGS`."""
    return [sys.executable, "-m", "mlscaffold", *args]


@pytest.fixture
def cli() -> Cli:
    """Run mlscaffold as a process, without a terminal."""

    def run(
        *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*args),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


def git(folder: Path, *args: str) -> str:
    """git as a user would run it, with an identity."""
    identity = ["-c", "user.name=User", "-c", "user.email=user@example.org"]
    done = subprocess.run(
        ["git", *identity, *args], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file under `folder` outside .git, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def leftovers(folder: Path) -> list[str]:
    """Staging folders in `folder`."""
    return sorted(path.name for path in folder.glob(".mlscaffold-*"))
