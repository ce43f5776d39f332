"""Kept renders: an earlier run's work, or nothing, never something else."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from mlscaffold import renders

from ..playground import everything, fill


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of kept renders."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "renders"


@pytest.fixture
def render(tmp_path: Path) -> Path:
    """A render with everything that one can hold."""
    folder = fill(tmp_path / "render", {"a": "a\n", "b c/é": b"\0\xff", "line\nbreak": "x"})
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "link").symlink_to("/nowhere")
    return folder


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path: (mode & 0o111, text) for path, (mode, _, text) in everything(folder).items()}


def test_what_is_kept_comes_back(render: Path, tmp_path: Path) -> None:
    assert not renders.fetch("name", tmp_path / "out")
    renders.keep("name", render)
    assert renders.fetch("name", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(render)
    assert not renders.fetch("other", tmp_path / "other")


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign", "folder"])
def test_a_damaged_one_is_none(render: Path, kept: Path, tmp_path: Path, damage: str) -> None:
    renders.keep("name", render)
    [path] = kept.iterdir()
    good = path.read_bytes()
    bad = {"cut": good[:-9], "flipped": good[:50] + b"\0" + good[51:], "empty": b""}
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(bad.get(damage, b"x" * 500))
    assert not renders.fetch("name", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    if damage != "folder":
        renders.keep("name", render)
        assert renders.fetch("name", tmp_path / "out")


def test_the_least_used_go_first(
    render: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renders, "_LIMIT", 3)
    for age, name in enumerate("cab"):
        renders.keep(name, render)
        os.utime(kept / f"{name}.render", (1000 + age, 1000 + age))
    assert renders.fetch("c", tmp_path / "c")
    os.utime(fill(kept, {"dead-draft.render": ""}) / "dead-draft.render", (1, 1))
    renders.keep("d", render)
    assert sorted(path.name for path in kept.iterdir()) == ["b.render", "c.render", "d.render"]


def test_where_nothing_can_be_kept_nothing_happens(
    render: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, {"file": ""})
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "file"))
    renders.keep("name", render)
    assert not renders.fetch("name", tmp_path / "out")
    fill(tmp_path, {"half/renders": ""})
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "half"))
    renders.keep("name", render)
    assert not renders.fetch("name", tmp_path / "out")


def test_the_name_tells_what_it_is_a_render_of(monkeypatch: pytest.MonkeyPatch) -> None:
    name = renders.key("gh:a/b", "v1", {"x": 1, "y": "2"})
    assert name == renders.key("gh:a/b", "v1", {"y": "2", "x": 1})
    others = [
        renders.key("gh:a/c", "v1", {"x": 1, "y": "2"}),
        renders.key("gh:a/b", "v2", {"x": 1, "y": "2"}),
        renders.key("gh:a/b", "v1", {"x": True, "y": "2"}),
        renders.key("gh:a/b", "v1", {"x": 1, "y": 2}),
        renders.key("gh:a/b", "v1", {"x": 1}),
    ]
    monkeypatch.setattr(renders, "__version__", "9.9")
    others.append(renders.key("gh:a/b", "v1", {"x": 1, "y": "2"}))
    assert len({name, *others}) == 7


def test_any_answer_that_yaml_has_will_do() -> None:
    circular: list[object] = []
    circular.append(circular)
    for value in (date(2026, 1, 1), {date(2026, 1, 1): {"a"}}, b"\0", circular, "\ud800"):
        assert renders.key("gh:a/b", "v1", {"x": value})
