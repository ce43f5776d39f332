"""What both stages of a training share: running a trainer, saving its adapter, the result."""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import golden
from ..causes import explained
from ..errors import ModelError
from ..tasks.base import Message
from . import checkpoints, devices


@dataclass(frozen=True)
class StageResult:
    """What one stage did.

    `curve` has a mapping for each logged step: `step`, and `loss`, `eval_loss` or DPO's rewards;
    losses are nats a token. `tokens_per_second` counts prompts too; it and `seconds` are of this
    process's part of the training when it was resumed.
    """

    name: str
    adapter: str
    steps: int
    epochs: float
    loss: float
    validation_loss: float | None
    seconds: float
    tokens: int
    tokens_per_second: float
    trained_parameters: int
    parameters: int
    peak_memory_bytes: int | None
    stopped_early: bool
    resumed_at: int | None
    curve: list[dict[str, float]] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """What to tell people."""
        told = f"{self.name.upper()}: {self.steps} steps in {self.seconds:.0f} s, "
        told += f"loss {self.loss:.3f}"
        if self.validation_loss is not None:
            told += f", validation {self.validation_loss:.3f}"
        share = 100 * self.trained_parameters / self.parameters
        told += f"; {self.trained_parameters:,} parameters trained ({share:.2f} %)"
        if self.resumed_at is not None:
            told += f"; resumed at step {self.resumed_at}"
        return [told + ("; stopped early." if self.stopped_early else ".")]


def run(
    name: str,
    trainer: Any,
    adapter: Path,
    checkpoint: Path | None,
    prompts: Sequence[tuple[list[Message], Sequence[int]]],
) -> StageResult:
    """Train to the end, from `checkpoint` if there is one, and save to `adapter` in one step.

    `prompts` are golden prompts to keep beside it: turns, and the token ids trained on.
    Raises DataError when the disk refuses (the half-written checkpoint is deleted) and ModelError
    when the memory does not suffice.
    """
    import torch
    from transformers import PrinterCallback

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    trainer.remove_callback(PrinterCallback)
    started = time.perf_counter()
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        seconds = time.perf_counter() - started
        if trainer.is_world_process_zero():
            save(trainer, adapter, prompts)
        trainer.accelerator.wait_for_everyone()
    except Exception as error:
        if trainer.is_world_process_zero():
            checkpoints.discard_half_written(Path(trainer.args.output_dir))
        if known := explained(error):
            raise known from error
        raise
    return _result(name, trainer, adapter, checkpoint, seconds)


def save(
    trainer: Any, adapter: Path, prompts: Sequence[tuple[list[Message], Sequence[int]]] = ()
) -> None:
    """Adapter, tokenizer, chat template and golden prompts, put in place with one rename."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    beside = adapter.with_name(f".{adapter.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        model.save_pretrained(beside, selected_adapters=["default"], safe_serialization=True)
        trainer.processing_class.save_pretrained(beside)
        golden.write(beside, prompts)
        shutil.rmtree(adapter, ignore_errors=True)
        beside.rename(adapter)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def rehearse(trainer: Any) -> None:
    """Forward and backward through the longest batch, before the first step.

    What does not fit the memory fails here and not after an hour. Weights, optimiser and random
    numbers are as before. Raises ModelError when it does not fit.
    """
    import torch

    data = trainer.train_dataset
    size = trainer.args.per_device_train_batch_size
    longest = sorted(range(len(data)), key=lambda i: -len(data[i]["input_ids"]))[:size]
    batch = trainer.data_collator([data[i] for i in longest])
    device = trainer.accelerator.device
    batch = {k: v.to(device) for k, v in batch.items() if torch.is_tensor(v)}
    model = trainer.model.to(device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            model.train()
            model(**batch).loss.backward()
        except Exception as error:
            if known := explained(error):
                raise known from error
            raise
        finally:
            model.zero_grad(set_to_none=True)


def counts(model: Any) -> tuple[int, int]:
    """(trained, all) parameters; four-bit weights count as what they stand for."""
    trained, total = model.get_nb_trainable_parameters()
    # DPO's frozen copy of the adapter is not part of the model.
    copied = sum(p.numel() for name, p in model.named_parameters() if ".ref." in name)
    return int(trained), int(total) - copied


def curve(history: list[Mapping[str, Any]]) -> list[dict[str, float]]:
    """The trainer's log without its closing summary."""
    return [
        {name: float(value) for name, value in entry.items()}
        for entry in history
        if "train_runtime" not in entry
    ]


def _result(
    name: str, trainer: Any, adapter: Path, checkpoint: Path | None, seconds: float
) -> StageResult:
    import torch

    state = trainer.state
    points = curve(state.log_history)
    losses = [point["loss"] for point in points if "loss" in point]
    if not losses:
        raise ModelError("The training logged no loss.", "Raise train.max_steps.")
    resumed_at = int(checkpoint.name.split("-")[-1]) if checkpoint else None
    tokens = [int(point["num_tokens"]) for point in points if "num_tokens" in point]
    before = max(
        (int(p["num_tokens"]) for p in points if "num_tokens" in p and p["step"] <= resumed_at),
        default=0,
    ) if resumed_at else 0  # fmt: skip
    seen = tokens[-1] if tokens else 0
    trained, total = counts(trainer.accelerator.unwrap_model(trainer.model))
    best = state.best_metric if trainer.args.load_best_model_at_end else None
    validated = [point["eval_loss"] for point in points if "eval_loss" in point]
    on_gpu = devices.device() == "cuda"
    return StageResult(
        name=name,
        adapter=str(adapter),
        steps=state.global_step,
        epochs=float(state.epoch or 0),
        loss=losses[-1],
        validation_loss=best if best is not None else (validated[-1] if validated else None),
        seconds=seconds,
        tokens=seen,
        tokens_per_second=(seen - before) / seconds if seconds else 0.0,
        trained_parameters=trained,
        parameters=total,
        peak_memory_bytes=torch.cuda.max_memory_allocated() if on_gpu else None,
        stopped_early=state.global_step < state.max_steps,
        resumed_at=resumed_at,
        curve=points,
    )
