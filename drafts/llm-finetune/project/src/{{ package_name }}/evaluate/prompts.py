"""Prompts and reference answers as token ids: the same for all, by the trained template."""

from collections.abc import Sequence
from typing import Any

from ..errors import DataError
from ..tasks.base import Message, Row


def conversation(row: Row, shots: Sequence[Message] = ()) -> list[Message]:
    """The row's prompt with the examples `shots` after its system turn."""
    head = [turn for turn in row.prompt if turn["role"] == "system"]
    return [*head, *shots, *(turn for turn in row.prompt if turn["role"] != "system")]


def prompt_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Ids up to where the model begins to answer; the template sets the special tokens."""
    return list(
        tokenizer.apply_chat_template(list(messages), add_generation_prompt=True, return_dict=False)
    )


def answer_ids(tokenizer: Any, messages: Sequence[Message], answer: str) -> list[int]:
    """Ids of the answer with what ends the turn, as they follow the prompt's in training.

    Some templates write a finished turn otherwise than an unfinished one: then the answer is
    encoded alone, before the end-of-sequence token.
    """
    before = prompt_ids(tokenizer, messages)
    turns = [*messages, {"role": "assistant", "content": answer}]
    whole = list(tokenizer.apply_chat_template(turns, return_dict=False))
    if whole[: len(before)] == before and len(whole) > len(before):
        return whole[len(before) :]
    return [*tokenizer.encode(answer, add_special_tokens=False), tokenizer.eos_token_id]


def window(model: Any) -> int | None:
    """How many tokens the model can look at; None where its configuration does not say."""
    found: int | None = getattr(model.config, "max_position_embeddings", None)
    return found


def fitting(
    tokenizer: Any, rows: Sequence[Row], shots: Sequence[Message], room: int | None
) -> list[Message]:
    """As many of the examples, whole pairs from the first on, as leave every prompt `room` tokens.

    Raises DataError when a prompt is too long even without any.
    """
    kept = list(shots)
    if room is None or not rows:
        return kept
    while True:
        longest = max(len(prompt_ids(tokenizer, conversation(row, kept))) for row in rows)
        if longest <= room:
            return kept
        if not kept:
            raise DataError(
                f"A test prompt has {longest} tokens, and the model's window leaves {room} for it.",
                "Lower evaluate.max_new_tokens, shorten the prompts, or choose another base model.",
            )
        kept = kept[:-2]
