"""The checks in their order: before training on the base model, after saving on the adapter."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..config import Config
from ..data.splits import Splits
from ..progress import Progress, quiet
from ..tasks.base import Row
from ..train import devices, dpo, models
from ..train.sft import trainer
from ..train.stage import StageResult
from . import labels, saved, tokens
from .finding import Finding, passed

_LOOKED_AT = 16


def check_before(config: Config, splits: Splits, *, progress: Progress = quiet) -> list[Finding]:
    """What can be seen before a step is trained; the trainer itself is built on a few rows.

    Raises ModelError and SourceError where the base model cannot be had at all.
    """
    progress("doctor", 0, 2)
    devices.processes(config)
    tokenizer = models.load_tokenizer(config)
    shape = models.load_architecture(config).get_text_config()
    findings = [
        tokens.pad(tokenizer),
        tokens.double_start(tokenizer, splits.train),
        tokens.vocabulary(tokenizer, shape.vocab_size),
        labels.truncation(config, tokenizer, splits.train, shape.max_position_embeddings),
    ]
    progress("doctor", 1, 2)
    findings += _of_the_trainer(config, _fitting(config, tokenizer, splits.train))
    progress("doctor", 2, 2)
    return findings


def _of_the_trainer(config: Config, rows: Sequence[Row]) -> list[Finding]:
    if not rows:
        return []
    with tempfile.TemporaryDirectory() as scratch:
        made = trainer(config, rows, [], Path(scratch))
        model = made.model.get_base_model()
        ends = tokens.stop_ids(model, made.processing_class)
        trained, total = made.model.get_nb_trainable_parameters()
        share = f"{trained:,} of {total:,} parameters ({100 * trained / total:.2f} %)"
        return [
            tokens.turn_end(made.processing_class, ends),
            *labels.loss_span(made, rows, ends),
            passed("trained parameters", share),
        ]


def _fitting(config: Config, tokenizer: object, rows: Sequence[Row]) -> list[Row]:
    """The first rows that are not cut off, as the trainer will keep them in this order."""
    limit = config.model.max_length
    return [row for row in rows[:200] if labels.tokens_of(tokenizer, row) <= limit][:_LOOKED_AT]


def check_saved(
    config: Config, splits: Splits, adapter: Path, *, progress: Progress = quiet
) -> list[Finding]:
    """What was saved in `adapter`, loaded as a user will load it."""
    progress("doctor: adapter", 0, 1)
    model, tokenizer = models.load(config, adapter)
    found = [
        saved.template(models.load_tokenizer(config), tokenizer),
        saved.base_path(adapter),
        tokens.pad(tokenizer),
        tokens.vocabulary(tokenizer, model.get_input_embeddings().num_embeddings),
        tokens.turn_end(tokenizer, tokens.stop_ids(model, tokenizer)),
        saved.targets(model),
        saved.finite(model),
        saved.first_margin(_margin(adapter.parent)),
    ]
    progress("doctor: adapter", 1, 1)
    return [finding for finding in found if finding is not None]


def _margin(run: Path) -> float | None:
    """The first reward margin that the run's second stage logged."""
    path = run / "checkpoints" / "dpo" / "result.json"
    if not path.is_file():
        return None
    return dpo.first_margin(StageResult(**json.loads(path.read_text(encoding="utf-8"))))
