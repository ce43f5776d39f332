"""The one place where our configuration becomes TRL's."""

import math
from pathlib import Path
from typing import Any

from ..config import Config
from . import devices


def sft(config: Config, checkpoints: Path, *, rows: int, validate: bool) -> Any:
    """`SFTConfig` of the first stage for `rows` training rows.

    Early stopping needs a saved state at every evaluation that may turn out to be the best, so
    saving then happens at a multiple of `eval_steps`.
    """
    from trl import SFTConfig

    train = config.train
    stops = validate and train.patience > 0
    steps = train.max_steps or total_steps(rows, train.batch_size, train.accumulation, train.epochs)
    evaluate_every = min(train.eval_steps, steps)
    save_every = train.save_steps
    if stops:
        save_every = max(1, round(save_every / evaluate_every)) * evaluate_every
    return SFTConfig(
        **_common(config, checkpoints, train.learning_rate),
        num_train_epochs=train.epochs,
        max_steps=train.max_steps or -1,
        per_device_train_batch_size=train.batch_size,
        per_device_eval_batch_size=train.batch_size,
        gradient_accumulation_steps=train.accumulation,
        max_length=config.model.max_length,
        packing=train.packing,
        eval_packing=False,
        eval_strategy="steps" if validate else "no",
        eval_steps=evaluate_every,
        save_strategy="steps",
        save_steps=save_every,
        load_best_model_at_end=stops,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
    )


def dpo(config: Config, checkpoints: Path, *, logs: int) -> Any:
    """`DPOConfig` of the second stage; `logs` is the number of steps between two points."""
    from trl import DPOConfig

    preference = config.preference
    return DPOConfig(
        **{**_common(config, checkpoints, preference.learning_rate), "logging_steps": logs},
        num_train_epochs=preference.epochs,
        max_steps=preference.max_steps or -1,
        per_device_train_batch_size=preference.batch_size,
        gradient_accumulation_steps=preference.accumulation,
        max_length=config.model.max_length,
        beta=preference.beta,
        save_strategy="steps",
        save_steps=config.train.save_steps,
    )


def total_steps(rows: int, batch: int, accumulation: int, epochs: float) -> int:
    """Optimiser steps of so many epochs on one process."""
    return max(1, math.ceil(math.ceil(rows / (batch * accumulation)) * epochs))


def _common(config: Config, checkpoints: Path, learning_rate: float) -> dict[str, Any]:
    """What both stages share."""
    import torch

    train = config.train
    on_cpu = devices.device() == "cpu"
    dtype = devices.dtype(config)
    return {
        "output_dir": str(checkpoints),
        "learning_rate": learning_rate,
        "lr_scheduler_type": train.schedule,
        "warmup_steps": train.warmup,
        "weight_decay": train.weight_decay,
        "max_grad_norm": train.max_grad_norm,
        "optim": "adamw_torch_fused" if devices.device() == "cuda" else "adamw_torch",
        "gradient_checkpointing": train.gradient_checkpointing,
        # TRL's own defaults are for a GPU and raise on a processor.
        "use_cpu": on_cpu,
        "bf16": dtype is torch.bfloat16 and not on_cpu,
        "fp16": dtype is torch.float16 and not on_cpu,
        "seed": train.seed,
        "data_seed": train.seed,
        "logging_steps": train.log_steps,
        "logging_first_step": True,
        "logging_nan_inf_filter": False,  # a lost loss is not to be averaged away
        "save_total_limit": train.keep_checkpoints,
        "restore_callback_states_from_checkpoint": True,
        "dataloader_num_workers": 0,
        "report_to": "none",
        "disable_tqdm": True,
    }
