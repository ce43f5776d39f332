"""Checks of what people get wrong in fine-tuning, before training and on what was saved."""

from .doctor import check_before, check_saved
from .finding import Finding

__all__ = ["Finding", "check_before", "check_saved"]
