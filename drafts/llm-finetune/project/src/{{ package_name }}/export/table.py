"""Smaller versions of the merged model, with what each costs in quality and brings in time.

int8 and int4 (NF4) are bitsandbytes' formats, which run on NVIDIA GPUs and on processors. Every
version answers the same test rows with the same code, one version in memory at a time.
"""

import gc
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..config import Config
from ..data import read
from ..evaluate.systems import ModelSystem
from ..progress import Progress, quiet
from ..runs import RunFolder
from ..tasks import for_config
from ..tasks.base import Row, Task
from ..train import devices
from ..train.models import load_tokenizer
from . import gguf
from .merge import merge

ROWS = 64
"""Test rows a version is judged on: enough to see a format that breaks the model."""

ALONE = 5
"""Rows that are answered one by one for the latency."""

_FULL = "as merged"


@dataclass(frozen=True)
class Version:
    """One version: its primary score (mean), loss of right answers in nats a token, time and size.

    `latency_ms` is the median of a whole answer alone; `same_answers` compares with the merged
    model. `path` is None for a version that was measured and not kept.
    """

    name: str
    rows: int
    score: float
    nll: float
    same_answers: float
    latency_ms: float
    tokens_per_s: float
    bytes: int
    path: Path | None


@dataclass(frozen=True)
class ExportResult:
    """The versions, what was left out and why, and the GGUF file where there is one."""

    metric: str
    versions: list[Version]
    left_out: list[str]
    gguf: Path | None
    lines: list[str]


def export(config: Config, run: RunFolder, *, progress: Progress = quiet) -> ExportResult:
    """Merge first if need be, then measure and write every version to `run.exports`."""
    if not run.merged.is_dir():
        merge(config, run, progress=progress)
    task = for_config(config)
    rows = read(run.data).test[:ROWS]
    tokenizer = load_tokenizer(config, run.merged)
    left_out = []
    wanted: list[str] = [_FULL]
    if find_spec("bitsandbytes") is None:
        left_out.append("int8 and int4 were left out: bitsandbytes is not installed.")
    else:
        wanted += config.export.quantised
    versions: list[Version] = []
    reference: list[str] = []
    for number, name in enumerate(wanted):
        progress("export", number, len(wanted))
        folder = run.merged if name == _FULL else run.exports / name
        model = _opened(config, run.merged, name)
        size = _bytes(folder) if name == _FULL else _keep(model, tokenizer, folder)
        version, outputs = _measured(
            config, task, rows, model, tokenizer, (name, folder, size, reference)
        )
        reference = reference or outputs
        versions.append(version)
        del model
        gc.collect()
    progress("export", len(wanted), len(wanted))
    made, sentence = gguf.convert(config, run)
    if made is None:
        left_out.append(sentence)
    lines = [*_table(task.primary, versions), *left_out]
    if made is not None:
        lines.append(sentence)
    return ExportResult(task.primary, versions, left_out, made, lines)


def _opened(config: Config, folder: Path, name: str) -> Any:
    """The merged model in that format."""
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    settings: dict[str, Any] = {"dtype": devices.dtype(config)}
    if name != _FULL:
        settings["quantization_config"] = (
            BitsAndBytesConfig(load_in_8bit=True)
            if name == "int8"
            else BitsAndBytesConfig(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=settings["dtype"],
            )
        )
        settings["device_map"] = devices.local_device_map() or {"": "cpu"}
    model = AutoModelForCausalLM.from_pretrained(
        str(folder),
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        **settings,
    )
    if name == "int4" and devices.device() == "cpu":
        _spare_odd_layers(model)
    return (model.to(devices.device()) if name == _FULL else model).eval()


def _spare_odd_layers(model: Any) -> None:
    """Keep bitsandbytes from packing layers for the processor whose sizes do not divide evenly.

    It packs blocks of 64 inputs and 32 outputs, and fails on others; unpacked they are slower.
    """
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu") and (
            layer.in_features % 64 or layer.out_features % 32
        ):
            layer.support_avx512bf16_for_cpu = False


def _keep(model: Any, tokenizer: Any, folder: Path) -> int:
    """Write a quantised version; its size in bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return _bytes(folder)


def _bytes(folder: Path) -> int:
    """Size of the weights; the tokenizer is the same everywhere."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def _measured(
    config: Config,
    task: Task,
    rows: Sequence[Row],
    model: Any,
    tokenizer: Any,
    facts: tuple[str, Path, int, list[str]],
) -> tuple[Version, list[str]]:
    name, folder, size, reference = facts
    system = ModelSystem(
        name=name,
        model=model,
        tokenizer=tokenizer,
        batch_size=config.evaluate.batch_size,
        max_new_tokens=config.evaluate.max_new_tokens,
    )
    began = time.perf_counter()
    answers = system.generate(rows)
    seconds = time.perf_counter() - began
    outputs = [answer.text for answer in answers]
    scores = [task.score(row, text)[task.primary] for row, text in zip(rows, outputs, strict=True)]
    same = [one == two for one, two in zip(outputs, reference or outputs, strict=True)]
    version = Version(
        name=name,
        rows=len(rows),
        score=statistics.fmean(scores),
        nll=statistics.fmean(system.nll(rows)),
        same_answers=statistics.fmean(same),
        latency_ms=1000 * statistics.median(system.alone(rows[:ALONE])),
        tokens_per_s=sum(answer.tokens for answer in answers) / seconds,
        bytes=size,
        path=folder,
    )
    return version, outputs


def _table(metric: str, versions: Sequence[Version]) -> list[str]:
    """The versions as rows of text."""
    head = (
        f"{'version':<12}{metric:>20}{'loss':>9}{'same':>8}{'alone':>10}{'tokens/s':>10}{'MB':>9}"
    )
    return [
        head,
        *(
            f"{one.name:<12}{one.score:>20.3f}{one.nll:>9.3f}{one.same_answers:>8.0%}"
            f"{one.latency_ms:>7.0f} ms{one.tokens_per_s:>10.0f}{one.bytes / 1e6:>9.1f}"
            for one in versions
        ),
    ]
