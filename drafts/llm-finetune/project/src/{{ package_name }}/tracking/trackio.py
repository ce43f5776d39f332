"""Trackio: Hugging Face's local tracker; `trackio show` draws what it keeps."""

import os
from collections.abc import Mapping
from typing import Any

from ..config import Config
from .installed import require


class TrackioTracker:
    """One run in a Trackio project, kept under the data folder."""

    def __init__(self, config: Config) -> None:
        require("trackio")
        # Read when the library is first imported.
        os.environ.setdefault("TRACKIO_DIR", str(config.at(config.data_dir) / "trackio"))
        self._project = config.tracking.project

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        """Begin a run."""
        import trackio

        self._run = trackio.init(
            project=self._project, name=run, config=dict(settings), embed=False
        )

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """All figures of a step in one call."""
        self._run.log(dict(figures), step=step)

    def finish(self, figures: Mapping[str, float], *, failed: bool = False) -> None:
        """Log the final figures under `final/` and end the run."""
        self._run.log({f"final/{name}": value for name, value in figures.items()})
        self._run.finish()
