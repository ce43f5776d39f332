"""The rows that one adapter is answering at the moment: every step gives each a token."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import cache as kv
from .sampling import choose
from .text import Writer
from .work import Delta, Work


@dataclass
class Row:
    """A piece of work in the batch; `length` counts its tokens in the cache."""

    work: Work
    writer: Writer
    generator: Any
    length: int
    last: int = 0
    tokens: int = 0
    finish: str = ""


@dataclass
class Batch:
    """Rows with their cache. `forward` is the model with the right adapter switched on."""

    forward: Callable[..., Any]
    device: Any
    tokenizer: Any
    ends: frozenset[int]
    rows: list[Row] = field(default_factory=list)
    _cache: Any = None
    _width: int = 0

    def join(self, works: Sequence[Work]) -> list[tuple[Work, Delta]]:
        """Read the prompts of newcomers together and give each its first token."""
        import torch

        width = max(len(work.prompt) for work in works)
        padding = [width - len(work.prompt) for work in works]
        # What stands in the padding is never looked at; token 0 exists in every vocabulary.
        ids = [[*[0] * left, *work.prompt] for left, work in zip(padding, works, strict=True)]
        rows = [
            Row(
                work, Writer(self.tokenizer, work.stop), work.sampling.generator(), len(work.prompt)
            )
            for work in works
        ]
        cache = kv.empty()
        lefts = torch.tensor(padding, device=self.device)[:, None]
        columns = torch.arange(width, device=self.device)[None]
        logits = self.forward(
            input_ids=torch.tensor(ids, device=self.device),
            attention_mask=(columns >= lefts).long() if any(padding) else None,
            position_ids=(columns - lefts).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        parts = [(cache, range(len(rows)))]
        if self.rows:
            parts.insert(0, (self._cache, range(len(self.rows))))
            width = max(width, self._width)
            cache = kv.gathered(parts, width)
        self.rows, self._cache, self._width = self.rows + rows, cache, width
        return self._told(rows, logits)

    def step(self) -> list[tuple[Work, Delta]]:
        """One more token for every row."""
        import torch

        self._width += 1
        lengths = torch.tensor([row.length for row in self.rows], device=self.device)[:, None]
        mask = None
        if any(row.length + 1 < self._width for row in self.rows):
            columns = torch.arange(self._width, device=self.device)[None]
            mask = (columns >= self._width - 1 - lengths).long()
        logits = self.forward(
            input_ids=torch.tensor([[row.last] for row in self.rows], device=self.device),
            attention_mask=mask,
            position_ids=lengths,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        for row in self.rows:
            row.length += 1
        return self._told(self.rows, logits)

    def leave(self) -> None:
        """Take out the rows that have finished or that nobody waits for any more."""
        kept = [i for i, row in enumerate(self.rows) if not (row.finish or row.work.cancelled)]
        if len(kept) == len(self.rows):
            return
        self.rows = [self.rows[i] for i in kept]
        if self.rows:
            self._width = max(row.length for row in self.rows)
            self._cache = kv.gathered([(self._cache, kept)], self._width)
        else:
            self._cache, self._width = None, 0

    def _told(self, rows: Sequence[Row], logits: Any) -> list[tuple[Work, Delta]]:
        """Choose tokens; what each row's client is to be told of them."""
        found = []
        chosen = choose(logits, [(row.work.sampling, row.generator) for row in rows])
        for row, token in zip(rows, chosen, strict=True):
            text = ""
            row.tokens += 1
            if token in self.ends:
                row.finish = "stop"
                text = row.writer.end()
            else:
                row.last = token
                text = row.writer.push(token)
                if row.writer.stopped:
                    row.finish = "stop"
                elif row.tokens >= row.work.max_tokens:
                    row.finish = "length"
                    text += row.writer.end()
            found.append((row.work, Delta(text, row.tokens, row.finish)))
        return found
