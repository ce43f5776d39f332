"""Several trainings as one statement: rows and seeds are both drawn.

The spread between seeds is often larger than one run's interval tells. Each draw takes rows (by
group) and, independently, seeds with replacement; the seeds' part is widened by sqrt(k / (k - 1)),
because k seeds drawn from k show that much too little spread (Davison and Hinkley 1997, 2.3).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .compare import Verdict
from .resample import Grouped, Vector, draws, percentiles


@dataclass(frozen=True)
class Combined:
    """Mean difference over seeds with its interval; `deltas` by seed and their deviation."""

    seeds: tuple[int, ...]
    deltas: tuple[float, ...]
    delta: float
    low: float
    high: float
    level: float
    deviation: float
    verdict: Verdict


def combine(
    before: Sequence[float] | Vector,
    after: Mapping[int, Sequence[float] | Vector],
    groups: Sequence[Hashable] | None = None,
    *,
    samples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Combined:
    """Compare trainings with several seeds, (n,) scores each, with one base on the same rows.

    The verdict also wants every seed on the same side of 0. Raises ValueError for fewer than two.
    """
    if len(after) < 2:
        raise ValueError("seeds are combined from two on")
    base = np.asarray(before, dtype=np.float64)
    tuned = np.stack([np.asarray(scores, dtype=np.float64) for scores in after.values()], axis=1)
    difference = tuned - base[:, None]
    count = difference.shape[1]
    by_rows = draws(Grouped.of(difference, groups), samples, seed)  # (samples, seeds)
    drawn = np.random.default_rng([seed, 1]).integers(0, count, size=(samples, count))
    middle = by_rows.mean(axis=1)
    seeds_part = np.take_along_axis(by_rows, drawn, axis=1).mean(axis=1) - middle
    low, high = percentiles(middle + np.sqrt(count / (count - 1)) * seeds_part, level)
    deltas = difference.mean(axis=0)
    agreed: Verdict = "inconclusive"
    if low > 0 and (deltas > 0).all():
        agreed = "improved"
    elif high < 0 and (deltas < 0).all():
        agreed = "worse"
    return Combined(
        seeds=tuple(after),
        deltas=tuple(float(one) for one in deltas),
        delta=float(deltas.mean()),
        low=low,
        high=high,
        level=level,
        deviation=float(deltas.std(ddof=1)),
        verdict=agreed,
    )
