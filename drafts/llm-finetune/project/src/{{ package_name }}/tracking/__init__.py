"""Where a run's curves go besides its folder; each service is one file behind `base.Tracker`."""

from ..config import Config
from .base import Tracker


def tracker(config: Config) -> Tracker:
    """The tracker that the configuration names. Raises ConfigError when it is not installed."""
    name = config.tracking.tracker
    if name == "none":
        from .none import NoTracker

        return NoTracker()
    if name == "mlflow":
        from .mlflow import MlflowTracker

        return MlflowTracker(config)
    if name == "wandb":
        from .wandb import WandbTracker

        return WandbTracker(config)
    from .trackio import TrackioTracker

    return TrackioTracker(config)
