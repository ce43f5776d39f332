"""Whether a tracker's library is there."""

from importlib.util import find_spec

from ..errors import ConfigError


def require(library: str) -> None:
    """Raise ConfigError when the library of a tracker is not installed."""
    if find_spec(library) is None:
        raise ConfigError(
            f"tracking.tracker is {library}, and {library} is not installed here.",
            f"Install it (pip install {library}), or set tracking.tracker to none.",
        )
