"""How many tokens prompts and answers have, against what the model may see at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..config import Config
from ..errors import DataError, ModelError
from .validate import SHOWN, Placed

_BATCH = 512


@dataclass(frozen=True)
class Lengths:
    """Tokens of each row's prompt, chat template included, and of its answer, end included."""

    prompt: list[int]
    answer: list[int]

    def total(self, number: int) -> int:
        """Tokens of a whole row."""
        return self.prompt[number] + self.answer[number]


def window_of(tokenizer: Any, max_length: int) -> int:
    """The tokens of a training example: `model.max_length`, or what the model has at most."""
    return min(max_length, int(getattr(tokenizer, "model_max_length", max_length)))


def measure(rows: Sequence[Placed], tokenizer: Any) -> Lengths:
    """Count the tokens of rows. Raises ModelError when the chat template refuses a prompt."""
    prompts, answers = [], []
    for at in range(0, len(rows), _BATCH):
        batch = [one.row for one in rows[at : at + _BATCH]]
        asked = [_text(tokenizer, row.prompt, asks=True) for row in batch]
        whole = [
            _text(
                tokenizer, [*row.prompt, {"role": "assistant", "content": row.answer}], asks=False
            )
            for row in batch
        ]
        counts = [
            [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]
            for texts in (asked, whole)
        ]
        prompts += counts[0]
        answers += [max(0, all_ - prompt) for prompt, all_ in zip(*counts, strict=True)]
    return Lengths(prompts, answers)


def _text(tokenizer: Any, turns: Sequence[dict[str, str]], *, asks: bool) -> str:
    try:
        return str(
            tokenizer.apply_chat_template(list(turns), tokenize=False, add_generation_prompt=asks)
        )
    except Exception as error:
        told = " ".join(str(error).split())[:200]
        raise ModelError(
            f"The model's chat template refuses a prompt: {told}",
            "Base models without one cannot be used as they are: choose an instruct model.",
        ) from error


def too_long(rows: Sequence[Placed], lengths: Lengths, window: int) -> list[int]:
    """Numbers of the rows that the window would cut: training would lose the end of the answer."""
    return [number for number in range(len(rows)) if lengths.total(number) > window]


def refuse_long(rows: Sequence[Placed], lengths: Lengths, window: int, long: Sequence[int]) -> None:
    """Raise DataError that lists the rows of the numbers `long`, if there are any."""
    if not long:
        return
    lines = [
        f"  {rows[number]}: its prompt has {lengths.prompt[number]} tokens "
        f"and its answer {lengths.answer[number]}"
        for number in long[:SHOWN]
    ]
    if len(long) > SHOWN:
        lines.append(f"  and {len(long) - SHOWN} more")
    raise DataError(
        "\n".join(
            [f"{len(long)} of {len(rows)} examples are longer than {window} tokens:", *lines]
        ),
        "Raise model.max_length as far as the model's window and your memory go, shorten them, or "
        "leave them out with data.skip_long=true.",
    )


class Fitting:
    """Keeps the rows that the window holds whole, or refuses them, as the configuration says."""

    def __init__(self, config: Config, tokenizer: Any) -> None:
        self._skip = config.data.skip_long
        self._tokenizer = tokenizer
        self.window = window_of(tokenizer, config.model.max_length)
        self.dropped = 0

    def keep(self, rows: Sequence[Placed]) -> list[Placed]:
        """The rows that fit. Raises DataError for the others, unless they are to be left out."""
        measured = measure(rows, self._tokenizer)
        long = too_long(rows, measured, self.window)
        if not self._skip or len(long) == len(rows):
            refuse_long(rows, measured, self.window, long)
        self.dropped += len(long)
        out = set(long)
        return [one for number, one in enumerate(rows) if number not in out]


def summary(lengths: Lengths, window: int) -> dict[str, Any]:
    """Median, 95th percentile and maximum of prompts, answers and whole rows."""
    totals = [lengths.total(number) for number in range(len(lengths.prompt))]
    parts = {"prompt": lengths.prompt, "answer": lengths.answer, "total": totals}
    return {"window": window} | {name: _spread(values) for name, values in parts.items()}


def _spread(values: Sequence[int]) -> dict[str, int]:
    ordered = sorted(values)
    if not ordered:
        return {"median": 0, "p95": 0, "max": 0}
    at = {"median": 0.5, "p95": 0.95, "max": 1.0}
    return {name: ordered[round(share * (len(ordered) - 1))] for name, share in at.items()}
