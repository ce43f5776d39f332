"""From records to frozen sets: load, validate, deduplicate, split, look for leaks, describe."""

from .prepare import Prepared, prepare
from .splits import Splits, read

__all__ = ["Prepared", "Splits", "prepare", "read"]
