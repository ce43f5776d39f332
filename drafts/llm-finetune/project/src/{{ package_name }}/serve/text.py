"""Tokens to text as they come: whole characters only, and nothing of a stop sequence."""

from collections.abc import Sequence
from typing import Any

_BROKEN = "\ufffd"


class Writer:
    """The text of one answer, told in pieces that are never taken back."""

    def __init__(self, tokenizer: Any, stop: Sequence[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._stop = tuple(stop)
        self._longest = max(map(len, self._stop), default=0)
        self._ids: list[int] = []
        self._from = 0  # what is decoded anew: a token's text depends on the ones before it
        self._shown = 0
        self._prefix = ""
        self._held = ""
        self.stopped = False

    def push(self, token: int) -> str:
        """The text that is certain once `token` is there; sets `stopped` at a stop sequence."""
        self._ids.append(token)
        text = self._decoded(self._from, len(self._ids))
        if text.endswith(_BROKEN) or len(text) <= len(self._prefix):
            return ""
        new = text[len(self._prefix) :]
        self._from, self._shown = self._shown, len(self._ids)
        self._prefix = self._decoded(self._from, self._shown)
        return self._without_stop(new)

    def end(self) -> str:
        """What is left once no token follows: held text, and half a character as it is."""
        if self.stopped:
            return ""
        rest = self._decoded(self._from, len(self._ids))[len(self._prefix) :]
        text = self._without_stop(rest)
        held, self._held = self._held, ""
        return text if self.stopped else text + held

    def _decoded(self, start: int, end: int) -> str:
        return str(self._tokenizer.decode(self._ids[start:end], skip_special_tokens=True))

    def _without_stop(self, new: str) -> str:
        """Text up to the first stop sequence; what may be the beginning of one is held back."""
        text = self._held + new
        self._held = ""
        ends = [at for stop in self._stop if (at := text.find(stop)) >= 0]
        if ends:
            self.stopped = True
            return text[: min(ends)]
        for length in range(min(self._longest - 1, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stop):
                self._held = text[-length:]
                return text[:-length]
        return text
