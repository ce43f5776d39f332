"""The whole road on simulated data: collect, train, promote, serve, drift, report.

Everything runs the code that serves real data; only the source is replaced. The demo stands at a
fixed date, so that two runs give the same figures, and keeps its files in `data/demo`.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from . import ENV_PREFIX
from .clock import FixedClock, SystemClock
from .config import Settings
from .errors import ProjectError
from .progress import Progress, quiet

FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2025, 12, 31)
TRAINED_AT = datetime(2026, 1, 1, 4, tzinfo=UTC)
WATCHED_FROM = date(2026, 1, 1)
WATCHED_TO = date(2026, 1, 31)
WATCHED_AT = datetime(2026, 2, 1, 4, tzinfo=UTC)
INJECTED = "prediction"
START_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class DemoResult:
    """What the demo did: the champion, its forecast, what monitoring found, and where to look."""

    champion: str
    is_baseline: bool
    forecast: dict[str, Any]
    alarm: bool
    verdict: str
    report: Path
    monitor_report: Path
    seconds: float


def demo(settings: Settings, *, progress: Progress = quiet) -> DemoResult:
    """Run every step in a fresh `data_dir` and return what came of it.

    Two years of simulated hours train a champion; it serves one forecast over HTTP; then a month
    comes in whose emissions have risen, and monitoring has to notice. Steps are imported one by
    one, so that the first progress line shows at once.
    """
    wall = SystemClock()
    began = wall.monotonic()
    steps = _Steps(progress)
    clock = FixedClock(TRAINED_AT)

    with steps("collecting two simulated years"):
        from .collect import collect

        collect(settings, clock, start=FIRST_DAY, end=LAST_DAY, source="simulated")
    with steps("checking the data"):
        from .quality import require_ok

        require_ok(settings, clock)
    with steps("building features in SQL"):
        from .warehouse import build

        build(settings, clock)
    with steps("training baselines and models"):
        from .train import train

        train(settings, clock)
    with steps("promoting what passed the gate"):
        from .promote import promote

        promoted = promote(settings, clock)
    with steps("serving one forecast"), _service(settings) as url:
        forecast = _get(f"{url}/forecast")
    with steps("watching a month with risen emissions"):
        from .monitor import monitor
        from .sources.injection import Injection

        later = FixedClock(WATCHED_AT)
        drift = Injection(INJECTED, WATCHED_FROM)
        collect(settings, later, start=FIRST_DAY, end=WATCHED_TO, source="simulated", inject=drift)
        build(settings, later)
        watched = monitor(settings, later, start=WATCHED_FROM, end=WATCHED_TO)
    with steps("writing the reports"):
        from .report import report

        written = report(settings, later)
    return DemoResult(
        champion=promoted.champion,
        is_baseline=promoted.is_baseline,
        forecast=forecast,
        alarm=watched.alarm,
        verdict=watched.verdict,
        report=written.html or written.results,
        monitor_report=watched.html,
        seconds=wall.monotonic() - began,
    )


class _Steps:
    """Counts the steps for the progress bar."""

    COUNT = 8

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0

    @contextlib.contextmanager
    def __call__(self, label: str) -> Iterator[None]:
        """Show `label` while the block runs."""
        self._progress(f"demo: {label}", self._done, self.COUNT)
        yield
        self._done += 1


@contextlib.contextmanager
def _service(settings: Settings) -> Iterator[str]:
    """Run the real service as a process of its own and give its URL once it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", __package__ or "", "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--data-dir", str(settings.data_dir)],
        cwd=settings.root,
        env={**os.environ, f"{ENV_PREFIX}SERVE__MODE": "development"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wall = SystemClock()
        deadline = wall.monotonic() + START_TIMEOUT_S
        while not _answers(f"{url}/health/ready"):
            if process.poll() is not None or wall.monotonic() > deadline:
                process.kill()
                raise ProjectError(
                    f"The service did not become ready within {START_TIMEOUT_S:.0f} s.",
                    (process.communicate()[1] or "").strip()[-500:],
                )
            wall.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.communicate()


def picture(forecast: dict[str, Any], *, height: int = 8) -> list[str]:
    """The 24 forecast hours as a bar chart of text, `height` lines high, with its axis."""
    values = [float(hour["prediction"]) for hour in forecast["hours"]]
    top = max(values) or 1.0
    eighths = " ▁▂▃▄▅▆▇█"
    rows = []
    for level in range(height - 1, -1, -1):
        filled = [min(8, max(0, round((value / top * height - level) * 8))) for value in values]
        label = f"{top * (level + 1) / height:5.0f} ┤"
        rows.append(label + "".join(eighths[part] * 2 + " " for part in filled))
    daily = forecast["daily"]
    day = str(forecast["issue_time"])[:10]
    return [
        f"PM2.5 in {forecast['place']} on {day}, µg/m³, hour by hour in UTC ({forecast['source']})",
        *rows,
        "      └" + "".join(f"{hour:<6}" for hour in range(0, 24, 2)),
        f"Daily mean {daily['mean']:.0f} µg/m³, between {daily['lower']:.0f} and "
        f"{daily['upper']:.0f} with {forecast['level']:.0%} coverage.",
    ]


def _answers(url: str) -> bool:
    try:
        _get(url)
    except (OSError, ValueError):  # refused, 503, or half a body: not ready yet
        return False
    return True


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 the URL is our own loopback
        return dict(json.load(answer))
