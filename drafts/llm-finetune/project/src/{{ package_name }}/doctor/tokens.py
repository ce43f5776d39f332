"""Checks of the tokenizer: padding, ends of turns, doubled beginnings, and its vocabulary."""

from collections.abc import Sequence
from typing import Any

from ..tasks.base import Message, Row
from .finding import Finding, failed, passed

_CHAT: list[Message] = [
    {"role": "user", "content": "question"},
    {"role": "assistant", "content": "answer"},
]


def pad(tokenizer: Any) -> Finding:
    """Padding must be a token of its own, or the model never learns to stop."""
    name = "pad token"
    if tokenizer.eos_token is None:
        return failed(
            name,
            "there is no end-of-sequence token, so nothing tells the model to stop",
            "Choose a base model whose tokenizer has one.",
        )
    if tokenizer.pad_token is None:
        return failed(
            name,
            "there is none, and trainers silently take the end-of-sequence token instead",
            "Set one that is never an answer's, such as the unknown or a reserved token.",
        )
    if tokenizer.pad_token_id == tokenizer.eos_token_id:
        return failed(
            name,
            f"it is the end-of-sequence token {tokenizer.eos_token}: a collator that masks padding "
            "masks the ends of answers too, and the model never stops",
            "Set another pad token in the base model's tokenizer_config.json.",
        )
    return passed(name, f"{tokenizer.pad_token}, apart from the end {tokenizer.eos_token}")


def double_start(tokenizer: Any, rows: Sequence[Row]) -> Finding:
    """A prompt must begin with at most one beginning-of-sequence token."""
    name, start = "double BOS", tokenizer.bos_token_id
    if start is None:
        return passed(name, "the tokenizer has no beginning-of-sequence token")
    for row in rows[:20]:
        ids = tokenizer.apply_chat_template(
            row.prompt, add_generation_prompt=True, tokenize=True, return_dict=True
        )["input_ids"]
        if list(ids[:2]) == [start, start]:
            return failed(
                name,
                f"a prompt begins with {tokenizer.bos_token} twice: the chat template and the "
                "tokenizer both add it",
                "Take it out of one of them; tokenise rendered text with add_special_tokens=False.",
                tokenizer.decode(ids[:12]),
            )
    rendered = tokenizer.apply_chat_template(_CHAT, tokenize=False)
    again = tokenizer(rendered)["input_ids"]
    if list(again[:2]) == [start, start]:
        return passed(
            name,
            "once, because templates are tokenised in one go here; tokenising the rendered text "
            "again would double it",
        )
    return passed(name, "prompts begin with it once at most")


def turn_end(tokenizer: Any, ends: Sequence[int]) -> Finding:
    """An answer as the template writes it must end with a token that stops generation."""
    name = "end of turn"
    before = tokenizer.apply_chat_template(_CHAT[:1], add_generation_prompt=True, tokenize=False)
    whole = tokenizer.apply_chat_template(_CHAT, tokenize=False)
    tail = whole[len(before) :] if whole.startswith(before) else whole
    ids = tokenizer(tail, add_special_tokens=False)["input_ids"]
    stops = sorted({int(end) for end in ends})
    shown = ", ".join(repr(tokenizer.decode([end])) for end in stops)
    if any(end in ids for end in stops):
        return passed(name, f"the template closes an answer with what stops generation ({shown})")
    return failed(
        name,
        f"the chat template closes an answer with {tail.removeprefix('answer')!r}, and generation "
        f"stops only at {shown or 'nothing'}: the tuned model would not stop",
        "Add the template's end-of-turn token to eos_token_id in generation_config.json.",
    )


def vocabulary(tokenizer: Any, embeddings: int) -> Finding:
    """Every token must have a row in the embedding, whose rows LoRA does not train."""
    name, size = "vocabulary", len(tokenizer)
    if size > embeddings:
        return failed(
            name,
            f"the tokenizer has {size:,} tokens and the model {embeddings:,}: {size - embeddings} "
            "new ones have no embedding, and LoRA would leave them untrained",
            "Use the base model's own tokenizer; write new markers in tokens that it knows.",
        )
    return passed(name, f"{size:,} tokens within {embeddings:,} embeddings")


def stop_ids(model: Any, tokenizer: Any) -> list[int]:
    """Ids that end a generation with this model."""
    configured = model.generation_config.eos_token_id
    if configured is None:
        configured = model.config.eos_token_id
    listed = configured if isinstance(configured, list) else [configured]
    return [end for end in (*listed, tokenizer.eos_token_id) if end is not None]
