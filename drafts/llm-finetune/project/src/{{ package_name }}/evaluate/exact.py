"""Tests that need no normal distribution: exact McNemar, sign flips by group, Holm's correction."""

from collections.abc import Sequence

import numpy as np

from .resample import Grouped, Vector

DRAWS = 10_000
ROUNDING = 1e-12


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided p of `fixed` rows against `broken` ones, were both equally likely.

    Rows on which both systems agree say nothing (McNemar 1947); the binomial is exact.
    """
    total = fixed + broken
    ways = tail = 1
    for count in range(min(fixed, broken)):
        ways = ways * (total - count) // (count + 1)
        tail += ways
    return min(1.0, float(2 * tail / 2**total))


def sign_flip(grouped: Grouped, *, draws: int = DRAWS, seed: int = 0) -> float:
    """Two-sided p of a mean difference, were each group's sign a coin's (Fisher's randomisation).

    For scores that are not 0 or 1 and for groups of rows; column 0 is tested. All 2^g signs are
    tried where they are few, else `draws` of them, the observed one counted among them.
    """
    sums: Vector = grouped.sums[:, 0]
    sums = sums[sums != 0]
    count = len(sums)
    if count == 0:
        return 1.0
    observed = abs(sums.sum()) - ROUNDING * max(1.0, np.abs(sums).sum())
    if 2**count <= draws:
        signs = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
        return float(np.mean(np.abs(signs @ sums) >= observed))
    random = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, draws, 1000):
        signs = random.choice((-1.0, 1.0), size=(min(1000, draws - start), count))
        extreme += int(np.count_nonzero(np.abs(signs @ sums) >= observed))
    return (extreme + 1) / (draws + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p of several tests (Holm 1979): the chance of any false alarm stays alpha."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
