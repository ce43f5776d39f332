"""One system on the test rows: answers, scores and losses, row by row, kept as JSON lines."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..files import write_text_atomic
from ..progress import Progress, quiet
from ..tasks.base import Row, Task
from .systems import System

ALONE = 8
"""Rows that are also answered one at a time, for the latency that one user sees."""


@dataclass(frozen=True)
class Answer:
    """What is kept of one row: its output, its scores, its losses, and what it took."""

    id: str
    group: str
    question: str
    reference: str
    output: str
    scores: dict[str, float]
    slices: dict[str, str]
    nll: float
    tokens: int
    seconds: float
    stopped: bool


@dataclass(frozen=True)
class Measured:
    """All answers of a system; `summary` are the figures that only a whole set of rows has."""

    name: str
    answers: list[Answer]
    summary: dict[str, float]
    text_loss: list[float]
    alone: list[float]

    def scores(self, metric: str) -> list[float]:
        """One metric, row by row."""
        return [answer.scores[metric] for answer in self.answers]

    @property
    def nll(self) -> list[float]:
        """Losses of the reference answers, row by row."""
        return [answer.nll for answer in self.answers]

    def figures(self) -> dict[str, Any]:
        """What the report says of the system by itself, ready for JSON."""
        tokens = sum(answer.tokens for answer in self.answers)
        seconds = sum(answer.seconds for answer in self.answers)
        rows = len(self.answers)
        return {
            "name": self.name,
            "scores": self.summary,
            "nll": statistics.fmean(self.nll),
            "text_loss": statistics.fmean(self.text_loss) if self.text_loss else None,
            "tokens": tokens,
            "seconds": seconds,
            "tokens_per_second": tokens / seconds if seconds else None,
            "latency_s": statistics.median(self.alone) if self.alone else None,
            "latency_rows": len(self.alone),
            "cut_off": sum(not answer.stopped for answer in self.answers) / rows,
        }


def measure(
    task: Task,
    system: System,
    rows: Sequence[Row],
    texts: Sequence[str],
    out: Path,
    *,
    progress: Progress = quiet,
) -> Measured:
    """Let a system answer `rows`, score it, and write `out`/<name>.jsonl."""
    generations = system.generate(rows, progress)
    losses = system.nll(rows)
    answers = [
        Answer(
            id=row.id,
            group=row.group,
            question=row.question,
            reference=row.answer,
            output=generation.text,
            scores=task.score(row, generation.text),
            slices=task.slices(row),
            nll=loss,
            tokens=generation.tokens,
            seconds=generation.seconds,
            stopped=generation.stopped,
        )
        for row, generation, loss in zip(rows, generations, losses, strict=True)
    ]
    scores = [answer.scores for answer in answers]
    summary = task.summary(rows, scores, [answer.output for answer in answers])
    alone = system.alone(rows[:ALONE])
    measured = Measured(system.name, answers, summary, system.text_loss(texts), alone)
    write(out / f"{system.name}.jsonl", answers)
    return measured


def write(path: Path, answers: Sequence[Answer]) -> None:
    """Keep answers as JSON lines."""
    lines = [json.dumps(asdict(one), ensure_ascii=False, sort_keys=True) for one in answers]
    write_text_atomic(path, "".join(f"{line}\n" for line in lines))


def read(path: Path) -> list[Answer]:
    """Answers that `write` kept. Raises DataError when the file is missing or damaged."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        return [Answer(**json.loads(line)) for line in lines if line]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} cannot be read: {error}.", "Run `evaluate` again.") from None
