"""How surprised a model is by a text that was given to it: mean loss over its tokens, in nats."""

from collections.abc import Sequence
from typing import Any

from .prompts import window

LOGITS = 2**27
"""About so many logits are held at once: half a GB in float32, whatever the vocabulary."""

TEXT_TOKENS = 512

Pair = tuple[list[int], list[int]]
"""Ids that are given, and ids whose loss is taken."""


def text_ids(model: Any, tokenizer: Any, text: str) -> Pair:
    """The first token of a plain text (its begin-of-text where there is one), and the others."""
    ids = list(tokenizer.encode(text))
    limit = min(TEXT_TOKENS, window(model) or TEXT_TOKENS)
    return ids[:1], ids[1:limit]


def losses(model: Any, pairs: Sequence[Pair], *, batch_size: int = 16) -> list[float]:
    """Mean loss of the second ids of each pair, given the first; 0 where there are none.

    Pairs longer than the model's window lose their beginning, never their end.
    """
    limit = window(model)
    order = sorted(range(len(pairs)), key=lambda index: -_length(pairs[index]))
    found: dict[int, float] = {}
    while order:
        longest = _length(pairs[order[0]])
        size = max(1, min(batch_size, LOGITS // (max(1, longest) * model.config.vocab_size)))
        part, order = order[:size], order[size:]
        batch = _losses(model, [_cut(pairs[index], limit) for index in part])
        found |= dict(zip(part, batch, strict=True))
    return [found[index] for index in range(len(pairs))]


def _length(pair: Pair) -> int:
    return len(pair[0]) + len(pair[1])


def _cut(pair: Pair, limit: int | None) -> Pair:
    given, wanted = pair
    over = 0 if limit is None else max(0, _length(pair) - limit)
    return given[over:], wanted[max(0, over - len(given)) :]


def _losses(model: Any, pairs: Sequence[Pair]) -> list[float]:
    import torch

    longest = max(1, *(_length(pair) for pair in pairs))
    ids = torch.zeros((len(pairs), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for row, (given, wanted) in enumerate(pairs):
        end = len(given) + len(wanted)
        ids[row, :end] = torch.tensor(given + wanted, dtype=torch.long)
        mask[row, :end] = 1
        labels[row, len(given) : end] = ids[row, len(given) : end]
    with torch.inference_mode():
        logits = model(
            input_ids=ids.to(model.device), attention_mask=mask.to(model.device), use_cache=False
        ).logits
        tokens = torch.nn.functional.cross_entropy(
            logits[:, :-1].float().transpose(1, 2),
            labels[:, 1:].to(logits.device),
            reduction="none",
        ).cpu()
    counted = (labels[:, 1:] != -100).sum(dim=1).clamp(min=1)
    return [float(value) for value in tokens.double().sum(dim=1) / counted]
