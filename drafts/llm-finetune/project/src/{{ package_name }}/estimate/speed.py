"""Time from a measured step: a few real steps of the training on random prompts of full length."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import Config
from ..tasks.base import Row
from ..train import arguments, devices

_WARM_UP, _MEASURED = 1, 3


@dataclass(frozen=True)
class Step:
    """Seconds of one optimiser step, tokens a second, and bytes at its peak (GPU only)."""

    seconds: float
    tokens_per_second: float
    peak_bytes: int | None


def measure(config: Config, rows: list[Row]) -> Step:
    """Train a few steps on the longest of `rows` in a scratch folder; the base must be at hand."""
    import torch
    from transformers import PrinterCallback, TrainerCallback

    from ..train.sft import trainer

    class Clock(TrainerCallback):
        def __init__(self) -> None:
            self.at: list[float] = []

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if devices.device() == "cuda":
                torch.cuda.synchronize()
            self.at.append(time.perf_counter())

    per_step = config.train.batch_size * config.train.accumulation
    steps = _WARM_UP + _MEASURED
    longest = sorted(rows, key=lambda row: -len(row.question) - len(row.answer))[:per_step]
    some = (longest * steps * per_step)[: steps * per_step]
    short = config.train.model_copy(update={"max_steps": steps, "patience": 0, "save_steps": 10**6})
    clock = Clock()
    if devices.device() == "cuda":
        torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory() as folder:
        made = trainer(config.model_copy(update={"train": short}), some, [], Path(folder))
        made.add_callback(clock)
        made.remove_callback(PrinterCallback)
        made.train()
        tokens = sum(len(row["input_ids"]) for row in made.train_dataset) / steps
    seconds = (clock.at[-1] - clock.at[_WARM_UP - 1]) / _MEASURED
    peak = torch.cuda.max_memory_allocated() if devices.device() == "cuda" else None
    return Step(seconds, tokens / seconds, peak)


def training_seconds(config: Config, step: Step, rows: int) -> float:
    """How long the supervised stage will take on one process with so many training rows."""
    train = config.train
    steps = train.max_steps or arguments.total_steps(
        rows, train.batch_size, train.accumulation, train.epochs
    )
    return steps * step.seconds
