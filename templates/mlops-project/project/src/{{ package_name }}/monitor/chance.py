"""How large an effect is without any drift: block permutation and the maximum over all findings.

Weather is alike from day to day, so two samples of days differ by more than independent rows would,
and a p-value from row counts is 0 for everything. If nothing changed, it does not matter which days
are called current: blocks of consecutive days are dealt out anew, again and again, and each deal
gives the effects that the same comparison finds where there is no drift. (Blocks: Künsch 1989,
Annals of Statistics 17, 1217. Permutation tests are exact for exchangeable blocks: Fisher 1935.)

With many features one of them is always unusual. An effect is therefore compared with the *largest*
effect of each deal, each first divided by its own feature's 95th percentile: the single-step
max procedure of Westfall and Young (1993), "Resampling-Based Multiple Testing", ch. 2, which holds
the chance of any false alarm at alpha whatever the features' correlations.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Deals = NDArray[np.float32]

DRAWS = 999
SEED = 7
CELLS = 200_000
"""Draws times days at once: bounds the memory for thousands of days."""


@dataclass(frozen=True)
class Judgement:
    """For f effects: what chance gives at most (f,), and adjusted p-values (f,)."""

    chance: Vector
    p: Vector


def deals(reference: Days, current: Days, block_days: int) -> Deals:
    """Which days each deal calls current: 1.0 or 0.0, shape (DRAWS, r + c).

    Columns are the reference's days (r,), then the current ones (c,); each row has c ones. Blocks
    do not reach across a gap, so that a block never joins two years.
    """
    days = np.concatenate([reference, current]).astype("datetime64[D]").astype(np.int64)
    return _deals(tuple((days - days[0]).tolist()), len(current), block_days)


@lru_cache(maxsize=8)
def _deals(days: tuple[int, ...], chosen: int, block_days: int) -> Deals:
    rng = np.random.default_rng(SEED)
    position = np.array(days)
    order = np.argsort(position, kind="stable")
    ordered = position[order]
    run = np.concatenate([[0], np.cumsum(np.diff(ordered) > 1)])
    within = ordered - ordered[np.searchsorted(run, run)]
    # Each deal cuts the runs of days at other places, so that no cut is preferred.
    runs = int(run[-1]) + 1
    most = int(within.max()) // block_days + 2
    dealt = np.zeros((DRAWS, len(days)), dtype=np.float32)
    for some in np.array_split(np.arange(DRAWS), 1 + DRAWS * len(days) // CELLS):
        offsets = rng.integers(0, block_days, size=(len(some), runs))
        block = run * most + (within + offsets[:, run]) // block_days
        rank = np.take_along_axis(rng.random((len(some), runs * most)), block, axis=1)
        shuffled = np.argsort(rank, axis=1, kind="stable")[:, :chosen]
        dealt[some[:, None], order[shuffled]] = 1.0
    dealt.flags.writeable = False  # it is shared by all who ask for the same days
    return dealt


def judge(effects: Vector, null: Matrix, alpha: float) -> Judgement:
    """Compare effects (f,) with those of the deals (DRAWS, f); larger is worse."""
    scale = np.maximum(np.quantile(null, 0.95, axis=0), 1e-12)
    largest = (null / scale).max(axis=1)
    exceeded = (largest[:, None] >= effects / scale).sum(axis=0)
    limit = np.quantile(largest, 1 - alpha, method="higher")
    return Judgement(chance=limit * scale, p=(1 + exceeded) / (1 + len(null)))
