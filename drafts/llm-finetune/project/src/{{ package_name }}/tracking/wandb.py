"""Weights & Biases: the account of WANDB_API_KEY, or files on this machine without one."""

import os
from collections.abc import Mapping
from typing import Any

from ..config import Config
from .installed import require


class WandbTracker:
    """One run in a W&B project. Offline when there is no key or the configuration is offline."""

    def __init__(self, config: Config) -> None:
        require("wandb")
        self._folder = config.at(config.data_dir)
        self._project = config.tracking.project
        online = bool(os.environ.get("WANDB_API_KEY")) and not config.offline
        self._mode: Any = os.environ.get("WANDB_MODE") or ("online" if online else "offline")

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        """Begin a run; what is kept offline can be sent later with `wandb sync`."""
        import wandb

        self._folder.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            project=self._project,
            name=run,
            config=dict(settings),
            dir=str(self._folder),
            mode=self._mode,
            reinit="create_new",
            settings=wandb.Settings(silent=True, disable_git=True, console="off"),
        )

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """All figures of a step in one call."""
        self._run.log(dict(figures), step=step)

    def finish(self, figures: Mapping[str, float], *, failed: bool = False) -> None:
        """Write the final figures into the run's summary and end it."""
        self._run.summary.update({f"final/{name}": value for name, value in figures.items()})
        self._run.finish(exit_code=1 if failed else 0)
