"""Renders that several tests look at."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mlscaffold import catalog, check, render

COMPONENTS = ("use_docker", "use_ci", "use_dashboard", "use_devcontainer")
Chosen = tuple[bool, ...]
"""Which of COMPONENTS are in a render."""


def rendered(template: str, given: dict[str, Any], dest: Path) -> Path:
    """Render `template` into `dest` and look at it as `mlscaffold new` does."""
    made = render.render(catalog.locate(template), dest, given)
    check.check(dest, keys=made.keys, answers=made.answers, strict=True)
    return dest


@pytest.fixture(scope="session")
def components(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Chosen, Path]:
    """The default project with every combination of its components, by what was chosen."""
    root = tmp_path_factory.mktemp("components")
    return {
        chosen: rendered(
            "mlops-project",
            dict(zip(COMPONENTS, chosen, strict=True)),
            root / "".join("01"[yes] for yes in chosen),
        )
        for chosen in itertools.product([True, False], repeat=len(COMPONENTS))
    }


@pytest.fixture(scope="session")
def project(components: Mapping[Chosen, Path]) -> Path:
    """The default project."""
    return components[True, True, True, True]
