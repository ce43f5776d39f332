"""The step `evaluate` of a run: which systems there are, measured on one model in memory."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..config import Config
from ..data.splits import Splits
from ..errors import ConfigError, DataError
from ..progress import Progress, quiet
from ..runs import RunFolder
from ..tasks import for_config
from ..train import models
from . import harness, judge
from .evaluation import CONTROL, REPLICA, ROWS, Evaluation, chosen_rows, evaluate, save
from .measure import read as read_answers
from .prompts import fitting, window
from .systems import ModelSystem

GENERAL = Path(__file__).with_name("general.txt")
TUNED = "default"
"""peft's name for the adapter that a model was loaded with."""


def evaluate_run(
    config: Config, splits: Splits, folder: RunFolder, *, progress: Progress = quiet
) -> Evaluation:
    """Evaluate the run in `folder` and write its evaluation/results.json.

    Raises NotReadyError before training, ConfigError for extras that cannot be used, and ModelError
    for what cannot be loaded.
    """
    check(config)
    folder.require(folder.adapter, "train")
    systems = contenders(config, folder, splits)
    texts = general_texts(config)
    shots = max(len(system.shots) // 2 for system in systems)
    out = folder.evaluation
    evaluation = evaluate(config, splits, systems, out, texts=texts, shots=shots, progress=progress)
    evaluation = replace(
        evaluation,
        harness=_harness(config, systems, evaluation),
        judge=_judge(config, out / ROWS, evaluation, progress),
    )
    save(evaluation, out)
    return evaluation


def check(config: Config) -> None:
    """Raise ConfigError for settings that would only fail after an hour of answers."""
    settings = config.evaluate
    if settings.judge and not settings.judge_url:
        raise ConfigError(
            "evaluate.judge names a model, and evaluate.judge_url does not say where it answers.",
            "Set the address of an OpenAI-compatible service, as http://127.0.0.1:8000/v1.",
        )
    if settings.harness:
        harness.require()


def contenders(config: Config, folder: RunFolder, splits: Splits) -> list[ModelSystem]:
    """The systems of the configuration that exist, then replicas and the control.

    One base model carries all adapters; each system switches on its own.
    """
    model, tokenizer = models.load(config, folder.adapter)
    settings = config.evaluate
    rows = chosen_rows(splits.test, settings.rows, config.data.seed)
    examples = for_config(config).few_shot(splits.train, settings.few_shot)
    limit = window(model)
    room = None if limit is None else limit - settings.max_new_tokens
    fitting(tokenizer, rows, (), room)
    shots = fitting(tokenizer, rows, examples, room)

    def system(name: str, adapter: str | None = None, **extra: Any) -> ModelSystem:
        return ModelSystem(
            name,
            model,
            tokenizer,
            adapter,
            batch_size=settings.batch_size,
            max_new_tokens=settings.max_new_tokens,
            **extra,
        )

    found: list[ModelSystem] = []
    for name in settings.systems:
        if name == "base":
            found.append(system(name))
        elif name == "prompted" and shots:
            found.append(system(name, shots=shots))
        elif name == "tuned":
            found.append(system(name, TUNED))
        elif name == "dpo" and folder.adapter_dpo.is_dir():
            found.append(system(name, _added(model, folder.adapter_dpo, name)))
    replicas = {f"{REPLICA}{seed}": one for seed, one in folder.replicas.items()}
    if folder.control.adapter.is_dir():
        replicas[CONTROL] = folder.control
    beside = [system(name, _added(model, one.best_adapter, name)) for name, one in replicas.items()]
    return found + beside


def _added(model: Any, adapter: Path, name: str) -> str:
    model.load_adapter(str(adapter), adapter_name=name)
    return name


def general_texts(config: Config) -> list[str]:
    """Text of no task, one document a line: the file of the configuration, or the embedded one.

    The tiny model has its own, in the language that it was pre-trained on.
    """
    path = GENERAL
    if config.evaluate.general_text is not None:
        path = config.at(config.evaluate.general_text)
    elif config.is_tiny:
        path = config.tiny_dir / "general.txt"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}.", "See evaluate.general_text.") from None
    return [line for line in lines if line.strip()]


def _harness(
    config: Config, systems: list[ModelSystem], evaluation: Evaluation
) -> dict[str, Any] | None:
    if not config.evaluate.harness:
        return None
    ends = [system for system in systems if system.name in (evaluation.headline or ())]
    return harness.benchmark(ends, config.evaluate.harness, limit=config.evaluate.rows)


def _judge(
    config: Config, rows: Path, evaluation: Evaluation, progress: Progress
) -> dict[str, Any] | None:
    name, url = config.evaluate.judge, config.evaluate.judge_url
    if not name or not url or evaluation.headline is None:
        return None
    before, after = ((name, read_answers(rows / f"{name}.jsonl")) for name in evaluation.headline)
    return asdict(judge.judge(judge.endpoint(url, name), name, before, after, progress=progress))
