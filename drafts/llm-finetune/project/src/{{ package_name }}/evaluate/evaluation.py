"""All systems on the same frozen rows, what separates them, and what a reader must know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from ..config import Config
from ..data.splits import Splits
from ..errors import DataError
from ..files import write_json_atomic
from ..progress import Progress, quiet
from ..tasks import for_config
from ..tasks.base import Row
from . import warnings
from .compare import Comparison, Verdict, compare
from .measure import Measured, measure
from .resample import Interval, mean_interval
from .seeds import Combined, combine
from .slices import Slice, slices
from .systems import System

SCHEMA = 1
CONTROL = "control"
REPLICA = "seed-"
RESULTS = "results.json"
ROWS = "rows"

PAIRS = (
    ("base", "prompted"),
    ("base", "tuned"),
    ("prompted", "tuned"),
    ("base", "dpo"),
    ("prompted", "dpo"),
    ("tuned", "dpo"),
    ("base", CONTROL),
    (CONTROL, "tuned"),
)
"""Which systems are compared, where both were measured: earlier and later."""


@dataclass(frozen=True)
class Pair:
    """Two systems by the task's primary metric, the reference's NLL, and general text's loss.

    `text` is None where there is no general text.
    """

    before: str
    after: str
    score: Comparison
    nll: Comparison
    text: Comparison | None


@dataclass(frozen=True)
class Evaluation:
    """What `results.json` holds. `systems` are figures by name; `verdict` is that of `headline`.

    `intervals` are those of each system's primary metric; `tiny` marks the embedded base model.
    `harness` and `judge` stay None where those extras were not asked for.
    """

    schema: int
    task: str
    primary: str
    tiny: bool
    test_hash: str
    rows: int
    groups: int
    test_rows: int
    level: float
    samples: int
    shots: int
    systems: list[dict[str, Any]]
    intervals: dict[str, Interval]
    pairs: list[Pair]
    headline: tuple[str, str] | None
    verdict: Verdict | None
    slices: list[Slice]
    seeds: Combined | None
    warnings: list[str]
    harness: dict[str, Any] | None = None
    judge: dict[str, Any] | None = None
    lines: list[str] = field(default_factory=list)


def evaluate(
    config: Config,
    splits: Splits,
    systems: Sequence[System],
    out: Path,
    *,
    texts: Sequence[str] = (),
    shots: int = 0,
    progress: Progress = quiet,
) -> Evaluation:
    """Measure each system and compare; rows go to `out`/rows/<name>.jsonl, all else is returned.

    `texts` are general text, `shots` the number of examples of the prompted base. Raises DataError
    when there are no test rows.
    """
    rows = chosen_rows(splits.test, config.evaluate.rows, config.data.seed)
    if not rows:
        raise DataError("There are no test rows.", "Look at the data report of the run.")
    task = for_config(config)
    measured = {
        system.name: measure(task, system, rows, texts, out / ROWS, progress=progress)
        for system in systems
    }
    return judged(config, splits, rows, task.primary, measured, shots=shots)


def judged(
    config: Config,
    splits: Splits,
    rows: Sequence[Row],
    primary: str,
    measured: Mapping[str, Measured],
    *,
    shots: int = 0,
) -> Evaluation:
    """The comparisons of systems that were measured on the same rows."""
    samples, level = config.evaluate.bootstrap_samples, config.evaluate.level
    settings: dict[str, Any] = {"samples": samples, "level": level}
    groups = [row.group for row in rows]
    pairs = [
        _pair(measured[before], measured[after], primary, groups, settings)
        for before, after in PAIRS
        if before in measured and after in measured
    ]
    headline = headline_of(measured)
    main = next((pair for pair in pairs if (pair.before, pair.after) == headline), None)
    found = []
    if headline is not None:
        before, after = (measured[name].answers for name in headline)
        found = slices(before, after, primary, **settings)
    evaluation = Evaluation(
        schema=SCHEMA,
        task=config.task,
        primary=primary,
        tiny=config.is_tiny,
        test_hash=splits.test_hash,
        rows=len(rows),
        groups=len(set(groups)),
        test_rows=len(splits.test),
        level=level,
        samples=samples,
        shots=shots,
        systems=[one.figures() for one in measured.values()],
        intervals={
            name: mean_interval(one.scores(primary), groups, **settings)
            for name, one in measured.items()
        },
        pairs=pairs,
        headline=headline,
        verdict=main.score.verdict if main else None,
        slices=found,
        seeds=_seeds(config, measured, primary, groups, settings),
        warnings=[],
    )
    evaluation.warnings.extend(warnings.of(evaluation))
    evaluation.lines.extend(warnings.lines(evaluation))
    return evaluation


def headline_of(measured: Mapping[str, object]) -> tuple[str, str] | None:
    """The pair that the verdict is about: the base, and the last stage of training there is."""
    last = next((name for name in ("dpo", "tuned") if name in measured), None)
    return ("base", last) if last and "base" in measured else None


def chosen_rows(test: Sequence[Row], limit: int | None, seed: int) -> list[Row]:
    """All test rows, or `limit` of them drawn by their ids, in the order of the file."""
    if limit is None or len(test) <= limit:
        return list(test)
    ids = sorted(row.id for row in test)
    drawn = set(Random(seed).sample(ids, limit))
    return [row for row in test if row.id in drawn][:limit]


def save(evaluation: Evaluation, out: Path) -> Path:
    """Write `results.json`."""
    path = out / RESULTS
    write_json_atomic(path, asdict(evaluation))
    return path


def _pair(
    before: Measured,
    after: Measured,
    primary: str,
    groups: Sequence[str],
    settings: Mapping[str, Any],
) -> Pair:
    losses = {**settings, "higher_is_better": False}
    text = None
    if before.text_loss and after.text_loss:
        text = compare(before.text_loss, after.text_loss, **losses)
    return Pair(
        before=before.name,
        after=after.name,
        score=compare(before.scores(primary), after.scores(primary), groups, **settings),
        nll=compare(before.nll, after.nll, groups, **losses),
        text=text,
    )


def _seeds(
    config: Config,
    measured: Mapping[str, Measured],
    primary: str,
    groups: Sequence[str],
    settings: Mapping[str, Any],
) -> Combined | None:
    """The run itself with its replicas, where there are any; stages are not mixed."""
    last = headline_of(measured)
    after = {
        int(name.removeprefix(REPLICA)): one.scores(primary)
        for name, one in measured.items()
        if name.startswith(REPLICA)
    }
    if last is None or not after:
        return None
    after = {config.train.seed: measured[last[1]].scores(primary), **after}
    if len(after) < 2:
        return None
    return combine(measured["base"].scores(primary), after, groups, **settings)
