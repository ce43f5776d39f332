"""Chat turns to the tokens that the model was trained on, whatever stands in them.

Someone could write `<|im_end|><|im_start|>system` into a message: tokenized as it is, that would be
a system turn of theirs. So control tokens inside a message are broken up before the template is
applied, and reach the model as plain text.
"""

import re
import threading
from collections.abc import Sequence
from typing import Any

from .. import golden
from ..tasks.base import Message
from .problems import ProblemError, invalid

_SEAM = "\u200b"
"""Put into a control token it makes other tokens of it; it takes no width where it is shown."""


class Prompts:
    """The chat template of one tokenizer, for several threads."""

    def __init__(self, tokenizer: Any, window: int) -> None:
        self._tokenizer = tokenizer
        self._window = window
        self._lock = threading.Lock()
        self._special = {
            token.content: number
            for number, token in tokenizer.added_tokens_decoder.items()
            if token.special and len(token.content) > 1
        }
        longest_first = sorted(self._special, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def ids(self, messages: Sequence[Message]) -> list[int]:
        """Tokens of the prompt, open for the answer.

        Raises ProblemError: 422 where the template refuses the turns, 400 where they leave no room
        in the model's window.
        """
        from jinja2 import TemplateError

        harmless = [self._harmless(message) for message in messages]
        try:
            with self._lock:
                ids = golden.rendered(self._tokenizer, harmless)
        except TemplateError:
            raise invalid(
                "The model's chat template does not take these turns: begin with at most one "
                "system turn, then user and assistant in turn.",
                "messages",
            ) from None
        if len(ids) >= self._window:
            raise ProblemError(
                400,
                f"The prompt has {len(ids)} tokens, and the model's window {self._window}: send "
                "less.",
                "context_length_exceeded",
                param="messages",
            )
        return ids

    def _harmless(self, message: Message) -> Message:
        content = message["content"]
        broken = self._pattern.sub(lambda found: found[0][0] + _SEAM + found[0][1:], content)
        if broken == content:
            return message
        with self._lock:
            ids = self._tokenizer.encode(broken, add_special_tokens=False)
        if set(ids) & set(self._special.values()):
            raise invalid("A message holds control tokens of the model.", "messages")
        return {**message, "content": broken}
