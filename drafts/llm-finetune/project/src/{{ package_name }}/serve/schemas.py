"""What the chat API takes: OpenAI's request, as far as the service can do what it asks.

What would change an answer and is not done here is refused; other unknown fields are ignored, as
clients send many that only OpenAI's own service knows.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..tasks.base import Message
from .problems import ProblemError, invalid
from .sampling import Sampling

_NOT_DONE = ("tools", "functions", "logit_bias", "audio", "prediction", "web_search_options")


class Part(BaseModel):
    """A part of a turn; only text is read."""

    type: Literal["text"]
    text: str


class Turn(BaseModel):
    """One turn of the conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | Annotated[list[Part], Field(min_length=1)]

    @property
    def message(self) -> Message:
        """As the chat template knows it: a developer is a system."""
        role = "system" if self.role == "developer" else self.role
        if isinstance(self.content, str):
            return {"role": role, "content": self.content}
        return {"role": role, "content": "".join(part.text for part in self.content)}


class StreamOptions(BaseModel):
    """What a stream tells besides the text."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """The body of `POST /v1/chat/completions`. Without a temperature the answer is greedy."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: Annotated[list[Turn], Field(min_length=1, max_length=1000)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: (
        Annotated[str, Field(min_length=1, max_length=200)]
        | Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=4)]
        | None
    ) = None
    n: int | None = None
    logprobs: bool | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_format: dict[str, Any] | None = None

    @property
    def conversation(self) -> list[Message]:
        """The turns as the chat template takes them."""
        return [turn.message for turn in self.messages]

    @property
    def stops(self) -> tuple[str, ...]:
        """Sequences that end the answer and are not part of it."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def sampling(self) -> Sampling:
        """How tokens are chosen."""
        return Sampling(self.temperature or 0.0, self.top_p or 1.0, self.seed)

    @property
    def usage_in_stream(self) -> bool:
        """Whether a stream ends with the counted tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def token_limit(self, most: int) -> int:
        """The longest answer in tokens. Raises ProblemError (422) above `most`."""
        asked = self.max_completion_tokens or self.max_tokens
        if asked is not None and asked > most:
            raise invalid(f"max_tokens may be at most {most} here.", "max_tokens")
        return asked or most

    def refuse_what_is_not_done(self) -> None:
        """Raise ProblemError (422) for fields that would change the answer if they were obeyed."""
        extra = self.model_extra or {}
        for name in _NOT_DONE:
            if extra.get(name):
                raise invalid(f"This service does not do {name}.", name)
        if self.n not in (None, 1):
            raise invalid("This service gives one answer a request: n must be 1.", "n")
        if self.logprobs:
            raise invalid("This service does not tell logprobs.", "logprobs")
        for name in ("presence_penalty", "frequency_penalty"):
            if getattr(self, name):
                raise invalid(f"This service knows no {name}: leave it at 0.", name)
        if self.response_format and self.response_format.get("type") != "text":
            raise invalid("This service answers in text only.", "response_format")


def parsed(body: bytes) -> ChatRequest:
    """The request in a body.

    Raises ProblemError (422) with the first field that is wrong and why, and nothing of what was
    sent.
    """
    try:
        return ChatRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    if not first["loc"]:
        raise ProblemError(422, "The body is not the JSON of a chat request.", "invalid_body")
    name = ".".join(map(str, first["loc"]))
    raise invalid(f"{name}: {first['msg']}.", name)
