"""What is compared: one model answering greedily, with or without an adapter or examples."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..progress import Progress, quiet
from ..tasks.base import Message, Row
from . import likelihood
from .prompts import answer_ids, conversation, prompt_ids


@dataclass(frozen=True)
class Generation:
    """An answer: its text, its `tokens` with the end, and its share of its batch's `seconds`.

    `stopped` tells whether the model ended it by itself, and not the limit of tokens.
    """

    text: str
    tokens: int
    seconds: float
    stopped: bool


class System(Protocol):
    """What `evaluate` asks of a contender; losses are nats a token."""

    name: str

    def generate(self, rows: Sequence[Row], progress: Progress = quiet) -> list[Generation]:
        """Greedy answers in the order of the rows."""
        ...

    def alone(self, rows: Sequence[Row]) -> list[float]:
        """Seconds from prompt to answer, one row at a time."""
        ...

    def nll(self, rows: Sequence[Row]) -> list[float]:
        """Mean loss of each row's reference answer."""
        ...

    def text_loss(self, texts: Sequence[str]) -> list[float]:
        """Mean loss of each plain text, without a template."""
        ...


@dataclass
class ModelSystem:
    """A transformers model. `adapter` names the peft adapter that is switched on; None: none is.

    All systems of a run share one model in memory, so they differ in nothing but adapter and
    `shots`, the examples before each prompt.
    """

    name: str
    model: Any
    tokenizer: Any
    adapter: str | None = None
    shots: Sequence[Message] = field(default_factory=tuple)
    batch_size: int = 16
    max_new_tokens: int = 256

    def generate(self, rows: Sequence[Row], progress: Progress = quiet) -> list[Generation]:
        """Greedy answers, rows of similar length together, in the order of `rows`."""
        prompts = [prompt_ids(self.tokenizer, conversation(row, self.shots)) for row in rows]
        order = sorted(range(len(rows)), key=lambda index: -len(prompts[index]))
        found: dict[int, Generation] = {}
        with self.active():
            for start in range(0, len(order), self.batch_size):
                part = order[start : start + self.batch_size]
                answers = self._answer([prompts[index] for index in part])
                found |= dict(zip(part, answers, strict=True))
                progress(f"evaluate: {self.name}", len(found), len(rows))
        return [found[index] for index in range(len(rows))]

    def alone(self, rows: Sequence[Row]) -> list[float]:
        """Seconds of each answer by itself."""
        with self.active():
            return [
                self._answer([prompt_ids(self.tokenizer, conversation(row, self.shots))])[0].seconds
                for row in rows
            ]

    def nll(self, rows: Sequence[Row]) -> list[float]:
        """Mean loss of the reference answers' tokens, the end of the turn included."""
        pairs = []
        for row in rows:
            messages = conversation(row, self.shots)
            before = prompt_ids(self.tokenizer, messages)
            pairs.append((before, answer_ids(self.tokenizer, messages, row.answer)))
        with self.active():
            return likelihood.losses(self.model, pairs, batch_size=self.batch_size)

    def text_loss(self, texts: Sequence[str]) -> list[float]:
        """Mean loss of plain texts: what tuning on a narrow task may cost elsewhere."""
        pairs = [likelihood.text_ids(self.model, self.tokenizer, text) for text in texts]
        with self.active():
            return likelihood.losses(self.model, pairs, batch_size=self.batch_size)

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """The model in evaluation mode, with just this system's adapter."""
        self.model.eval()
        if self.adapter is not None:
            self.model.set_adapter(self.adapter)
            yield
        elif hasattr(self.model, "disable_adapter"):
            with self.model.disable_adapter():
                yield
        else:
            yield

    def _answer(self, prompts: Sequence[list[int]]) -> list[Generation]:
        import torch

        ends = stop_ids(self.model, self.tokenizer)
        fill = self.tokenizer.pad_token_id
        fill = min(ends) if fill is None else fill
        longest = max(len(prompt) for prompt in prompts)
        ids = torch.tensor([[fill] * (longest - len(one)) + one for one in prompts])
        mask = torch.tensor([[0] * (longest - len(one)) + [1] * len(one) for one in prompts])
        started = time.perf_counter()
        with torch.inference_mode():
            output = self.model.generate(
                input_ids=ids.to(self.model.device),
                attention_mask=mask.to(self.model.device),
                max_new_tokens=self.max_new_tokens,
                do_sample=False,
                num_beams=1,
                temperature=None,
                top_p=None,
                top_k=None,
                repetition_penalty=1.0,
                pad_token_id=fill,
                eos_token_id=sorted(ends),
            )
        new = output[:, longest:].tolist()  # waits for a GPU, so the time is the answer's
        seconds = (time.perf_counter() - started) / len(prompts)
        return [self._generation(row, ends, seconds) for row in new]

    def _generation(self, ids: list[int], ends: set[int], seconds: float) -> Generation:
        stop = next((at for at, token in enumerate(ids) if token in ends), None)
        kept = ids if stop is None else ids[:stop]
        text = self.tokenizer.decode(kept, skip_special_tokens=True).strip()
        return Generation(text, len(kept) + (stop is not None), seconds, stop is not None)


def stop_ids(model: Any, tokenizer: Any) -> set[int]:
    """Tokens that end an answer: the tokenizer's and those of the model's generation settings."""
    listed = getattr(model.generation_config, "eos_token_id", None)
    own = listed if isinstance(listed, list) else [listed]
    return {token for token in (*own, tokenizer.eos_token_id) if token is not None}
