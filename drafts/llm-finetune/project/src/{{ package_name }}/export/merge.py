"""Base and adapter become one model, on the full-precision base, and are compared afterwards.

Merging into four-bit weights would round the adapter away, so QLoRA runs merge into the base model
as it was published. The sums are done in float32; what is saved has the number format of the base.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import golden
from ..config import Config
from ..data import read
from ..errors import ModelError
from ..progress import Progress, quiet
from ..runs import RunFolder
from ..train.models import load, load_base, load_tokenizer

TOLERANCE = 1e-4
"""Largest difference in logits that rounding in float32 explains."""

PROMPTS = 8
"""Test prompts with their answers that both are run on."""


@dataclass(frozen=True)
class MergeResult:
    """Largest absolute differences in logits between adapter and merged model, over `tokens`.

    `max_logit_difference` is of the merged model in float32, `saved_logit_difference` of the files
    as they were saved and read again in `dtype`.
    """

    path: Path
    adapter: str
    tokens: int
    max_logit_difference: float
    saved_logit_difference: float
    same_choice: float
    dtype: str
    bytes: int
    lines: list[str]


def merge(config: Config, run: RunFolder, *, progress: Progress = quiet) -> MergeResult:
    """Merge the newest adapter of the run into `run.merged` and compare.

    Raises NotReadyError before training, and ModelError when the merged model answers otherwise;
    nothing is saved then.
    """
    import torch

    run.require(run.adapter, "train")
    adapter = run.best_adapter
    exact = config.model_copy(
        update={"model": config.model.model_copy(update={"dtype": "float32"})}
    )
    steps = 4
    progress("merge", 0, steps)
    stored = _stored_dtype(config)
    model, tokenizer = load(exact, adapter, quantised=False)
    texts = _texts(run, tokenizer)
    before = logits(model, texts)
    progress("merge", 1, steps)
    merged = model.merge_and_unload(safe_merge=True)
    difference = _difference(before, logits(merged, texts))
    if difference > TOLERANCE:
        raise ModelError(
            f"The merged model differs from the adapter by {difference:.1e} in logits, more than "
            f"{TOLERANCE:.0e}.",
            "Serve the adapter as it is, and report this: merging should change nothing.",
        )
    progress("merge", 2, steps)
    _save(merged.to(stored), tokenizer, run.merged, adapter)
    del model, merged
    progress("merge", 3, steps)
    again = load_base(_at(exact, run.merged), quantised=False)
    after = logits(again.eval().to(before[0].device), texts)
    saved = _difference(before, after)
    same = sum(
        int((a.argmax(-1) == b.argmax(-1)).sum()) for a, b in zip(before, after, strict=True)
    )
    tokens = sum(len(text) for text in texts)
    size = sum(path.stat().st_size for path in run.merged.rglob("*") if path.is_file())
    name = str(stored).removeprefix("torch.")
    progress("merge", steps, steps)
    del again
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return MergeResult(
        path=run.merged,
        adapter=adapter.name,
        tokens=tokens,
        max_logit_difference=difference,
        saved_logit_difference=saved,
        same_choice=same / tokens,
        dtype=name,
        bytes=size,
        lines=[
            f"Merged {adapter.name} into the base: {run.merged} ({size / 1e6:.1f} MB, {name})",
            f"Against the adapter, over {tokens} tokens: largest difference in logits "
            f"{difference:.1e} merged, {saved:.1e} as saved; the same most probable token at "
            f"{same / tokens:.2%}",
        ],
    )


def _stored_dtype(config: Config) -> Any:
    """The number format that the base model was published in."""
    import torch
    from transformers import AutoConfig

    from ..train.models import base_name

    source = base_name(config)
    place: dict[str, Any] = {} if Path(source).is_dir() else {"revision": config.model.revision}
    published = AutoConfig.from_pretrained(
        source,
        local_files_only=config.offline or Path(source).is_dir(),
        trust_remote_code=False,
        **place,
    )
    dtype = getattr(published, "dtype", None) or torch.float32
    return getattr(torch, dtype) if isinstance(dtype, str) else dtype


def _at(config: Config, folder: Path) -> Config:
    """The configuration with `folder` in place of the base model."""
    model = config.model.model_copy(update={"base": str(folder), "revision": "main"})
    return config.model_copy(update={"model": model})


def _texts(run: RunFolder, tokenizer: Any) -> list[list[int]]:
    """Token ids of a few test prompts, each with its right answer."""
    texts = []
    for row in read(run.data).test[:PROMPTS]:
        answer = tokenizer.encode(row.answer, add_special_tokens=False)
        texts.append([*golden.rendered(tokenizer, row.prompt), *answer])
    return texts


def logits(model: Any, texts: Sequence[Sequence[int]]) -> list[Any]:
    """(tokens, vocabulary) in float32 for every text, each in a pass of its own."""
    import torch

    with torch.inference_mode():
        return [
            model(input_ids=torch.tensor([list(ids)], device=model.device)).logits[0].float()
            for ids in texts
        ]


def _difference(left: Sequence[Any], right: Sequence[Any]) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(left, right, strict=True))


def _save(model: Any, tokenizer: Any, folder: Path, adapter: Path) -> None:
    """Write beside the target and rename: an interrupted merge leaves the old model or none."""
    half = folder.with_name(f".{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    try:
        model.save_pretrained(half)
        tokenizer.save_pretrained(half)
        if (adapter / golden.FILE).is_file():
            shutil.copy(adapter / golden.FILE, half / golden.FILE)
        golden.check(half, _reread(half))
        shutil.rmtree(folder, ignore_errors=True)
        half.rename(folder)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise


def _reread(folder: Path) -> Any:
    return load_tokenizer(Config(), folder)
