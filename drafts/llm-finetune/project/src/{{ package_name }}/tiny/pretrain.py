"""Pre-training of the tiny model: next-token prediction, a lesson after the other."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from ..progress import Progress, quiet

BATCH = 32
"""Documents of a step."""

_LEARNING_RATE, _MATRIX_RATE, _WARM_UP = 4e-3, 2e-2, 10
_POOL = 16  # batches whose documents are sorted by length together, so that little is padding
_NO_LABEL = -100


@dataclass(frozen=True)
class Document:
    """Token ids; the first `given` of them are a prompt, which nobody could predict."""

    ids: Sequence[int]
    given: int = 0


def fresh(vocabulary: int, *, window: int, pad: int, start: int, end: int) -> Any:
    """An untrained Llama of about a million parameters for the given token ids."""
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=128,
            intermediate_size=320,  # QLoRA on a processor wants multiples of 64
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=window,
            tie_word_embeddings=True,
            initializer_range=0.06,  # 0.02 is for wide models: here copying is learnt much later
            attn_implementation="sdpa",
            pad_token_id=pad,
            bos_token_id=start,
            eos_token_id=end,
        )
    )


def pretrain(
    model: Any,
    lessons: Sequence[tuple[float, Sequence[Document]]],
    *,
    steps: int,
    seed: int,
    progress: Progress = quiet,
) -> list[float]:
    """Train on batches of whole documents; the loss (nats a token) of each step.

    Each lesson is (share of the steps, documents). A document has its row for itself: what stands
    in it can only be copied from it. The same seed, steps and number of threads give the same
    weights.
    """
    import torch

    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.dim() != 2 or "embed" in name]
    # Muon turns a month of AdamW's steps into a week's: a tiny budget is where that shows most.
    optimisers = [
        torch.optim.Muon(matrices, lr=_MATRIX_RATE, weight_decay=0.01),
        torch.optim.AdamW(others, lr=_LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.1),
    ]
    rates = [optimiser.param_groups[0]["lr"] for optimiser in optimisers]
    courses = [_batches(documents, Random(seed)) for _, documents in lessons]
    model.train()
    losses = []
    for step in range(steps):
        course = courses[_lesson([share for share, _ in lessons], step / steps)]
        ids, labels = _padded(next(course), model.config.pad_token_id)
        loss = model(input_ids=torch.tensor(ids), labels=torch.tensor(labels)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser, rate in zip(optimisers, rates, strict=True):
            optimiser.param_groups[0]["lr"] = rate * _share_of_rate(step, steps)
            optimiser.step()
            optimiser.zero_grad()
        losses.append(loss.item())
        progress("tiny model: pre-training", step + 1, steps)
    model.eval()
    return losses


def _lesson(shares: Sequence[float], done: float) -> int:
    """Which lesson it is after that share of all steps."""
    for number in range(len(shares)):
        if done < sum(shares[: number + 1]):
            return number
    return len(shares) - 1


def _padded(documents: Sequence[Document], pad: int) -> tuple[list[list[int]], list[list[int]]]:
    """Rows of ids and of labels, all as long as the longest document."""
    longest = max(len(each.ids) for each in documents)
    ids, labels = [], []
    for each in documents:
        extra = longest - len(each.ids)
        ids.append([*each.ids, *[pad] * extra])
        masked = [_NO_LABEL] * each.given
        labels.append([*masked, *each.ids[each.given :], *[_NO_LABEL] * extra])
    return ids, labels


def _batches(documents: Sequence[Document], random: Random) -> Iterator[list[Document]]:
    """Batches of about equal lengths, without end."""
    while True:
        order = random.sample(range(len(documents)), len(documents))
        for first in range(0, len(order), BATCH * _POOL):
            pool = order[first : first + BATCH * _POOL]
            pool.sort(key=lambda i: len(documents[i].ids))
            batches = [pool[at : at + BATCH] for at in range(0, len(pool), BATCH)]
            random.shuffle(batches)
            yield from ([documents[i] for i in batch] for batch in batches)


def _share_of_rate(step: int, steps: int) -> float:
    """Share of the peak rate: linear warm-up, then a cosine to a tenth."""
    warm = min(1.0, (step + 1) / _WARM_UP)
    return warm * (0.55 + 0.45 * math.cos(math.pi * step / max(1, steps)))
