"""Whose the data are: the label that everything made from them carries.

A label is the name of the source that gave every dataset ("live", "simulated"), or the names of
several, joined: "simulated + station". A label with "simulated" in it is one to be warned of.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

LIVE, SIMULATED = "live", "simulated"
_AND = " + "


@dataclass(frozen=True)
class Origin:
    """Where a dataset comes from, and which of its variables that source does not have."""

    dataset: str
    source: str
    licence: str
    attribution: str
    absent: list[str] = field(default_factory=list)


def label(sources: Iterable[str]) -> str:
    """The label of data from these sources."""
    return _AND.join(sorted(set(sources)))


def is_simulated(label: str | None) -> bool:
    """Whether any of the data are generated."""
    return label is not None and SIMULATED in label.split(_AND)


def of_model(data: str, model: str) -> str:
    """The label of what a model makes of data: simulated where one of the two is."""
    return model if is_simulated(model) and not is_simulated(data) else data


def notice(label: str | None) -> str:
    """The first words of every warning; empty where nothing is simulated."""
    if not is_simulated(label):
        return ""
    return "Simulated data" if label == SIMULATED else "Partly simulated data"


def warning(label: str) -> tuple[str, str]:
    """The notice and what it means, for a page; both empty where nothing is simulated."""
    if not is_simulated(label):
        return "", ""
    meaning = "nobody measured this" if label == SIMULATED else "not all of this was measured"
    return f"{notice(label)}:", f"{meaning}."
