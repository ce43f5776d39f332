"""The tiny base model as a folder that loads like any other model, labelled as what it is."""

import json
import shutil
from pathlib import Path
from typing import Any

from ..files import write_text_atomic
from ..progress import Progress, quiet
from . import LABEL
from .corpus import Chat, Corpus, corpus
from .pretrain import Document, fresh, pretrain
from .tokenizer import learn

STEPS = 220
WINDOW, VOCABULARY = 2048, 768
GENERAL = "general.txt"
"""Beside the weights: sentences the model never saw, one a line, to measure forgetting with."""

_CARD = """\
---
tags: [made-up, tiny]
---
# A {label}

**It knows nothing of the real world.** A script wrote its corpus (sentences and questions about
made-up places), and {steps} steps of pre-training with seed {seed} taught it that, so that this
project's road from base model to served adapter can be walked in minutes without a network. No
figure measured on it says anything about a real model.

Llama architecture, {parameters:,} parameters, {vocabulary} tokens, window of {window} tokens. Last
training loss {loss:.3f} nats a token.
"""


def build(out: Path, *, seed: int = 0, steps: int = STEPS, progress: Progress = quiet) -> Path:
    """Make the model, its tokenizer, card and held-out text in `out`; returns `out`.

    One thread computes, so the same seed and steps give the same bytes. What is there already is
    kept. The folder appears in one step, or not at all.
    """
    import torch
    from transformers import set_seed

    if (out / "config.json").is_file():
        return out
    taught = corpus(seed)
    tokenizer = learn(taught.words(), vocabulary=VOCABULARY, window=WINDOW)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        set_seed(seed)
        model = fresh(
            len(tokenizer),
            window=WINDOW,
            pad=tokenizer.pad_token_id,
            start=tokenizer.bos_token_id,
            end=tokenizer.eos_token_id,
        )
        lessons = documents(taught, tokenizer)
        losses = pretrain(model, lessons, steps=steps, seed=seed, progress=progress)
    finally:
        torch.set_num_threads(threads)
    beside = out.with_name(f".{out.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        _save(beside, model, tokenizer, taught, seed, steps, losses[-1])
        shutil.rmtree(out, ignore_errors=True)
        beside.rename(out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return out


def documents(taught: Corpus, tokenizer: Any) -> list[tuple[float, list[Document]]]:
    """The lessons as token ids. Of a conversation only the answer is learnt."""
    lessons = []
    for lesson in taught.lessons:
        framed = [f"{tokenizer.bos_token}{text}{tokenizer.eos_token}" for text in lesson.texts]
        plain = [Document(ids) for ids in _ids(tokenizer, framed)] if framed else []
        asked = _ids(tokenizer, [_written(tokenizer, chat[:-1], True) for chat in lesson.chats])
        whole = _ids(tokenizer, [_written(tokenizer, chat, False) for chat in lesson.chats])
        chats = [Document(all_, len(first)) for first, all_ in zip(asked, whole, strict=True)]
        lessons.append((lesson.share, plain + chats))
    return lessons


def _written(tokenizer: Any, chat: Chat, ask: bool) -> str:
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=ask)
    return str(text)


def _ids(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    encoded: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return encoded


def _save(
    folder: Path, model: Any, tokenizer: Any, taught: Corpus, seed: int, steps: int, loss: float
) -> None:
    model.config.label = LABEL
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    made = {"label": LABEL, "seed": seed, "steps": steps, "loss": round(loss, 4)}
    write_text_atomic(folder / "made.json", json.dumps(made, indent=2) + "\n")
    write_text_atomic(folder / GENERAL, "".join(f"{line}\n" for line in taught.general))
    card = _CARD.format(
        label=LABEL,
        steps=steps,
        seed=seed,
        parameters=model.num_parameters(),
        vocabulary=len(tokenizer),
        window=WINDOW,
        loss=loss,
    )
    write_text_atomic(folder / "README.md", card)
