"""Is one system better than another on the same rows? Pure numbers in, a verdict out."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .exact import mcnemar, sign_flip
from .power import detectable, rows_needed
from .resample import Grouped, Vector, draws, percentiles

Verdict = Literal["improved", "worse", "inconclusive"]


@dataclass(frozen=True)
class Comparison:
    """`after` against `before`: means, their difference with interval and test, and the verdict.

    `p` is what the verdict asks: exact McNemar's, or that of sign flips where rows have groups or
    scores are not 0 and 1 (`test` says which). `mcnemar` is there for all scores of 0 and 1, as if
    rows were strangers. `fixed` and `broken` count the rows on which `after` scores higher and
    lower. `rows_needed` are those that a difference as the one seen takes to be found in 4 of 5
    tries; `detectable` is the smallest that these rows find.
    """

    rows: int
    groups: int
    before: float
    after: float
    delta: float
    low: float
    high: float
    level: float
    test: Literal["mcnemar", "sign flips"]
    p: float
    mcnemar: float | None
    fixed: int
    broken: int
    verdict: Verdict
    rows_needed: int | None
    detectable: float | None


def compare(
    before: Sequence[float] | Vector,
    after: Sequence[float] | Vector,
    groups: Sequence[Hashable] | None = None,
    *,
    higher_is_better: bool = True,
    samples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare the scores (n,) of two systems on the same rows, row by row.

    Raises ValueError without rows, for unequal lengths and for scores that are no numbers.
    """
    first = np.asarray(before, dtype=np.float64)
    second = np.asarray(after, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(f"scores of the same rows are compared, not {first.shape}, {second.shape}")
    difference = second - first
    if not np.isfinite(difference).all():
        raise ValueError("a score is not a number")
    grouped = Grouped.of(difference[:, None], groups)
    means = draws(grouped, samples, seed)[:, 0]
    low, high = percentiles(means, level)
    fixed, broken = int((difference > 0).sum()), int((difference < 0).sum())
    binary = bool(np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all())
    exact = binary and len(grouped.sizes) == len(difference)
    by_rows = mcnemar(fixed, broken) if binary else None
    p = mcnemar(fixed, broken) if exact else sign_flip(grouped, seed=seed)
    delta, square = float(difference.mean()), float((difference**2).mean())
    weight = _design_effect(difference, means)
    needed = rows_needed(delta, square, level=level)
    return Comparison(
        rows=len(difference),
        groups=len(grouped.sizes),
        before=float(first.mean()),
        after=float(second.mean()),
        delta=delta,
        low=low,
        high=high,
        level=level,
        test="mcnemar" if exact else "sign flips",
        p=p,
        mcnemar=by_rows,
        fixed=fixed,
        broken=broken,
        verdict=verdict(low, high, p, level=level, higher_is_better=higher_is_better),
        rows_needed=None if needed is None else round(needed * weight),
        detectable=detectable(len(difference) / weight, square, level=level),
    )


def verdict(
    low: float, high: float, p: float, *, level: float = 0.95, higher_is_better: bool = True
) -> Verdict:
    """A difference counts when its interval excludes 0 and the exact test agrees.

    The test alone guards small sets: on three rows that all improve the bootstrap sees no spread.
    """
    if p >= 1 - level or low <= 0 <= high:
        return "inconclusive"
    return "improved" if (low > 0) == higher_is_better else "worse"


def _design_effect(difference: Vector, means: Vector) -> float:
    """How many times more rows groups cost than strangers would; at least 1."""
    alone = float(difference.var()) / len(difference)
    return max(1.0, float(means.var()) / alone) if alone > 0 else 1.0
