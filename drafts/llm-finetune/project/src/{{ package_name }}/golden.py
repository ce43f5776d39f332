"""Golden prompts: what the trainer tokenised, kept beside the adapter and asked of every server.

A model is trained on prompts written by one chat template. Served with another (a newer tokenizer,
a template edited by hand, one start token too many) it answers worse and nobody sees why.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import DataError, ModelError
from .files import read_json, write_json_atomic
from .tasks.base import Message

FILE = "golden_prompts.json"
SCHEMA = 1


def write(adapter: Path, prompts: Sequence[tuple[list[Message], Sequence[int]]]) -> None:
    """Keep chat turns with the token ids that training really saw for them."""
    content = [{"messages": messages, "ids": list(ids)} for messages, ids in prompts]
    write_json_atomic(adapter / FILE, {"schema": SCHEMA, "prompts": content})


def read(adapter: Path) -> list[tuple[list[Message], list[int]]]:
    """What `write` kept; nothing where the adapter has none. Raises DataError when damaged."""
    path = adapter / FILE
    if not path.is_file():
        return []
    try:
        return [(prompt["messages"], prompt["ids"]) for prompt in read_json(path)["prompts"]]
    except (KeyError, TypeError):
        raise DataError(f"{path} is damaged.", "Train this adapter again.") from None


def rendered(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Token ids of a prompt in the tokenizer's chat template, open for the answer."""
    return list(
        tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=True, tokenize=True, return_dict=False
        )
    )


def check(adapter: Path, tokenizer: Any) -> int:
    """Compare every golden prompt with what `tokenizer` makes of it; how many there are.

    Raises ModelError at the first that differs: the template is not the trained one.
    """
    prompts = read(adapter)
    for number, (messages, ids) in enumerate(prompts, 1):
        found = rendered(tokenizer, messages)
        if found != ids:
            at = next(
                (i for i, pair in enumerate(zip(found, ids, strict=False)) if pair[0] != pair[1]),
                min(len(found), len(ids)),
            )
            raise ModelError(
                f"The chat template is not the one that {adapter.name} was trained with: golden "
                f"prompt {number} has other tokens from position {at} on.",
                "Serve it with the tokenizer that was saved beside it, or train it again.",
            )
    return len(prompts)
