"""Concept drift: the champion errs more than it did on other days that it had not seen.

Errors follow the level of the air and how changeable the weather is, so neither their size nor its
change says anything alone. Two ratios do, each of the period over the reference:

    error / level         sum |y - prediction| / sum y
    error / persistence   sum |y - prediction| / sum |y - persistence|, that is 1 - skill

The reference errors are out of sample: from validation folds and the hold-out, in the same season.
"""

from dataclasses import dataclass

import numpy as np

from .chance import Days, Deals, Vector, deals, judge
from .findings import Check, Finding, concluded

NAME = "concept drift"


@dataclass(frozen=True)
class DailyErrors:
    """Sums over the labelled hours of each of d days, all (d,), in the target's unit."""

    days: Days
    error: Vector
    persistence_error: Vector
    level: Vector
    hours: Vector

    def __len__(self) -> int:
        return len(self.days)

    @property
    def mae(self) -> float:
        """Mean absolute error of the hours."""
        return float(self.error.sum() / self.hours.sum())

    @property
    def skill(self) -> float:
        """1 - error / persistence's error: above 0 the model is worth having."""
        below = self.persistence_error.sum()
        return float(1 - self.error.sum() / below) if below > 0 else 0.0


def daily_errors(day: Days, y: Vector, prediction: Vector, persistence: Vector) -> DailyErrors:
    """Sum hours (n,) by issue day (n,); hours that lack one of the three values are left out."""
    known = np.isfinite(y) & np.isfinite(prediction) & np.isfinite(persistence)
    days, index = np.unique(day[known], return_inverse=True)

    def sums(values: Vector) -> Vector:
        result: Vector = np.bincount(index, weights=values[known]).astype(np.float64)
        return result

    return DailyErrors(
        days=days,
        error=sums(np.abs(y - prediction)),
        persistence_error=sums(np.abs(y - persistence)),
        level=sums(y),
        hours=sums(np.ones(len(y))),
    )


def compare(
    reference: DailyErrors,
    current: DailyErrors,
    *,
    threshold: float,
    alpha: float,
    block_days: int,
    comparable: bool = True,
    against_persistence: bool = True,
) -> Check:
    """Judge both ratios; the second is left out where persistence itself is the champion."""
    joined = {
        "error / level": (
            np.concatenate([reference.error, current.error]),
            np.concatenate([reference.level, current.level]),
        ),
        "error / persistence": (
            np.concatenate([reference.error, current.error]),
            np.concatenate([reference.persistence_error, current.persistence_error]),
        ),
    }
    if not against_persistence:
        del joined["error / persistence"]
    dealt = deals(reference.days, current.days, block_days)
    actual = np.zeros((1, dealt.shape[1]), dtype=np.float32)
    actual[0, len(reference) :] = 1.0
    effects = np.array([_ratio(*sums, actual)[0] for sums in joined.values()])
    null = np.column_stack([_ratio(*sums, dealt) for sums in joined.values()])
    verdict = judge(effects, null, alpha)
    findings = [
        Finding(
            name,
            "ratio to the reference",
            float(effects[index]),
            threshold,
            alarm=bool(effects[index] > threshold and verdict.p[index] <= alpha),
            chance=float(verdict.chance[index]),
            p=float(verdict.p[index]),
        )
        for index, name in enumerate(joined)
    ]
    top = max(findings, key=lambda found: found.severity)
    value = f"{top.name} is {top.effect:.2f} times the reference's, chance reaches {top.chance:.2f}"
    # Only a day's error over its level tells when it began: the other ratio is too restless.
    since = change_day(reference, current) if findings[0].alarm else None
    return concluded(NAME, findings, value, comparable=comparable, since=since)


def _ratio(numerator: Vector, denominator: Vector, chosen: Deals) -> Vector:
    """(current ratio of sums) / (reference ratio of sums) for each row of `chosen` (s, d)."""
    above, below = chosen @ numerator, chosen @ denominator
    rest_above, rest_below = numerator.sum() - above, denominator.sum() - below
    tiny = 1e-12
    result: Vector = (above / np.maximum(below, tiny)) / np.maximum(
        rest_above / np.maximum(rest_below, tiny), tiny
    )
    return result


def change_day(reference: DailyErrors, current: DailyErrors) -> str:
    """The first day from which on errors are higher: where the Page-Hinkley sum is lowest.

    The sum adds each day's relative error less the mean of before and after (Page 1954, Biometrika
    41, 100; Hinkley 1971): it falls while errors are as before, and rises afterwards.
    """
    before = reference.error.sum() / reference.level.sum()
    relative = current.error / np.maximum(current.level, 1e-12)
    after = current.error.sum() / max(current.level.sum(), 1e-12)
    running = np.concatenate([[0.0], np.cumsum(relative - (before + after) / 2)])
    return str(current.days[min(int(np.argmin(running)), len(current) - 1)])
