"""The main job on real recorded hours: a generated project for Hyderabad, from collect to report.

The hours come from a server that replays recorded Open-Meteo answers; it and its data lie outside
the project, in the folder that MLSCAFFOLD_SHARED names (default ../shared). Its
`_previous_dayN` values are the recorded ones with a small simulated error.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlscaffold import catalog, render

from ..environment import project_python

REPOSITORY = Path(__file__).parents[2]
SHARED = Path(os.environ.get("MLSCAFFOLD_SHARED", REPOSITORY.parent / "shared")).resolve()
REPLAY = SHARED / "tools" / "replay_openmeteo.py"
FAULTS = ("--fail-every", "7", "--limit-every", "11", "--truncate-every", "13")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not REPLAY.is_file(), reason=f"no recorded data: {REPLAY} is absent"),
]


@contextlib.contextmanager
def replay(folder: Path, *options: str) -> Iterator[str]:
    """The replay server on a free port of loopback."""
    ready = folder / "ready"
    process = subprocess.Popen(
        [sys.executable, str(REPLAY), "--port", "0", "--ready-file", str(ready), *options],
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while not (ready.is_file() and ready.read_text(encoding="utf-8")):
            assert process.poll() is None, "the replay server ended"
            assert time.monotonic() < deadline, "the replay server did not start"
            time.sleep(0.05)
        yield ready.read_text(encoding="utf-8")
    finally:
        process.terminate()
        process.wait(10)


class Project:
    """A generated project and its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        render.render(
            catalog.locate("mlops-project"),
            folder,
            {"place_name": "Hyderabad", "latitude": 25.39, "longitude": 68.37},
        )
        self.python = project_python(folder)

    def start(self, *arguments: str, now: str, **popen: Any) -> subprocess.Popen[str]:
        """The command line at the instant `now`; waits then take no time."""
        return subprocess.Popen(
            [self.python, "-m", "clean_air", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": "src", "CLEAN_AIR_NOW": now},
            text=True,
            **popen,
        )

    def run(self, *arguments: str, now: str, code: int | None = 0) -> Any:
        """The result of a verb, from its JSON; exit code `code`, or any of 0 and 3 for None."""
        process = self.start(
            *arguments, "--json", now=now, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, err = process.communicate(timeout=600)
        wanted = (0, 3) if code is None else (code,)
        assert process.returncode in wanted, f"{arguments}: {process.returncode}\n{out}\n{err}"
        return json.loads(out)["result"]


TRAINED, WATCHED = "2026-01-01T06:00", "2026-02-01T06:00"
PERIOD = ("--start", "2024-03-01", "--end", "2025-12-31")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that has collected, trained and promoted on 22 real months."""
    folder = tmp_path_factory.mktemp("real")
    made = Project(folder / "project")
    with replay(folder) as url:
        made.collected = made.run("collect", *PERIOD, "--base-url", url, now=TRAINED)
        made.again = made.run("collect", *PERIOD, "--base-url", url, now=TRAINED)
        made.quality = made.run("quality", now=TRAINED)
        made.features = made.run("features", now=TRAINED)
        made.trained = made.run("train", now=TRAINED)
        made.promoted = made.run("promote", now=TRAINED)
        yield made


def test_all_hours_are_collected_once(project: Project) -> None:
    assert project.collected["source"] == "live"
    assert project.collected["rows"]["air_quality"] == 671 * 24  # 2024-03-01 to 2025-12-31
    assert project.collected["first_hour"] == "2024-03-01T00:00"
    assert project.again["data_hash"] == project.collected["data_hash"]
    assert project.again["requests"] == 0
    assert project.quality["ok"]


def test_faults_change_nothing(project: Project, tmp_path: Path) -> None:
    with replay(tmp_path, *FAULTS) as url:
        arguments = ("collect", *PERIOD, "--base-url", url, "--data-dir", str(tmp_path / "data"))
        faulty = project.run(*arguments, now=TRAINED)
    assert faulty["data_hash"] == project.collected["data_hash"]
    assert all(count >= 2 for count in faulty["retries"].values()), faulty["retries"]
    assert len(faulty["retries"]) == 3, faulty["retries"]


def test_the_gate_is_honest_and_the_service_answers(project: Project) -> None:
    promoted = project.promoted
    print(json.dumps(project.trained.get("table"), indent=1, ensure_ascii=False))
    print(promoted["reason"])
    against = [pair for pair in promoted["comparisons"] if pair["model"] == promoted["champion"]]
    if not promoted["is_baseline"]:
        assert against
        assert all(pair["upper"] < 0 for pair in against)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = project.start("serve", "--port", str(port), now=TRAINED, stdout=subprocess.DEVNULL)
    try:
        forecast = _get(f"http://127.0.0.1:{port}/forecast")
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read().decode()
    finally:
        service.terminate()
        assert service.wait(30) == 0
    assert forecast["source"] == "live"
    assert forecast["issue_time"].startswith("2026-01-01")
    assert len(forecast["hours"]) == 24
    for hour in forecast["hours"]:
        assert 0 <= hour["lower"] <= hour["prediction"] <= hour["upper"] < 1000
    assert "Hyderabad" in page


def test_january_is_watched_and_reported(project: Project, tmp_path: Path) -> None:
    with replay(tmp_path) as url:
        project.run("collect", "--start", "2024-03-01", "--base-url", url, now=WATCHED)
    project.run("features", now=WATCHED)
    watched = project.run(
        "monitor", "--start", "2026-01-01", "--end", "2026-01-31", now=WATCHED, code=None
    )
    print(watched["verdict"])
    project.run("report", now=WATCHED)
    project.run("report", "--check", now=WATCHED)
    readme = (project.folder / "README.md").read_text(encoding="utf-8")
    assert "persistence" in _block(readme, "results")
    assert "2026-01-01 to 2026-01-31" in _block(readme, "monitoring")
    for name in ("outcome", "results", "data", "monitoring"):
        assert "not measured" not in _block(readme, name).lower()


def _block(readme: str, name: str) -> str:
    """What `report` wrote between the marks of a block."""
    return readme.split(f"<!-- report:{name} -->")[1].split(f"<!-- /report:{name} -->")[0]


def _get(url: str) -> Any:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
