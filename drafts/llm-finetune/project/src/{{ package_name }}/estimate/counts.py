"""Exact parameter counts, and the bytes that a forward pass keeps, from models without weights.

The model is built from its configuration with fake tensors: shapes and formats are real, no memory
is taken, and every architecture that transformers knows is counted by running its own code.
"""

import copy
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from ..config import Config
from ..train import adapters


@dataclass(frozen=True)
class Counts:
    """Parameters of a model and its adapter, and what memory depends on.

    `linear` counts weights of the layers that an adapter may change: QLoRA stores these in four
    bits. `cache` is the number of values that the KV cache holds for one token.
    """

    total: int
    linear: int
    embedding: int
    adapter: int
    layers: int
    hidden: int
    widest: int
    vocabulary: int
    cache: int
    window: int


def count(config: Config, shape: Any) -> Counts:
    """Count a model of the configuration `shape` with the adapter of `config` on it."""
    model = build(config, shape)
    named = [(name, each.numel(), each) for name, each in model.named_parameters()]
    adapter = sum(size for _, size, parameter in named if parameter.requires_grad)
    linear = sum(
        size
        for name, size, parameter in named
        if not parameter.requires_grad and parameter.dim() == 2 and ".layers." in name
    )
    text = shape.get_text_config()
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return Counts(
        total=sum(size for _, size, _ in named) - adapter,
        linear=linear,
        embedding=text.vocab_size * text.hidden_size,
        adapter=adapter,
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        widest=getattr(text, "intermediate_size", None) or 4 * text.hidden_size,
        vocabulary=text.vocab_size,
        cache=2 * text.num_hidden_layers * heads * width,
        window=text.max_position_embeddings,
    )


def saved_bytes(config: Config, shape: Any, dtype: Any, *, rows: int, tokens: int) -> int:
    """Bytes that a forward pass of `rows` x `tokens` keeps for the backward pass.

    Parameters are not among them, nor is the output layer, whose logits the trainer never holds
    all at once. With gradient checkpointing it is each layer's input and all of one layer.
    """
    if config.train.gradient_checkpointing:
        layers = shape.get_text_config().num_hidden_layers
        width = int(shape.get_text_config().hidden_size)
        inputs = int(layers) * rows * tokens * width * int(dtype.itemsize)
        return inputs + _saved(config, shape, dtype, rows, tokens, layers=1)
    return _saved(config, shape, dtype, rows, tokens, layers=None)


def _saved(
    config: Config, shape: Any, dtype: Any, rows: int, tokens: int, *, layers: int | None
) -> int:
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    from transformers import masking_utils

    shape = copy.deepcopy(shape)
    if layers is not None:
        _shorten(shape.get_text_config(), layers)
    kept: dict[int, int] = {}
    alive: list[Any] = []  # storages are told apart by identity, which must not be reused

    def note(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if id(storage) not in kept and id(storage) not in own:
            alive.append(storage)
            kept[id(storage)] = storage.nbytes()
        return tensor

    model = build(config, shape, dtype).train()
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        _pretend(model, mode)
        storages = [parameter.untyped_storage() for parameter in model.parameters()]
        storages += [buffer.untyped_storage() for buffer in model.buffers()]
        own = {id(storage) for storage in storages}
        ids = torch.zeros(rows, tokens, dtype=torch.long)
        half = dtype is not torch.float32
        with (
            torch.autocast("cpu", dtype=torch.bfloat16, enabled=half),
            torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
            # Fake positions cannot be looked at, and for fear of packed rows a mask would be made.
            patch.object(masking_utils, "find_packed_sequence_indices", lambda positions: None),
        ):
            decoder = model.get_base_model().get_decoder()
            decoder(input_ids=ids, use_cache=False)
    return sum(kept.values())


def _shorten(text: Any, layers: int) -> None:
    text.num_hidden_layers = layers
    if getattr(text, "layer_types", None):
        text.layer_types = text.layer_types[:layers]


def build(config: Config, shape: Any, dtype: Any = None) -> Any:
    """A `PeftModel` of the architecture on torch's meta device: shapes and formats, no memory."""
    import torch
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    settings = {"attn_implementation": config.model.attention}
    if dtype is not None:
        settings["dtype"] = dtype
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(shape, **settings)
        adapters.check_targets(config, model)
        return get_peft_model(model, adapters.lora(config))


def _pretend(model: Any, mode: Any) -> None:
    """Give the meta tensors of a model a processor to live on, as far as torch can tell.

    On the meta device itself autocast does nothing, and attention takes its slowest way.
    """
    import torch

    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            fake = mode.from_tensor(parameter.data).to("cpu")
            module._parameters[name] = torch.nn.Parameter(fake, parameter.requires_grad)
        for name, buffer in list(module.named_buffers(recurse=False)):
            module._buffers[name] = mode.from_tensor(buffer).to("cpu")
