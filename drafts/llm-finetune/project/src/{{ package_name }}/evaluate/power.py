"""How many rows it takes to see a difference, and what a test set of this size can show.

For paired scores with differences d: n = (z_a sqrt(E[d^2]) + z_b sqrt(Var[d]))^2 / E[d]^2. With
scores of 0 and 1, E[d^2] is the share of rows on which the systems disagree, which makes it the
sample size of McNemar's test (Connor 1987, Biometrics 43, 207).
"""

import math
from statistics import NormalDist

POWER = 0.8
"""The chance, wished for, to see a difference that is there."""


def rows_needed(
    delta: float, mean_square: float, *, level: float = 0.95, power: float = POWER
) -> int | None:
    """Rows to see a mean difference `delta` whose square is `mean_square` on average.

    None where there is no difference to see.
    """
    if delta == 0 or mean_square <= 0:
        return None
    beside = math.sqrt(max(0.0, mean_square - delta**2))
    reach = _z(1 - (1 - level) / 2) * math.sqrt(mean_square) + _z(power) * beside
    return math.ceil((reach / delta) ** 2)


def detectable(
    rows: float, mean_square: float, *, level: float = 0.95, power: float = POWER
) -> float | None:
    """The smallest difference that `rows` rows show with that power; None where nothing differs.

    Never above `sqrt(mean_square)`, the largest there can be with differences of that size.
    """
    if rows <= 0 or mean_square <= 0:
        return None
    reach = _z(1 - (1 - level) / 2) + _z(power)
    return min(math.sqrt(mean_square), reach * math.sqrt(mean_square / rows))


def _z(share: float) -> float:
    return NormalDist().inv_cdf(share)
