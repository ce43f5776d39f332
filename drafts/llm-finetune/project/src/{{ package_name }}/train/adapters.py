"""What is trained beside the frozen base model: peft's configuration, made from ours."""

from typing import Any

from ..config import Config
from ..errors import ConfigError

HEADS = ("lm_head", "embed_out", "output_layer")
"""Names of output layers; `all-linear` leaves them out and LoRA does not train them here."""


def lora(config: Config) -> Any:
    """The `LoraConfig` of the run; DoRA is LoRA with a magnitude of its own for each column.

    Raises ConfigError when the output layer is among the targets.
    """
    from peft import LoraConfig

    adapter = config.adapter
    heads = [name for name in adapter.targets if name.split(".")[-1] in HEADS]
    if isinstance(adapter.targets, list) and heads:
        raise ConfigError(
            f"adapter.targets has {heads[0]}, the output layer, which an adapter does not train.",
            "Leave it out, or write all-linear.",
        )
    return LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=adapter.targets,
        use_dora=adapter.method == "dora",
        bias="none",
        task_type="CAUSAL_LM",
    )


def four_bit(config: Config, compute: Any) -> Any:
    """Four-bit weights: NF4 with double quantisation, computing in the torch dtype `compute`."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute,
    )


def check_targets(config: Config, model: Any) -> None:
    """Raise ConfigError when a named target is no layer of `model`; it tells which there are."""
    if isinstance(config.adapter.targets, str):
        return
    linear = linear_layers(model)
    missing = [name for name in config.adapter.targets if name.split(".")[-1] not in linear]
    if missing:
        raise ConfigError(
            f"adapter.targets has {missing[0]}, and the model has no linear layer of that name.",
            f"It has {', '.join(sorted(linear))}. `all-linear` takes them all.",
        )


def linear_layers(model: Any) -> set[str]:
    """Last parts of the names of the model's linear layers, without the output layer.

    Four-bit layers of bitsandbytes are subclasses of `torch.nn.Linear` too.
    """
    import torch

    return {
        name.split(".")[-1]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.split(".")[-1] not in HEADS
    }
