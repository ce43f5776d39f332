"""What a run will need, told before anything but the model's configuration is downloaded."""

from .estimation import Estimate, estimate

__all__ = ["Estimate", "estimate"]
