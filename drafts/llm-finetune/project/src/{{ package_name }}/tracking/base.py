"""What a tracker is: it hears of a run's settings, curves and end, and changes nothing."""

from collections.abc import Mapping
from typing import Any, Protocol


class Tracker(Protocol):
    """One run at a tracking service; the run folder holds everything even without one."""

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        """Begin a run under a name, with its settings flattened to `section.key`."""

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Figures at a step of the training."""

    def finish(self, figures: Mapping[str, float], *, failed: bool = False) -> None:
        """End the run with its final figures."""


def flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"train": {"seed": 0}}` as `{"train.seed": 0}`."""
    settings: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, Mapping):
            settings |= flat(value, f"{prefix}{name}.")
        else:
            settings[f"{prefix}{name}"] = value
    return settings
