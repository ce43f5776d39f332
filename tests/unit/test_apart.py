"""Renders in another process: the same files, answers and errors as here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlscaffold import catalog, render
from mlscaffold.apart import render_apart
from mlscaffold.errors import InputError
from mlscaffold.trees import digest


@pytest.fixture
def source() -> catalog.Source:
    """A template of ours."""
    return catalog.locate("mlops-project")


@pytest.fixture(autouse=True)
def _copier_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on the command line; what other tests imported comes back."""
    monkeypatch.delitem(sys.modules, "copier", raising=False)


def test_it_is_the_same_render(source: catalog.Source, tmp_path: Path) -> None:
    given, recorded = {"place_name": "Ünal ☁"}, {"gone": 1, "license": "MIT"}
    apart = render_apart(source, tmp_path / "apart" / "project", given, recorded)
    assert "copier" not in sys.modules
    here = render.render(source, tmp_path / "here" / "project", given, recorded=recorded)
    assert apart == here
    assert digest(tmp_path / "apart") == digest(tmp_path / "here")


def test_errors_come_back(source: catalog.Source, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no question called 'plac_name'") as caught:
        render_apart(source, tmp_path / "project", {"plac_name": "x"}, {})
    assert caught.value.where == "--data"
    assert "place_name" in caught.value.hint


def test_nothing_of_the_working_folder_is_imported(
    source: catalog.Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("copier.py", "yaml.py", "mlscaffold.py", "pickle.py"):
        (tmp_path / name).write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    assert render_apart(source, tmp_path / "project", {}, {}).answers["project_name"] == "Clean Air"


def test_a_crash_there_is_told_here(
    source: catalog.Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlscaffold.apart._COMMAND", ("-c", "raise ValueError('broken')"))
    with pytest.raises(RuntimeError, match="ValueError: broken"):
        render_apart(source, tmp_path / "project", {}, {})
