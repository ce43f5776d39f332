"""Data drift and prediction drift: the distribution of a column has moved.

    PSI          sum over ten bins of (q - p) ln(q / p), the population stability index
                 (Siddiqi 2006, "Credit Risk Scorecards"): 0.1 is little, 0.2 is a shift
    KS           largest distance between the two distribution functions, 0 to 1
    Wasserstein  mean distance that values moved, in standard deviations of the reference

PSI decides; the other two say how the column moved. All come from counts (see `profile.py`).
"""

import numpy as np
from numpy.typing import NDArray

from .chance import Matrix, Vector, deals, judge
from .findings import Check, Finding, concluded
from .profile import Profile

PSI_BINS = 10
PRIOR_DAYS = 0.5
"""Added to each bin, in days of rows, so that an empty bin gives no infinite logarithm.

Half a count is Jeffreys' prior; what is counted independently here is days rather than hours.
"""


def psi(reference: Matrix, current: Matrix, prior: float = 0.5) -> Vector:
    """Population stability index of counts (..., bins), over the last axis."""
    p, q = reference + prior, current + prior
    p = p / p.sum(axis=-1, keepdims=True)
    q = q / q.sum(axis=-1, keepdims=True)
    result: Vector = ((q - p) * np.log(q / p)).sum(axis=-1)
    return result


def ks(reference: Vector, current: Vector) -> float:
    """Kolmogorov-Smirnov distance of two binned samples (bins,)."""
    return float(np.abs(_cdf(reference) - _cdf(current)).max())


def wasserstein(reference: Vector, current: Vector, edges: Vector) -> float:
    """First Wasserstein distance over the inner edges (bins - 1,), in standard deviations.

    It is the area between the distribution functions (Vallender 1974); values beyond the outer
    edges count as lying on them.
    """
    if len(edges) < 2:
        return 0.0
    area = np.abs(_cdf(reference) - _cdf(current))[:-2] @ np.diff(edges)
    middle = np.concatenate([edges[:1], (edges[:-1] + edges[1:]) / 2, edges[-1:]])
    share = reference / reference.sum()
    spread = np.sqrt(share @ (middle - share @ middle) ** 2)
    return float(area / spread) if spread > 0 else 0.0


def _cdf(counts: Vector) -> Vector:
    result: Vector = np.cumsum(counts) / max(counts.sum(), 1.0)
    return result


def grouping(total: Vector) -> NDArray[np.intp]:
    """Which of at most PSI_BINS groups of about equal size each fine bin (b,) belongs to.

    Sizes are those of both samples together: neither then has groups that are empty by design.
    """
    # A bin belongs to the tenth in which its middle lies; heavy bins leave some tenths empty.
    middle = (np.cumsum(total) - total / 2) / max(total.sum(), 1.0)
    tenth = np.minimum((middle * PSI_BINS).astype(np.intp), PSI_BINS - 1)
    group: NDArray[np.intp] = np.unique(tenth, return_inverse=True)[1]
    return group


def merged(counts: Matrix, group: NDArray[np.intp]) -> Matrix:
    """Counts of fine bins (d, b) summed by group (d, groups)."""
    joined = np.zeros((len(counts), int(group.max()) + 1))
    np.add.at(joined.T, group, counts.T)
    return joined


def grouped(edges: Vector, reference: Matrix, current: Matrix) -> tuple[Vector, Vector, Vector]:
    """For a picture: inner edges of the groups (g - 1,), and both counts (g,) over all days."""
    group = grouping(reference.sum(axis=0) + current.sum(axis=0))
    last_of_group = np.flatnonzero(np.diff(group))
    return (
        edges[last_of_group],
        merged(reference, group).sum(axis=0),
        merged(current, group).sum(axis=0),
    )


def compare(
    name: str,
    reference: Profile,
    current: Profile,
    *,
    threshold: float,
    alpha: float,
    block_days: int,
    comparable: bool = True,
) -> Check:
    """The check `name` over all columns that the two profiles share; edges are the reference's."""
    columns = [
        column
        for column in reference.edges
        if reference.counts[column].any() and current.counts[column].any()
    ]
    days = len(reference.days)
    dealt = deals(reference.days, current.days, block_days)
    effects, null = [], []
    for column in columns:
        fine = np.concatenate([reference.counts[column], current.counts[column]])
        counts = merged(fine, grouping(fine.sum(axis=0)))
        total = counts.sum(axis=0)
        prior = PRIOR_DAYS * total.sum() / len(counts)
        effects.append(psi(counts[:days].sum(axis=0), counts[days:].sum(axis=0), prior))
        called_current = dealt @ counts
        null.append(psi(total - called_current, called_current, prior))
    verdict = judge(np.array(effects), np.column_stack(null), alpha)
    findings = []
    for index, column in enumerate(columns):
        before, after = reference.counts[column].sum(axis=0), current.counts[column].sum(axis=0)
        chance, p = float(verdict.chance[index]), float(verdict.p[index])
        effect = float(effects[index])
        findings.append(
            Finding(
                column,
                "PSI",
                effect,
                threshold,
                alarm=effect > threshold and p <= alpha,
                chance=chance,
                p=p,
                details={
                    "ks": ks(before, after),
                    "wasserstein": wasserstein(before, after, reference.edges[column]),
                },
            )
        )
    findings.sort(key=lambda found: -found.severity)
    drifted = [found for found in findings if found.alarm]
    top = findings[0]
    if len(findings) == 1:
        value = f"PSI {top.effect:.2f}, chance reaches {top.chance:.2f}"
    elif drifted and comparable:
        count = f"{len(drifted)} of {len(findings)} beyond chance"
        value = f"{count}, first {top.name}: PSI {top.effect:.2f}"
    else:
        value = f"nearest {top.name}: PSI {top.effect:.2f}, chance reaches {top.chance:.2f}"
    return concluded(name, findings, value, comparable=comparable)
