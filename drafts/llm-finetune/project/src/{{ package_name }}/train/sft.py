"""Supervised fine-tuning of an adapter on completions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..config import Config
from ..errors import DataError
from ..progress import Progress, quiet
from ..tasks.base import Message, Row
from ..tracking.base import Tracker
from ..tracking.none import NoTracker
from . import adapters, arguments, devices, models, stage
from .listeners import listener
from .rows import dataset

_GOLDEN, _NO_LOSS = 3, -100


def trainer(
    config: Config,
    train: Sequence[Row],
    validation: Sequence[Row],
    checkpoints: Path,
    *,
    progress: Progress = quiet,
    tracker: Tracker | None = None,
) -> Any:
    """The `SFTTrainer` of a configuration, ready to train.

    Raises ConfigError for targets that the model does not have and DataError when no answer is left
    within `model.max_length`.
    """
    from transformers import EarlyStoppingCallback
    from trl import SFTTrainer

    devices.check_method(config)
    devices.seed_everything(config.train.seed)
    tokenizer = models.load_tokenizer(config)
    model = models.load_base(config)
    adapters.check_targets(config, model)
    validate = len(validation) > 0
    settings = arguments.sft(config, checkpoints, rows=len(train), validate=validate)
    listeners = [listener("train: SFT", progress, tracker or NoTracker())]
    if settings.load_best_model_at_end:
        listeners.append(EarlyStoppingCallback(config.train.patience))
    made = SFTTrainer(
        model,
        args=settings,
        train_dataset=dataset(train),
        eval_dataset=dataset(validation) if validate else None,
        processing_class=tokenizer,
        peft_config=adapters.lora(config),
        callbacks=listeners,
    )
    name_the_base(made.model, models.base_name(config), config)
    if len(made.train_dataset) == 0:
        raise DataError(
            f"No answer is left: every prompt fills model.max_length={config.model.max_length}.",
            "Raise model.max_length, or shorten the prompts.",
        )
    return made


def name_the_base(model: Any, base: str, config: Config) -> None:
    """Write into the adapter's configuration where its base is: an id, or an absolute folder.

    A relative folder, which a loaded model may carry, means another place on the next machine.
    """
    for adapter in model.peft_config.values():
        adapter.base_model_name_or_path = base
        adapter.revision = None if Path(base).is_dir() else config.model.revision


def sft(
    config: Config,
    train: Sequence[Row],
    validation: Sequence[Row],
    checkpoints: Path,
    adapter: Path,
    *,
    checkpoint: Path | None = None,
    progress: Progress = quiet,
    tracker: Tracker | None = None,
) -> stage.StageResult:
    """Train an adapter and save it in `adapter`; from `checkpoint` on if one is given."""
    made = trainer(config, train, validation, checkpoints, progress=progress, tracker=tracker)
    if devices.device() == "cuda":
        stage.rehearse(made)
    return stage.run("sft", made, adapter, checkpoint, prompts_seen(made, train))


def prompts_seen(made: Any, rows: Sequence[Row]) -> list[tuple[list[Message], list[int]]]:
    """The first prompts with the token ids that the trainer made of them: all without loss.

    Where rows were packed or dropped, so that they no longer lie side by side, none are told.
    """
    if made.args.packing or len(made.train_dataset) != len(rows):
        return []
    seen = []
    for row, example in zip(rows[:_GOLDEN], made.train_dataset, strict=False):
        labels = made.data_collator([example])["labels"][0].tolist()
        given = next(at for at, label in enumerate(labels) if label != _NO_LOSS)
        seen.append((row.prompt, list(example["input_ids"][:given])))
    return seen
