"""Direct preference optimisation: the tuned adapter goes on, a frozen copy is the reference."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import golden
from ..config import Config
from ..progress import Progress, quiet
from ..tracking.base import Tracker
from ..tracking.none import NoTracker
from . import arguments, devices, models, pairs, stage
from .listeners import listener
from .sft import name_the_base


def trainer(
    config: Config,
    chosen_pairs: Sequence[pairs.Pair],
    start: Path,
    checkpoints: Path,
    *,
    progress: Progress = quiet,
    tracker: Tracker | None = None,
) -> Any:
    """The `DPOTrainer` that goes on from the adapter in `start`.

    It is given a trainable `PeftModel` and no `peft_config`: TRL then keeps a frozen copy of the
    adapter as the reference, so the reward margin at the first step is about 0.
    """
    from trl import DPOTrainer

    devices.seed_everything(config.train.seed)
    model, tokenizer = models.load(config, start, trainable=True)
    preference = config.preference
    steps = preference.max_steps or arguments.total_steps(
        len(chosen_pairs), preference.batch_size, preference.accumulation, preference.epochs
    )
    made = DPOTrainer(
        model,
        args=arguments.dpo(config, checkpoints, logs=max(1, min(config.train.log_steps, steps))),
        train_dataset=pairs.dataset(chosen_pairs),
        processing_class=tokenizer,
        callbacks=[listener("train: DPO", progress, tracker or NoTracker())],
    )
    name_the_base(made.model, models.base_name(config), config)
    return made


def dpo(
    config: Config,
    chosen_pairs: Sequence[pairs.Pair],
    start: Path,
    checkpoints: Path,
    adapter: Path,
    *,
    checkpoint: Path | None = None,
    progress: Progress = quiet,
    tracker: Tracker | None = None,
) -> stage.StageResult:
    """Train on from `start` and save the adapter in `adapter`."""
    made = trainer(config, chosen_pairs, start, checkpoints, progress=progress, tracker=tracker)
    return stage.run("dpo", made, adapter, checkpoint, golden.read(start))


def first_margin(result: stage.StageResult) -> float | None:
    """The reward margin of the first logged step, before any update; None where none is logged."""
    margins = [point["rewards/margins"] for point in result.curve if "rewards/margins" in point]
    return margins[0] if margins else None
