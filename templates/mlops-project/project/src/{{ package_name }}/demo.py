"""The whole road on simulated data: collect, train, promote, serve, drift, report.

Everything runs the code that serves real data; only the source is replaced. The demo stands at a
fixed date, so that two runs give the same figures, and keeps its files in `data/demo`.
"""

import contextlib
import json
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from .clock import Clock, FixedClock, SystemClock
from .config import Settings
from .files import exclusive
from .process import started
from .progress import Progress, quiet
from .usecase import active

FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2025, 12, 31)
TRAINED_AT = datetime(2026, 1, 1, 4, tzinfo=UTC)
WATCHED_FROM = date(2026, 1, 1)
WATCHED_TO = date(2026, 1, 31)
WATCHED_AT = datetime(2026, 2, 1, 4, tzinfo=UTC)
INJECTED = "prediction"


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
    """Run every step in an emptied `data_dir` and return what came of it.

    Two years of simulated hours train a champion; it serves one forecast over HTTP; then a month
    comes in whose emissions have risen, and monitoring has to notice. Steps are imported one by
    one, so that the first progress line shows at once.
    """
    wall = SystemClock()
    began = wall.monotonic()
    simulated = settings.collect.model_copy(update={"sources": {}})
    settings = settings.model_copy(update={"collect": simulated})
    with exclusive(settings.data_dir.with_suffix(".lock"), "demo"):
        _clear(settings.data_dir)
        return _walk(settings, _Steps(progress), wall, began)


def _clear(folder: Path) -> None:
    """Remove what an earlier demo left; the log of this one is being written there."""
    for entry in folder.glob("*"):
        if entry.name != "logs":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _walk(settings: Settings, steps: "_Steps", wall: Clock, began: float) -> DemoResult:
    clock = FixedClock(TRAINED_AT)
    with steps("collecting two simulated years"):
        from .data.collect import collect

        collect(settings, clock, start=FIRST_DAY, end=LAST_DAY, source="simulated")
    with steps("checking the data"):
        from .data.quality import require_ok

        require_ok(settings, clock)
    with steps("building features in SQL"):
        from .data.warehouse import build

        build(settings, clock)
    with steps("training baselines and models"):
        from .training.train import train

        train(settings, clock)
    with steps("promoting what passed the gate"):
        from .registry.promote import promote

        promoted = promote(settings, clock)
    with steps("serving one forecast"):
        serving = {"CONFIG": str(settings.root / "config.toml"), "DATA_DIR": str(settings.data_dir)}
        with started("serve", wall, environment=serving) as server:
            forecast = _get(f"http://127.0.0.1:{server.port}/forecast")
    with steps("watching a month with risen emissions"):
        from .data.sources.injection import Injection
        from .monitor import monitor

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
    """A progress bar for each step."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @contextlib.contextmanager
    def __call__(self, label: str) -> Iterator[None]:
        """Show `label` while the block runs."""
        self._progress(label, 0, 1)
        yield
        self._progress(label, 1, 1)


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
    daily, unit = forecast["daily"], forecast["unit"]
    day = str(forecast["issue_time"])[:10]
    return [
        f"{active().title} in {forecast['place']} on {day}, {unit}, hour by hour in UTC "
        f"({forecast['source']})",
        *rows,
        "      └" + "".join(f"{hour:<6}" for hour in range(0, 24, 2)),
        f"Daily mean {daily['mean']:.0f} {unit}, between {daily['lower']:.0f} and "
        f"{daily['upper']:.0f} with {forecast['level']:.0%} coverage.",
    ]


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 the URL is our own loopback
        return dict(json.load(answer))
