"""How the next token is chosen: greedily for most rows, at random for those that ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sampling:
    """Temperature 0 is greedy, as the model was evaluated; `seed` makes chance repeat."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None

    def generator(self) -> Any:
        """The row's own source of chance, so that no neighbour in the batch changes its answer."""
        if self.temperature == 0:
            return None
        import torch

        generator = torch.Generator()
        if self.seed is None:
            generator.seed()
        else:
            generator.manual_seed(self.seed)
        return generator


def choose(logits: Any, rows: Sequence[tuple[Sampling, Any]]) -> list[int]:
    """The next token of every row of `logits` (rows, vocabulary)."""
    chosen: list[int] = logits.argmax(-1).tolist()
    for index, (sampling, generator) in enumerate(rows):
        if generator is not None:
            chosen[index] = _drawn(logits[index], sampling, generator)
    return chosen


def _drawn(logits: Any, sampling: Sampling, generator: Any) -> int:
    """One token from the most probable ones whose probabilities make up `top_p`."""
    import torch

    probabilities = torch.softmax(logits.float().cpu() / sampling.temperature, -1)
    if sampling.top_p < 1:
        ordered, tokens = probabilities.sort(descending=True)
        before = ordered.cumsum(-1) - ordered
        ordered[before >= sampling.top_p] = 0
        return int(tokens[torch.multinomial(ordered, 1, generator=generator)])
    return int(torch.multinomial(probabilities, 1, generator=generator))
