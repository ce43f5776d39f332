"""What a check says: its findings, each an effect beside the thresholds it has to exceed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["quiet", "alarm", "not comparable", "not judged"]


@dataclass(frozen=True)
class Finding:
    """One quantity that was judged.

    It alarms only when `effect` exceeds `threshold` (it matters) and `chance` (it is not what data
    without drift gives); `chance` and `p` are None where nothing random is involved.
    """

    name: str
    measure: str
    effect: float
    threshold: float
    alarm: bool
    chance: float | None = None
    """What data without drift exceeds with probability alpha only, over the whole check."""
    p: float | None = None
    """Adjusted for the number of findings."""
    details: dict[str, float] = field(default_factory=dict)

    @property
    def severity(self) -> float:
        """Effect over the higher threshold; more than 1 alarms."""
        return self.effect / max(self.threshold, self.chance or 0.0)


@dataclass(frozen=True)
class Check:
    """One of the four checks; `value` is its result in a few words."""

    name: str
    status: Status
    alarm: bool
    value: str
    findings: tuple[Finding, ...] = ()
    since: str | None = None
    """The day from which on it shows, where that can be told."""

    @property
    def worst(self) -> Finding | None:
        """The finding nearest to, or furthest past, its threshold."""
        return max(self.findings, key=lambda found: found.severity, default=None)


def concluded(
    name: str,
    findings: Sequence[Finding],
    value: str,
    *,
    comparable: bool = True,
    since: str | None = None,
) -> Check:
    """The check made of its findings; without a comparable reference it never alarms."""
    alarm = comparable and any(found.alarm for found in findings)
    status: Status = "alarm" if alarm else "quiet" if comparable else "not comparable"
    return Check(name, status, alarm, value, tuple(findings), since if alarm else None)


def not_judged(name: str, why: str) -> Check:
    """A check for which there is too little data."""
    return Check(name, "not judged", False, why)
