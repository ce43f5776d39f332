"""Memory of a training and of serving, by what needs it, for each method."""

from dataclasses import dataclass
from typing import Any, Literal

from ..config import Config
from . import counts
from .counts import Counts

Method = Literal["full", "lora", "qlora", "dora"]
METHODS: tuple[Method, ...] = ("full", "lora", "dora", "qlora")
"""From most to least memory; `full` is not trained here, it shows what an adapter saves."""

# NF4 with double quantisation: half a byte, a byte of scale for 64 weights, which in turn share
# four bytes for 256 scales.
NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)

# Tiles in which TRL multiplies hidden states with the output layer instead of holding all logits.
_TILE_TOKENS, _TILE_WORDS = 4096, 32768
_ADAM_STATES, _FLOAT32 = 2, 4


@dataclass(frozen=True)
class Memory:
    """Bytes on the device of one process at the peak of a training step, and for serving.

    `workspace` is what comes and goes within a step: tiles of logits, gradients of hidden states,
    the largest four-bit layer while it is unpacked. `cache` is the KV cache of `serving_rows`
    conversations of `model.max_length` tokens. What the driver takes is not among it.
    """

    method: str
    weights: int
    adapter: int
    gradients: int
    optimiser: int
    activations: int
    workspace: int
    cache: int

    @property
    def training(self) -> int:
        """Bytes at the peak of a training step."""
        parts = (self.weights, self.adapter, self.gradients, self.optimiser)
        return sum(parts) + self.activations + self.workspace

    @property
    def serving(self) -> int:
        """Bytes while answering."""
        return self.weights + self.adapter + self.cache


def memory(
    config: Config, shape: Any, counted: Counts, dtype: Any, *, method: Method, serving_rows: int
) -> Memory:
    """Memory of one method; tokens are `train.batch_size` x `model.max_length`."""
    rows, tokens = config.train.batch_size, config.model.max_length
    part = config.adapter.model_copy(update={"method": "dora" if method == "dora" else "lora"})
    as_method = config.model_copy(update={"adapter": part})
    mine = counts.count(as_method, shape) if method == "dora" else counted
    item = dtype.itemsize
    trained = mine.total if method == "full" else mine.adapter
    # Beside bfloat16 weights the adapter is in float32, and in bfloat16 beside four-bit ones.
    trained_item = {"full": item, "qlora": item}.get(method, _FLOAT32)
    weights = mine.total * item
    unpacked = 0
    if method == "qlora":
        weights = int((mine.total - mine.linear) * item + mine.linear * NF4_BYTES)
        unpacked = mine.hidden * mine.widest * item
    return Memory(
        method=method,
        weights=weights,
        adapter=0 if method == "full" else trained * trained_item,
        gradients=trained * trained_item,
        optimiser=_ADAM_STATES * trained * trained_item,
        activations=counts.saved_bytes(as_method, shape, dtype, rows=rows, tokens=tokens),
        workspace=unpacked + _workspace(mine, item, rows * tokens),
        cache=serving_rows * tokens * mine.cache * item,
    )


def _workspace(mine: Counts, item: int, tokens: int) -> int:
    tile = min(tokens, _TILE_TOKENS) * min(mine.vocabulary, _TILE_WORDS) * item
    return tile + tokens * mine.hidden * (_FLOAT32 + item)
