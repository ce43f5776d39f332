"""A repository with a small template, to cut releases of."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mlscaffold import catalog, releases

from .conftest import BASIC, TOML, git, write

if TYPE_CHECKING:
    import pytest

MATRIX = "tests/templates/test_matrix.py"


def tool() -> ModuleType:
    """A new copy of the module tools/release.py, which is in no package."""
    path = Path(__file__).parents[1] / "tools" / "release.py"
    spec = importlib.util.spec_from_file_location("release_tool", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Workshop:
    """A repository laid out as ours is; the built-in templates and releases are its own."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.template = root / "templates" / "basic"
        self.releases = root / "releases" / "basic"
        files = {f"templates/basic/{name}": text for name, text in BASIC.items()}
        files |= {"templates/basic/template.toml": TOML, MATRIX: "def test_green(): pass\n"}
        write(root, {**files, ".gitignore": "*.log\n__pycache__/\n"})
        git(root, "init", "-q")
        monkeypatch.setattr(catalog, "templates_root", lambda: root / "templates")
        monkeypatch.setattr(releases, "releases_root", lambda: root / "releases")

    def commit(self, **changes: str) -> None:
        """Change files of the template and commit everything."""
        write(self.template, changes)
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", "A step")

    def note(self, version: str, text: str = "- Better.") -> None:
        """Write the notes of a version and commit."""
        path = self.template / "CHANGELOG.md"
        before = path.read_text("utf-8") if path.exists() else ""
        self.commit(**{"CHANGELOG.md": f"## {version}\n\n{text}\n\n{before}"})

    def release(self, version: str, **changes: str) -> releases.Release:
        """Change the template, cut a release and commit it."""
        write(self.template, changes)
        self.note(version, f"- What {version} brings.")
        cutting = tool()
        cutting._refuse_red_matrix = lambda *_: None  # half a second each time
        release: releases.Release = cutting.cut(self.root, "basic", version)
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", f"Release {version}")
        return release
