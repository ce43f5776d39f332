"""The data card: where the examples are from, what was done to them, and what they cannot show."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..config import Config

if TYPE_CHECKING:
    from .prepare import Prepared

_REASONS = 10
_VALUES = 12

_LIMITS = {
    "text_to_sql": "Two different queries can give the same rows by chance: execution accuracy "
    "is an upper bound, most of all where the result is empty (see the slice `result`).",
    "extraction": "Values are compared as texts: the same time said in other words is wrong.",
    "classification": "Labels that are seldom here have few test rows; see their intervals.",
    "instruct": "Only what a program can check is scored, not whether an answer is good.",
}


def card(made: "Prepared", config: Config) -> str:
    """The card as Markdown."""
    origin = made.origin
    parts = [
        "# Data card",
        *([f"> **{origin.note}**"] if made.made_up else []),
        "## Source",
        _table(
            ("", ""),
            [
                ("from", f"`{origin.name}` ({origin.kind})"),
                ("revision", f"`{origin.revision}`"),
                ("licence", origin.licence),
                ("task", f"`{made.task}`"),
                *([("note", origin.note)] if origin.note and not made.made_up else []),
            ],
        ),
        "## What was done",
        _table(("step", "rows"), _steps(made)),
        *_refused(made),
        f"Related rows (one group, equal prompts, or {config.data.leak_share:.0%} of the runs of "
        f"{config.data.ngram} words in common) stay in one set: {made.families:,} families. No "
        "test prompt stands in the other sets, by the same measure.",
        f"The test set is frozen: SHA-256 `{made.test_hash}`.",
        "## Lengths in tokens",
        _lengths(made.lengths),
        "## Slices of the test set",
        _table(("slice", "rows"), _slices(made.slices)),
        *(["## Warnings", "\n".join(f"- {one}" for one in made.warnings)] if made.warnings else []),
        "## What it cannot show",
        _LIMITS[made.task],
        "To be written by who uses it: whom these examples come from, whom they leave out, and "
        "whether they hold anything about persons.",
    ]
    return "\n\n".join(parts) + "\n"


def _steps(made: "Prepared") -> list[tuple[str, str]]:
    steps = {
        "records read": made.records,
        "left out: not as they should be": len(made.refused),
        "left out: prompt is there already": made.duplicates + made.conflicts,
        "left out: longer than the window": made.long,
        "left out: stands in the test set": made.leaked,
    }
    steps |= {f"**{name}**": count for name, count in made.counts.items()}
    return [(name, f"{count:,}") for name, count in steps.items()]


def _refused(made: "Prepared") -> list[str]:
    if not made.refused:
        return []
    listed = [f"- line {line}: {_plain(reason)}" for line, reason in made.refused[:_REASONS]]
    if len(made.refused) > _REASONS:
        listed.append(f"- and {len(made.refused) - _REASONS:,} more in data.json")
    return ["Left out:", "\n".join(listed)]


def _lengths(lengths: Mapping[str, Any]) -> str:
    rows = [
        (name, *(f"{lengths[name][one]:,}" for one in ("median", "p95", "max")))
        for name in ("prompt", "answer", "total")
    ]
    table = _table(("", "median", "95 %", "longest"), rows)
    return f"{table}\n\nAn example may have {lengths['window']:,}."


def _slices(slices: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str]]:
    rows = []
    for name, values in slices.items():
        shown = [f"{_plain(value)} {count}" for value, count in list(values.items())[:_VALUES]]
        if len(values) > _VALUES:
            shown.append(f"and {len(values) - _VALUES} more")
        rows.append((name, " · ".join(shown)))
    return rows


def _plain(text: str) -> str:
    """A text of the data that cannot break a table or a list."""
    return " ".join(text.split()).replace("|", "\\|").replace("`", "'")[:160]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
