"""Which processor trains, in which number format, and what of it repeats to the bit."""

import logging
from typing import Any

from ..config import Config
from ..errors import ConfigError


def device() -> str:
    """`cuda`, `mps` or `cpu`: the best that this machine has."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def dtype(config: Config) -> Any:
    """The torch dtype of the weights: as configured, or bfloat16 on a GPU that computes in it."""
    import torch

    if config.model.dtype != "auto":
        return getattr(torch, config.model.dtype)
    on_gpu = device() == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if on_gpu else torch.float32


def processes(config: Config) -> Any:
    """The `PartialState` of accelerate: which of how many processes this is.

    Alone, or one of those that `accelerate launch` started: NCCL on GPUs, gloo on processors.
    """
    import torch
    from accelerate import PartialState

    if config.threads is not None:
        torch.set_num_threads(config.threads)
    _silence()
    return PartialState(cpu=device() == "cpu")


def _silence() -> None:
    """Keep the libraries' own bars and hints off the terminal: progress is told by ours."""
    import datasets
    import transformers

    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch, so that adapters start alike."""
    from transformers import set_seed

    set_seed(seed)


def local_device_map() -> dict[str, Any] | None:
    """Puts a quantised model on the GPU of this process; None on a CPU."""
    from accelerate import PartialState

    if device() != "cuda":
        return None
    return {"": PartialState().local_process_index}


def check_method(config: Config) -> None:
    """Raise ConfigError where this machine cannot do what `adapter.method` asks for."""
    from importlib.util import find_spec

    if config.adapter.method != "qlora":
        return
    if find_spec("bitsandbytes") is None:
        raise ConfigError(
            "adapter.method is qlora, which needs bitsandbytes, and that is not installed here.",
            "Install it (pip install bitsandbytes), or choose lora.",
        )
    if device() == "mps":
        raise ConfigError(
            "adapter.method is qlora, and bitsandbytes does not train on Apple's GPU.",
            "Choose adapter.method=lora.",
        )
