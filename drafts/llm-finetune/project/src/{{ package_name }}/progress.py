"""How long-running steps say where they are, without knowing who listens."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many parts are done, and how many there are."""


def quiet(label: str, done: int, total: int) -> None:
    """The listener that ignores everything: the default outside the command line."""
