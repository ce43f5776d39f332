"""The use cases; `active` gives the one that this project works on."""

from .base import Dataset, Feature, UseCase, Variable
from .pm25 import PM25

__all__ = ["Dataset", "Feature", "UseCase", "Variable", "active"]


def active() -> UseCase:
    """The use case of this project."""
    return PM25
