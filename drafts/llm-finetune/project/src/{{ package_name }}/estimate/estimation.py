"""The estimate of a run: parameters, memory of each method, which one fits, and the time."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..config import Config
from ..progress import Progress, quiet
from ..tasks.base import Row
from ..train import devices, models
from . import counts, speed
from .memory import METHODS, Memory, memory

_SPARE = 0.92
"""The share of a device that tensors may take: the rest is the driver's and fragmentation's."""


@dataclass(frozen=True)
class Estimate:
    """What was found; `device_bytes` is the memory of the GPU, or of the machine without one.

    `fits` names the methods that can be trained within it, `advice` says what to choose.
    """

    base: str
    parameters: counts.Counts
    memory: list[Memory]
    dtype: str
    device: str
    device_bytes: int
    fits: list[str]
    advice: str
    step: speed.Step | None = None
    seconds: float | None = None

    @property
    def lines(self) -> list[str]:
        """The estimate as a table for people."""
        return table(self)


def estimate(
    config: Config,
    rows: Sequence[Row] | None = None,
    *,
    device_bytes: int | None = None,
    progress: Progress = quiet,
) -> Estimate:
    """Count and add up, downloading the model's configuration at most.

    With `rows` a few steps are really trained (that loads the weights) and the time is told.
    `device_bytes` asks for another device than the one at hand. Raises SourceError when the Hub
    does not give the configuration.
    """
    shape = models.load_architecture(config)
    dtype = devices.dtype(config)
    counted = counts.count(config, shape)
    needs = []
    for done, method in enumerate(METHODS):
        progress("estimate: memory", done, len(METHODS))
        needs.append(
            memory(
                config,
                shape,
                counted,
                dtype,
                method=method,
                serving_rows=config.serve.max_batch,
            )
        )
    progress("estimate: memory", len(METHODS), len(METHODS))
    name, found = _device()
    space = device_bytes or found
    fits = [need.method for need in needs if need.training <= _SPARE * space]
    step = speed.measure(config, list(rows)) if rows else None
    seconds = speed.training_seconds(config, step, len(rows)) if rows and step else None
    return Estimate(
        base=config.model.base,
        parameters=counted,
        memory=needs,
        dtype=str(dtype).removeprefix("torch."),
        device=name,
        device_bytes=space,
        fits=fits,
        advice=_advice(config, needs, fits, space),
        step=step,
        seconds=seconds,
    )


def table(found: Estimate) -> list[str]:
    """The estimate as lines of text."""
    mine = found.parameters
    lines = [
        f"{found.base}: {mine.total:,} parameters, adapter {mine.adapter:,} "
        f"({100 * mine.adapter / mine.total:.2f} %), computing in {found.dtype}",
        f"{'':8}{'weights':>10}{'adapter':>10}{'gradients':>11}{'optimiser':>11}"
        f"{'activations':>13}{'workspace':>11}{'training':>10}{'serving':>10}",
    ]
    for need in found.memory:
        cells = (need.weights, need.adapter, need.gradients, need.optimiser)
        more = (need.activations, need.workspace, need.training, need.serving)
        widths = (10, 10, 11, 11, 13, 11, 10, 10)
        row = "".join(
            f"{human(value):>{width}}" for value, width in zip((*cells, *more), widths, strict=True)
        )
        lines.append(f"{need.method:8}{row}")
    lines.append(f"{found.device}: {human(found.device_bytes)}. {found.advice}")
    if found.step is not None and found.seconds is not None:
        lines.append(
            f"Measured: {found.step.seconds:.2f} s a step, {found.step.tokens_per_second:,.0f} "
            f"tokens/s; supervised fine-tuning will take about {_duration(found.seconds)}."
        )
    return lines


def human(size: float) -> str:
    """Bytes as people say them: 16.1 GB."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _device() -> tuple[str, int]:
    import torch

    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        return properties.name, properties.total_memory
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return "This machine's memory", os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return "A machine of 16 GB, as this system does not tell", 16 * 10**9


def _advice(config: Config, needs: Sequence[Memory], fits: Sequence[str], space: int) -> str:
    by_name: dict[str, Any] = {need.method: need for need in needs}
    method = config.adapter.method
    mine = by_name[method]
    if method in fits:
        return f"{method} fits: it needs {human(mine.training)}."
    smaller = [name for name in ("lora", "qlora") if name in fits]
    short = f"{method} needs {human(mine.training)} and does not fit"
    if smaller:
        return f"{short}; {smaller[0]} does, with {human(by_name[smaller[0]].training)}."
    fixed = mine.training - mine.activations - mine.workspace
    if fixed < _SPARE * space and not config.train.gradient_checkpointing:
        return f"{short}: set train.gradient_checkpointing=true, or a smaller train.batch_size."
    if fixed < _SPARE * space:
        return f"{short}: lower train.batch_size (and raise train.accumulation) or max_length."
    return f"{short}, nor does qlora: choose a smaller base model or a larger GPU."
