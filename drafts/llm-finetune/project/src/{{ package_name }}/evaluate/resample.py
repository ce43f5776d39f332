"""How sure a paired difference is: the percentile bootstrap over rows, or over groups of them.

Rows of one group (the same question in other words, say) tell less than as many strangers, so a
draw takes whole groups with replacement (Davison and Hinkley 1997, section 3.8). Both systems
answered the same rows, so a draw takes their differences together.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

CELLS = 2_000_000
"""Draws are made in parts of so many indices, so that a large test set takes no more memory."""


@dataclass(frozen=True)
class Interval:
    """A mean with its interval; all are None when there are no rows."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Grouped:
    """Sums of `values` (n, k) by group: `sums` (g, k), and `sizes` (g,) in rows."""

    sums: Matrix
    sizes: Vector

    @classmethod
    def of(cls, values: Matrix, groups: Sequence[Hashable] | None) -> "Grouped":
        """Without `groups` every row is one of its own. Raises ValueError for unequal lengths."""
        rows = len(values)
        if groups is None:
            return cls(values, np.ones(rows))
        if len(groups) != rows:
            raise ValueError(f"{rows} rows, but {len(groups)} groups")
        numbers: dict[Hashable, int] = {}
        index = np.array([numbers.setdefault(name, len(numbers)) for name in groups], dtype=int)
        sums = np.zeros((len(numbers), values.shape[1]))
        np.add.at(sums, index, values)
        return cls(sums, np.bincount(index, minlength=len(numbers)).astype(np.float64))


def draws(grouped: Grouped, samples: int, seed: int) -> Matrix:
    """Means of `samples` draws of as many groups as there are, with replacement: (samples, k)."""
    count = len(grouped.sizes)
    return np.concatenate(
        [
            grouped.sums[drawn].sum(axis=1) / grouped.sizes[drawn].sum(axis=1)[:, None]
            for drawn in _indices(count, samples, seed)
        ]
    )


def _indices(count: int, samples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    part = max(1, CELLS // count)
    for start in range(0, samples, part):
        yield random.integers(0, count, size=(min(part, samples - start), count))


def percentiles(means: Vector, level: float) -> tuple[float, float]:
    """The bounds that leave (1 - level) / 2 of the draws (s,) out on either side.

    Order statistics counted from both ends: the interval of -x is exactly minus that of x, so that
    exchanging two systems always exchanges the verdict.
    """
    ordered = np.sort(means)
    out = int((1 - level) / 2 * len(ordered) + 1e-9)
    return float(ordered[out]), float(ordered[len(ordered) - 1 - out])


def mean_interval(
    values: Sequence[float] | Vector,
    groups: Sequence[Hashable] | None = None,
    *,
    samples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean of `values` (n,) with its percentile interval, resampled by group."""
    column = np.asarray(values, dtype=np.float64)[:, None]
    if not len(column):
        return Interval(None, None, None)
    low, high = percentiles(draws(Grouped.of(column, groups), samples, seed)[:, 0], level)
    return Interval(float(column.mean()), low, high)
