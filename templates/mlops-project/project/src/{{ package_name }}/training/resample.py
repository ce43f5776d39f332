"""Uncertainty of a metric over days: the circular block bootstrap.

Neighbouring days are alike, so drawing single days would pretend to more evidence than there is.
Blocks of consecutive days are drawn instead (Künsch 1989, Annals of Statistics 17, 1217), from days
laid in a circle so that each day is drawn equally often (Politis and Romano 1992, "A circular
block-resampling procedure for stationary data").

Every metric here is a ratio of sums over days, so a draw is nothing but a weight for each day, and
all draws of all metrics are one matrix product. The same weights for two models give their paired
difference.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..models import Matrix, Vector

CONFIDENCE = 0.95
"""Of every interval around a metric or a difference of two; the gate decides by it too."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; None where it is not defined (no alert to be right about)."""

    value: float | None
    low: float | None
    high: float | None
    days: int

    def json(self) -> dict[str, Any]:
        """As a plain dict."""
        return asdict(self)


@lru_cache(maxsize=8)
def day_weights(days: int, block_days: int, samples: int, seed: int) -> Matrix:
    """How often each of `days` is drawn in each of `samples` draws (samples, days).

    Each row sums to `days`. Blocks are no longer than half of the days. Kept, because a training
    run asks for the same weights a hundred times.
    """
    block = max(1, min(block_days, days // 2))
    blocks = -(-days // block)
    starts = np.random.default_rng(seed).integers(0, days, size=(samples, blocks))
    drawn = ((starts[:, :, None] + np.arange(block)) % days).reshape(samples, -1)[:, :days]
    cell = np.arange(samples)[:, None] * days + drawn
    counts = np.bincount(cell.ravel(), minlength=samples * days)
    return counts.reshape(samples, days).astype(np.float64)


def ratio(numerator: Vector, denominator: Vector, weights: Matrix, level: float) -> Estimate:
    """sum(numerator) / sum(denominator) over days (d,), with its percentile interval.

    Draws in which the denominator is 0 are left out. `days` counts those that enter.
    """
    days = int(np.count_nonzero(denominator))
    total = denominator.sum()
    if total == 0:
        return Estimate(None, None, None, days)
    below = weights @ denominator
    draws = (weights @ numerator)[below > 0] / below[below > 0]
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(numerator.sum() / total), float(low), float(high), days)
