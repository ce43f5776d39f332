"""The training of a run: plan, supervised fine-tuning, then DPO if chosen, and what was found."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..causes import NO_MEMORY
from ..config import Config
from ..data.splits import Splits
from ..errors import DataError, ModelError
from ..files import exclusive, read_json, sha256_text, write_json_atomic
from ..progress import Progress, quiet
from ..runs import RunFolder
from ..tasks import for_config
from ..tasks.base import Row
from ..tracking import tracker as make_tracker
from ..tracking.base import Tracker, flat
from ..tracking.none import NoTracker
from . import checkpoints, devices, models, pairs
from .dpo import dpo, first_margin
from .rows import shuffled_answers
from .sft import sft
from .stage import StageResult

_DONE = "result.json"
_PAIRS = "pairs.jsonl"


@dataclass(frozen=True)
class TrainResult:
    """What a training did; `dpo` is None where the run has no second stage.

    `seed` is `train.seed`; `shuffled` marks the control, whose answers were at other prompts.
    `pairs` counts the preference pairs by where the better answer is from.
    """

    sft: StageResult
    dpo: StageResult | None
    pairs: dict[str, int]
    first_margin: float | None
    seed: int
    shuffled: bool
    rows: int
    processes: int
    seconds: float

    @property
    def adapter(self) -> Path:
        """The adapter of the last stage."""
        return Path((self.dpo or self.sft).adapter)


def train(
    config: Config,
    splits: Splits,
    run: Path,
    *,
    resume: bool = False,
    shuffle_labels: bool = False,
    progress: Progress = quiet,
) -> TrainResult:
    """Train the adapters of the run folder `run` on `splits.train`; validation rows stop it early.

    With `resume` a killed training goes on from its last checkpoint, and a stage that had ended is
    not repeated. `shuffle_labels` trains the control. Under `accelerate launch` every process calls
    this; the first one writes. Raises DataError for an empty training set or a full disk,
    ConfigError for what does not fit together, ModelError and SourceError for the base model.
    """
    if not splits.train:
        raise DataError("There are no training rows.", "Look at the data report of the run.")
    pairs_wanted = config.preference.stage == "dpo"
    if pairs_wanted:
        pairs.check(config)
    started = time.perf_counter()
    processes = devices.processes(config)
    rows = shuffled_answers(splits.train, config.train.seed) if shuffle_labels else splits.train
    tracker: Tracker = make_tracker(config) if processes.is_main_process else NoTracker()
    with contextlib.ExitStack() as held:
        if processes.is_main_process:
            held.enter_context(exclusive(run / ".training.lock", "train"))
        with processes.main_process_first():
            models.base_name(config, progress)  # builds the tiny one where it is missing
        job = _Job(config, RunFolder(run), processes, progress, tracker)
        tracker.start(config.run, flat(config.model_dump(mode="json")))
        result = None
        try:
            first = job.sft(rows, splits.validation, _plan(config, rows), resume)
            second: StageResult | None = None
            kinds: dict[str, int] = {}
            if pairs_wanted:
                second, kinds = job.dpo(rows, splits.test, _plan(config, rows), resume)
            result = TrainResult(
                sft=first,
                dpo=second,
                pairs=kinds,
                first_margin=first_margin(second) if second else None,
                seed=config.train.seed,
                shuffled=shuffle_labels,
                rows=len(rows),
                processes=processes.num_processes,
                seconds=time.perf_counter() - started,
            )
        except ModelError as error:
            raise _with_figures(error, config) from error
        finally:
            tracker.finish(_figures(result), failed=result is None)
    return result


@dataclass(frozen=True)
class _Job:
    """The stages of one training, each with checkpoints of its own."""

    config: Config
    folder: RunFolder
    processes: Any
    progress: Progress
    tracker: Tracker

    def sft(
        self, rows: Sequence[Row], validation: Sequence[Row], plan: Mapping[str, Any], resume: bool
    ) -> StageResult:
        """The first stage, or its result where it had ended."""
        place, adapter = self.folder.checkpoints / "sft", self.folder.adapter

        def work(checkpoint: Path | None) -> StageResult:
            return sft(
                self.config,
                rows,
                validation,
                place,
                adapter,
                checkpoint=checkpoint,
                progress=self.progress,
                tracker=self.tracker,
            )

        return self._stage(place, adapter, plan, resume, work)

    def dpo(
        self, rows: Sequence[Row], test: Sequence[Row], plan: Mapping[str, Any], resume: bool
    ) -> tuple[StageResult, dict[str, int]]:
        """The second stage, and how many pairs it learnt from by their origin."""
        place, adapter = self.folder.checkpoints / "dpo", self.folder.adapter_dpo
        kept = place / _PAIRS

        def work(checkpoint: Path | None) -> StageResult:
            with self.processes.main_process_first():
                if not kept.is_file():
                    pairs.write(kept, self._pairs(rows, test))
            return dpo(
                self.config,
                pairs.from_file(kept),
                self.folder.adapter,
                place,
                adapter,
                checkpoint=checkpoint,
                progress=self.progress,
                tracker=self.tracker,
            )

        result = self._stage(place, adapter, plan, resume, work)
        return result, dict(Counter(pair.origin for pair in pairs.from_file(kept)))

    def _pairs(self, rows: Sequence[Row], test: Sequence[Row]) -> list[pairs.Pair]:
        preference = self.config.preference
        if preference.pairs is not None:
            return pairs.from_file(self.config.at(preference.pairs), test)[: preference.max_pairs]
        model, tokenizer = models.load(self.config, self.folder.adapter)
        task = for_config(self.config)
        return pairs.sampled(self.config, task, rows, model, tokenizer, progress=self.progress)

    def _stage(
        self,
        place: Path,
        adapter: Path,
        plan: Mapping[str, Any],
        resume: bool,
        work: Callable[[Path | None], StageResult],
    ) -> StageResult:
        done = place / _DONE
        with self.processes.main_process_first():
            if self.processes.is_main_process:
                checkpoint = checkpoints.begin(place, plan, resume=resume)
            else:
                checkpoint = checkpoints.newest(place)
        if done.is_file() and adapter.is_dir():
            return StageResult(**read_json(done))
        result = work(checkpoint)
        if self.processes.is_main_process:
            write_json_atomic(done, asdict(result))
        return result


def _plan(config: Config, rows: Sequence[Row]) -> dict[str, Any]:
    """What must not change between a training and its resumption."""
    content = config.model_dump(mode="json")
    names = ("model", "tiny", "adapter", "train", "preference")
    text = "".join(f"{row.id}{row.answer}" for row in rows)
    return {**{name: content[name] for name in names}, "rows": sha256_text(text)}


def _with_figures(error: ModelError, config: Config) -> ModelError:
    """The same error; where the memory was too small, with what the estimate says of it."""
    if error.message != NO_MEMORY:
        return error
    from ..estimate import estimate

    return ModelError(error.message, f"By the estimate {estimate(config).advice} {error.hint}")


def _figures(result: TrainResult | None) -> dict[str, float]:
    """Final figures for the tracker."""
    if result is None:
        return {}
    found = {"sft/loss": result.sft.loss, "sft/seconds": result.sft.seconds}
    if result.sft.validation_loss is not None:
        found["sft/validation_loss"] = result.sft.validation_loss
    if result.dpo is not None:
        found["dpo/loss"] = result.dpo.loss
    return found
