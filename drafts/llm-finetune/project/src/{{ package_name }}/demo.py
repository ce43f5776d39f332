"""The whole road on the embedded model: build a base, tune it, prove the gain, report, serve.

Everything runs the code that real models take; only the base and its data are made on the spot.
The folders of an earlier demo are emptied first, so that two demos give the same figures.
"""

import contextlib
import json
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import runs, steps
from .clock import Clock
from .config import Config
from .data import read
from .files import exclusive
from .process import started
from .progress import Progress, quiet


@dataclass(frozen=True)
class DemoResult:
    """What the demo did: the verdict, one answer that was served, and where to look."""

    verdict: str | None
    lines: list[str]
    question: str
    answer: str
    expected: str
    report: Path | None
    seconds: float


def demo(config: Config, clock: Clock, *, progress: Progress = quiet) -> DemoResult:
    """Walk the road in an emptied run folder and return what came of it."""
    began = clock.monotonic()
    run = runs.folder_of(config)
    show = _Steps(progress)
    with exclusive(config.runs_dir / ".demo.lock", "demo"):
        if run.path.exists():
            shutil.rmtree(run.path)
        with show("building a tiny base model"):
            steps.build_tiny(config, progress=progress)
        with show("preparing and freezing the data"):
            steps.prepare(config, clock, progress=progress)
        with show("checking, then tuning"):
            steps.train(config, clock, progress=progress)
        with show("comparing with the base"):
            evaluation = steps.evaluate(config, clock, progress=progress)
        with show("writing the report"):
            written = steps.report(config)
        with show("serving one answer"):
            row = read(run.data).test[0]
            answer = _asked(run.name, clock, row.prompt)
    return DemoResult(
        verdict=evaluation.verdict,
        lines=[
            *evaluation.lines,
            f"Asked over HTTP: {row.prompt[-1]['content'].splitlines()[-1]}",
            f"Answered: {answer}",
        ],
        question=row.prompt[-1]["content"],
        answer=answer,
        expected=row.answer,
        report=written.html,
        seconds=clock.monotonic() - began,
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


def _asked(run: str, clock: Clock, prompt: list[dict[str, str]]) -> str:
    """The tuned model's answer, from a server of its own process."""
    body = {"model": "tuned", "messages": prompt, "temperature": 0, "max_tokens": 48}
    with started(["serve", "--run", run], clock) as server:
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.port}/v1/chat/completions",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 loopback
            content: dict[str, Any] = json.load(answer)
    return str(content["choices"][0]["message"]["content"])
