"""Checks of what the loss lies on: the answer, all of it, its end, and nothing of the prompt."""

from collections.abc import Sequence
from typing import Any

from ..config import Config
from ..tasks.base import Row
from .finding import Finding, failed, passed

_IGNORED = -100


def loss_span(trainer: Any, rows: Sequence[Row], ends: Sequence[int]) -> list[Finding]:
    """Decode, from the trainer's own batches, which tokens bear loss.

    `trainer` holds the `rows` in this order; `ends` are the ids that stop a generation.
    """
    tokenizer = trainer.processing_class
    seen = []
    for row, example in zip(rows, trainer.train_dataset, strict=False):
        batch = trainer.data_collator([example])
        labels = batch["labels"][0].tolist()
        seen.append((row, [token for token in labels if token != _IGNORED], len(labels)))
    return [_on_answer(tokenizer, seen), _ends(tokenizer, seen, ends)]


def _on_answer(tokenizer: Any, seen: Sequence[tuple[Row, list[int], int]]) -> Finding:
    name = "loss span"
    for row, ids, length in seen:
        text = tokenizer.decode(ids, skip_special_tokens=True).strip()
        if row.answer not in text or len(text) > len(row.answer) + 40:
            return failed(
                name,
                f"the loss lies on {len(ids)} of {length} tokens, and they are not the answer",
                "Train on prompt and completion rows (train/rows.py), not on whole conversations.",
                f"loss on: {text[:200]!r}",
                f"answer:  {row.answer[:200]!r}",
            )
    row, ids, length = seen[0]
    return passed(
        name,
        f"the loss lies on the answer alone ({len(ids)} of {length} tokens of the first row)",
        f"loss on: {tokenizer.decode(ids)!r}",
    )


def _ends(
    tokenizer: Any, seen: Sequence[tuple[Row, list[int], int]], ends: Sequence[int]
) -> Finding:
    name = "end in the loss"
    lacking = [ids for _, ids, _ in seen if not set(ids) & set(ends)]
    if lacking:
        return failed(
            name,
            f"{len(lacking)} of {len(seen)} answers have no end-of-turn token that bears loss: the "
            "model would not learn to stop",
            "Check the pad token and the chat template's last token.",
            f"an answer's last tokens: {tokenizer.decode(lacking[0][-8:])!r}",
        )
    return passed(name, "every answer that was looked at teaches the model to stop")


def truncation(config: Config, tokenizer: Any, rows: Sequence[Row], window: int) -> Finding:
    """Prompt and answer must fit `model.max_length`, and that the model's window."""
    name, limit = "truncation", config.model.max_length
    if limit > window:
        return failed(
            name,
            f"model.max_length is {limit}, and the model's window {window} tokens",
            f"Set model.max_length={window} or less.",
        )
    cut = [row for row in rows if tokens_of(tokenizer, row) > limit]
    if cut:
        return failed(
            name,
            f"{len(cut)} of {len(rows)} training rows are longer than model.max_length={limit}: "
            "their answers would be cut off",
            "Raise model.max_length, shorten the prompts, or set data.skip_long=true.",
            f"the first: row {cut[0].id}, {tokens_of(tokenizer, cut[0])} tokens",
        )
    longest = max((tokens_of(tokenizer, row) for row in rows), default=0)
    return passed(name, f"the longest training row has {longest} tokens of {limit}")


def tokens_of(tokenizer: Any, row: Row) -> int:
    """Tokens of prompt and answer as they are trained on."""
    chat = [*row.prompt, {"role": "assistant", "content": row.answer}]
    encoded = tokenizer.apply_chat_template(chat, tokenize=True, return_dict=True)
    return len(encoded["input_ids"])
