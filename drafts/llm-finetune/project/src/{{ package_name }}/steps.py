"""The steps of a run, in order: each works in the run's folder and notes in run.json what it did.

The packages do the work and know neither clocks nor records; the command line and the demo call
these. What a step needs and is not there yet is made first where that is cheap and certain.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import runs
from .clock import Clock
from .config import TINY, Config
from .errors import ModelError
from .files import exclusive
from .progress import Progress, quiet
from .runs import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

    from .data.prepare import Prepared
    from .data.splits import Splits
    from .doctor import Finding
    from .evaluate.evaluation import Evaluation
    from .export.merge import MergeResult
    from .export.push import PushResult
    from .export.table import ExportResult
    from .report import ReportResult
    from .serve.bench import BenchResult
    from .train.train import TrainResult


@dataclass(frozen=True)
class Training:
    """What was trained: the run itself, and by name its replicas and the control."""

    run: str
    main: "TrainResult"
    others: dict[str, "TrainResult"]


class _Note:
    """Holds what is noted of a step once it has ended."""

    payload: Any = None


@contextmanager
def _noted(run: RunFolder, step: str, clock: Clock) -> Iterator[_Note]:
    """Time the block and note its payload in run.json; nothing is noted when it fails."""
    began = clock.monotonic()
    note = _Note()
    with exclusive(run.path / f".{step}-step.lock", step):
        yield note
        runs.record(run, step, clock, note.payload, seconds=clock.monotonic() - began)


def build_tiny(config: Config, *, progress: Progress = quiet) -> "Path":
    """The folder of the embedded base model and its data, built if it is not there."""
    from .tiny.build import build

    with exclusive(config.models_dir / ".tiny.lock", "tiny"):
        return build(
            config.tiny_dir, seed=config.tiny.seed, steps=config.tiny.steps, progress=progress
        )


def prepare(config: Config, clock: Clock, *, progress: Progress = quiet) -> "Prepared":
    """Make the run's frozen splits. Raises DataError that names the line, LeakError for a leak."""
    from .data.prepare import prepare as work

    if TINY in (config.data.source, config.model.base):
        build_tiny(config, progress=progress)
    run = runs.begin(config)
    with _noted(run, "data", clock) as note:
        result = note.payload = work(config, run.data, progress=progress)
    return result


def splits_of(config: Config, clock: Clock, *, progress: Progress = quiet) -> "Splits":
    """The run's frozen splits, made first where they are not there yet."""
    from .data import read

    run = runs.folder_of(config)
    if not (run.data / "data.json").is_file():
        prepare(config, clock, progress=progress)
    return read(run.data)


def train(
    config: Config, clock: Clock, *, resume: bool = False, progress: Progress = quiet
) -> Training:
    """Check, train the run, then its replicas and its control as far as the configuration asks.

    Raises ModelError when a check of `doctor` fails before or after.
    """
    from .doctor import check_before, check_saved
    from .train.train import train as work

    splits = splits_of(config, clock, progress=progress)
    run = runs.begin(config)
    with _noted(run, "train", clock) as note:
        _pass(check_before(config, splits, progress=progress))
        main = work(config, splits, run.path, resume=resume, progress=progress)
        others = {}
        for seed in config.evaluate.seeds:
            own = config.train.model_copy(update={"seed": seed})
            others[f"seed {seed}"] = work(
                config.model_copy(update={"train": own}),
                splits,
                run.replica(seed).path,
                resume=resume,
                progress=progress,
            )
        if config.evaluate.control:
            others["control"] = work(
                config,
                splits,
                run.control.path,
                resume=resume,
                shuffle_labels=True,
                progress=progress,
            )
        _pass(check_saved(config, splits, run.best_adapter, progress=progress))
        result = note.payload = Training(run.name, main, others)
    return result


def examine(config: Config, clock: Clock, *, progress: Progress = quiet) -> "list[Finding]":
    """All findings of `doctor`: before training, and on the saved adapter where there is one."""
    from .doctor import check_before, check_saved

    run = runs.folder_of(config)
    splits = splits_of(config, clock, progress=progress)
    findings = check_before(config, splits, progress=progress)
    if run.adapter.is_dir():
        findings += check_saved(config, splits, run.best_adapter, progress=progress)
    return findings


def _pass(findings: "list[Finding]") -> None:
    """Raise ModelError with the first check that failed."""
    for finding in findings:
        if finding.failed:
            raise ModelError(f"{finding.name}: {finding.message}", finding.fix)


def evaluate(config: Config, clock: Clock, *, progress: Progress = quiet) -> "Evaluation":
    """Compare the run's systems on its frozen test set."""
    from .data import read
    from .evaluate import evaluate_run

    run = _trained(config)
    splits = read(run.require(run.data, "data"))
    with _noted(run, "evaluate", clock) as note:
        result = evaluate_run(config, splits, run, progress=progress)
        note.payload = {"verdict": result.verdict}
    return result


def report(config: Config, *, check: bool = False) -> "ReportResult":
    """Write the report, the model card and the README's blocks, or look whether they are stale."""
    from .report import report as work

    run = runs.folder_of(config)
    if not check:  # which needs no run: the committed figures name theirs
        run.require(run.evaluation, "evaluate")
    return work(config, run, check=check)


def merge(config: Config, clock: Clock, *, progress: Progress = quiet) -> "MergeResult":
    """Merge the run's adapter into the full-precision base."""
    from .export.merge import merge as work

    run = _trained(config)
    with _noted(run, "merge", clock) as note:
        result = note.payload = work(config, run, progress=progress)
    return result


def export(config: Config, clock: Clock, *, progress: Progress = quiet) -> "ExportResult":
    """Make and measure the quantised versions of the merged model, and GGUF where that can be."""
    from .export.table import export as work

    run = _trained(config)
    with _noted(run, "export", clock) as note:
        result = note.payload = work(config, run, progress=progress)
    return result


def push(config: Config, *, yes: bool = False) -> "PushResult":
    """What would go to the Hub; uploaded only with `yes`."""
    from .export.push import push as work

    return work(config, _trained(config), execute=yes)


def bench(
    config: Config, clock: Clock, *, streams: int, requests: int, progress: Progress = quiet
) -> "BenchResult":
    """Measure the service of the run with that many streams at the same time."""
    from .serve.bench import bench as work

    run = _trained(config)
    with _noted(run, "bench", clock) as note:
        result = note.payload = work(
            config, run, clock, streams=streams, requests=requests, progress=progress
        )
    return result


def _trained(config: Config) -> RunFolder:
    run = runs.folder_of(config)
    run.require(run.adapter, "train")
    return run
