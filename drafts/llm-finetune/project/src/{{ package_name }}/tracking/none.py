"""No tracker: the run folder is the record."""

from collections.abc import Mapping
from typing import Any


class NoTracker:
    """Hears everything and keeps nothing."""

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        """Nothing to begin."""

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Nothing to keep."""

    def finish(self, figures: Mapping[str, float], *, failed: bool = False) -> None:
        """Nothing to end."""
