"""The rule that decides who serves, on numbers alone: no files, no registry, no clock.

A learned model serves only while it beats the best baseline on days that no contender was trained
on, by a paired interval that excludes zero. A newcomer has to beat the champion in the same way.
Where no model passes, the baseline serves: it costs nothing and cannot break.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Action = Literal["promoted", "kept", "baseline"]


@dataclass(frozen=True)
class Contender:
    """A model on the hold-out: mean absolute error with its interval, in the target's unit."""

    version: str
    name: str
    is_baseline: bool
    mae: float
    lower: float
    upper: float

    @property
    def label(self) -> str:
        """Name and version, for sentences."""
        return f"{self.name} (version {self.version})"


@dataclass(frozen=True)
class Comparison:
    """Error of `model` minus error of `against` on the same days; below zero is better."""

    model: str
    against: str
    difference: float
    lower: float
    upper: float
    better: bool
    """Whether the whole interval lies below zero."""


@dataclass(frozen=True)
class Verdict:
    """Who serves from now on, and why in one sentence."""

    action: Action
    winner: Contender
    reason: str


def rivals(
    challenger: Contender | None, champion: Contender | None, baseline: Contender
) -> list[tuple[Contender, Contender]]:
    """The pairs that the rule looks at: (model, against), each of two different versions."""
    pairs = [(challenger, champion), (challenger, baseline), (champion, baseline)]
    unique: dict[tuple[str, str], tuple[Contender, Contender]] = {}
    for model, against in pairs:
        if model and against and model.version != against.version and not model.is_baseline:
            unique[model.version, against.version] = (model, against)
    return list(unique.values())


def decide(
    challenger: Contender | None,
    champion: Contender | None,
    baseline: Contender,
    comparisons: Sequence[Comparison],
) -> Verdict:
    """Apply the rule to the comparisons of `rivals`; `champion` is None at the first promotion."""
    beaten = {(found.model, found.against) for found in comparisons if found.better}

    def unbeaten(model: Contender, *others: Contender | None) -> list[str]:
        """Labels of the others that `model` does not beat for certain."""
        left = [other for other in others if other and (model.version, other.version) not in beaten]
        return list(dict.fromkeys(other.label for other in left))

    if challenger is None:
        reason = "There is no new model."
    elif left := unbeaten(challenger, champion, baseline):
        reason = f"{challenger.label} does not beat {' or '.join(left)} for certain."
    else:
        over = "the champion and the best baseline" if champion else "the best baseline"
        return Verdict("promoted", challenger, f"{challenger.label} beats {over} on the hold-out.")
    if champion and not champion.is_baseline:
        if not unbeaten(champion, baseline):
            return Verdict("kept", champion, f"{reason} The champion {champion.label} stays.")
        reason += f" The champion {champion.label} does not beat {baseline.label} any more."
    if champion and champion.is_baseline and champion.mae <= baseline.mae:
        return Verdict("kept", champion, f"{reason} The baseline {champion.label} stays.")
    return Verdict("baseline", baseline, f"{reason} The baseline {baseline.label} serves.")
