"""Pairs of a better and a worse answer.

From the tuned model itself where the task can be checked, from a file otherwise.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from ..config import Config
from ..errors import ConfigError, DataError, LeakError
from ..files import write_text_atomic
from ..progress import Progress, quiet
from ..tasks.base import Message, Row, Task

CHECKABLE = ("text_to_sql", "extraction", "classification")
"""Tasks whose score says which of two answers is right; open answers need a person's choice."""

_ROLES = {"human": "user", "gpt": "assistant", "system": "system", "user": "user"}
_ROLES["assistant"] = "assistant"


@dataclass(frozen=True)
class Pair:
    """A prompt with a better and a worse answer; `origin` says where the better one is from."""

    prompt: list[Message]
    chosen: str
    rejected: str
    origin: str  # file | sampled | reference


def check(config: Config) -> None:
    """Raise ConfigError when the task cannot make pairs of its own and no file is given."""
    if config.preference.pairs is None and config.task not in CHECKABLE:
        raise ConfigError(
            f"preference.stage is dpo, and {config.task} cannot check which of two answers is "
            "better.",
            "Give a file of prompt, chosen and rejected as preference.pairs, or choose none.",
        )


def sampled(
    config: Config,
    task: Task,
    rows: Sequence[Row],
    model: Any,
    tokenizer: Any,
    *,
    progress: Progress = quiet,
) -> list[Pair]:
    """On-policy pairs: of several answers to a training prompt, one that is right and one not.

    Where none is right the reference is the better one; where none is wrong there is no pair. At
    most `max_pairs`; the same seed gives the same pairs on one thread. Raises DataError when the
    model answers everything right, or every prompt alike.
    """
    from transformers import set_seed

    preference = config.preference
    set_seed(config.train.seed)
    order = Random(config.train.seed).sample(list(rows), len(rows))
    size = config.evaluate.batch_size
    pairs: list[Pair] = []
    for first in range(0, len(order), size):
        batch = order[first : first + size]
        for row, answers in zip(batch, _answers(config, model, tokenizer, batch), strict=True):
            if pair := _judged(task, row, answers):
                pairs.append(pair)
        found = min(len(pairs), preference.max_pairs)
        progress("train: preference pairs", found, preference.max_pairs)
        if len(pairs) >= preference.max_pairs:
            break
    if not pairs:
        raise DataError(
            "The tuned model gave no wrong answer to learn from.",
            "Raise preference.temperature or preference.samples, or leave DPO out.",
        )
    return pairs[: preference.max_pairs]


def _judged(task: Task, row: Row, answers: Sequence[str]) -> Pair | None:
    scores = {answer: task.score(row, answer)[task.primary] for answer in answers}
    wrong = [answer for answer, score in scores.items() if score == 0]
    right = [answer for answer, score in scores.items() if score == 1]
    if not wrong:
        return None
    chosen, origin = (right[0], "sampled") if right else (row.answer, "reference")
    return Pair(row.prompt, chosen, wrong[0], origin)


def _answers(
    config: Config, model: Any, tokenizer: Any, rows: Sequence[Row]
) -> Iterator[list[str]]:
    import torch

    samples = config.preference.samples
    tokenizer.padding_side = "left"
    inputs = tokenizer.apply_chat_template(
        [row.prompt for row in rows],
        add_generation_prompt=True,
        padding=True,
        return_tensors="pt",
        return_dict=True,
    ).to(model.device)
    with torch.no_grad():
        output = model.generate(
            **inputs,
            do_sample=True,
            temperature=config.preference.temperature,
            top_k=0,
            top_p=1.0,
            num_return_sequences=samples,
            max_new_tokens=config.evaluate.max_new_tokens,
            pad_token_id=tokenizer.pad_token_id,
        )
    texts = tokenizer.batch_decode(
        output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True
    )
    for at in range(0, len(texts), samples):
        yield [text.strip() for text in texts[at : at + samples]]


def from_file(path: Path, test: Sequence[Row] = ()) -> list[Pair]:
    """Pairs of a .jsonl, or a .json array: `prompt`, `chosen`, `rejected`.

    Each is a text or a list of turns (`role` and `content`, or `from` and `value`, the prompt then
    also as `conversations`). Raises DataError with the line that is wrong, and LeakError when a
    prompt is one of the test set.
    """
    asked = {row.question for row in test}
    pairs = []
    for line, record in _records(path):
        try:
            pair = _pair(record)
        except (KeyError, TypeError, ValueError) as error:
            told = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            raise DataError.at(str(path), line, told) from None
        if pair.prompt[-1]["content"] in asked:
            raise LeakError.at(str(path), line, "its prompt is in the test set")
        pairs.append(pair)
    if not pairs:
        raise DataError(f"{path} has no pairs.", "Each line: prompt, chosen, rejected.")
    return pairs


def _records(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            yield from enumerate(json.loads(text), 1)
            return
    except FileNotFoundError:
        raise DataError(f"{path} does not exist.", "See preference.pairs.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} is not valid JSON: {error}.") from None
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip():
            try:
                yield line, json.loads(content)
            except json.JSONDecodeError as error:
                raise DataError.at(str(path), line, f"not valid JSON ({error.msg})") from None


def _pair(record: Any) -> Pair:
    if not isinstance(record, Mapping):
        raise TypeError("not an object with prompt, chosen and rejected")
    prompt = record["conversations"] if "conversations" in record else record["prompt"]
    turns = _turns(prompt, "user")
    chosen, rejected = (
        _turns(record[key], "assistant")[-1]["content"] for key in ("chosen", "rejected")
    )
    if not turns or turns[-1]["role"] != "user":
        raise ValueError("the prompt does not end with a turn of the user")
    if chosen == rejected:
        raise ValueError("chosen and rejected are the same")
    return Pair(turns, chosen, rejected, str(record.get("origin", "file")))


def _turns(value: Any, role: str) -> list[Message]:
    if isinstance(value, str):
        if not value.strip():
            raise ValueError("a text is empty")
        return [{"role": role, "content": value}]
    listed = [value] if isinstance(value, Mapping) else list(value)
    if not listed:
        raise ValueError("a list of turns is empty")
    return [
        {
            "role": _ROLES[turn["role"] if "role" in turn else turn["from"]],
            "content": str(turn["content"] if "content" in turn else turn["value"]),
        }
        for turn in listed
    ]


def write(path: Path, pairs: Sequence[Pair]) -> None:
    """Keep the pairs that a DPO stage learnt from, as JSON lines."""
    lines = [json.dumps(asdict(pair), ensure_ascii=False) for pair in pairs]
    write_text_atomic(path, "".join(f"{line}\n" for line in lines))


def dataset(pairs: Sequence[Pair]) -> Any:
    """A `datasets.Dataset` of prompt, chosen and rejected, each as turns."""
    from datasets import Dataset

    return Dataset.from_list(
        [
            {
                "prompt": pair.prompt,
                "chosen": [{"role": "assistant", "content": pair.chosen}],
                "rejected": [{"role": "assistant", "content": pair.rejected}],
            }
            for pair in pairs
        ]
    )
