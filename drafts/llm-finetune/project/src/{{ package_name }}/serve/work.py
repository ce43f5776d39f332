"""What passes between a route and the engine: work goes in, pieces of its answer come out."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import ProjectError
from .sampling import Sampling


@dataclass(frozen=True)
class Delta:
    """A piece of an answer; `tokens` counts all so far.

    `finish` is empty until the last piece: then `stop`, `length`, or `error` with its reason.
    """

    text: str
    tokens: int
    finish: str = ""
    error: ProjectError | None = None


@dataclass(eq=False)
class Work:
    """A prompt (token ids) for the model of that name.

    `deliver` is called with every piece, in the engine's thread. Setting `cancelled` ends the work
    without another piece; `deadline` is a time of the engine's clock.
    """

    model: str
    prompt: list[int]
    max_tokens: int
    deliver: Callable[[Delta], None]
    deadline: float
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    cancelled: bool = field(default=False)
