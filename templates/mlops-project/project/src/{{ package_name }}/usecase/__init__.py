"""The use cases; `active` gives the one that this project works on.

Each file here that declares a `USE_CASE` is one; `use_case` in config.toml names the active one.
"""

from functools import cache

from ..discovery import chosen, declared
from .base import Dataset, Feature, UseCase, Variable

__all__ = ["DEFAULT", "Dataset", "Feature", "UseCase", "Variable", "active", "choose"]

DEFAULT = "pm25"
_name = DEFAULT


def choose(name: str) -> None:
    """Make a use case the active one of this process. Raises ConfigError when there is none."""
    global _name
    _of(name)
    _name = name


def active() -> UseCase:
    """The use case that was chosen last, by reading the settings."""
    return _of(_name)


@cache
def _of(name: str) -> UseCase:
    return chosen(declared(__name__, "USE_CASE", UseCase), name, "use case")
