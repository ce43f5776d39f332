"""Numbers, tables and stamps as Markdown."""

import math
import re
from collections.abc import Sequence
from typing import Any

from ..provenance import is_simulated

NOT_MEASURED = "*Not measured.*"
NONE = "not measured"
FIGURE = re.compile(r"[-+−]?\d[\d.,]*( %| \(|$)|not measured$|—$|$")


def number(value: Any) -> str:
    """A figure as precisely as it is useful: 0.012, 4.56, 64.2, 1,234; NONE for no number."""
    if not isinstance(value, int | float) or value != value:
        return NONE
    size = abs(value)
    if size == 0 or size >= 100:
        return f"{value:,.0f}"
    decimals = 1 - math.floor(math.log10(size)) if size < 0.1 else 1 if size >= 10 else 2
    return f"{value:.{decimals}f}"


def count(value: Any) -> str:
    """A whole number with thousands set apart."""
    return f"{value:,}" if isinstance(value, int) else NONE


def signed(value: Any) -> str:
    """`number` with its sign, the minus as a minus."""
    text = number(value)
    return text if text == NONE else f"+{text}" if value > 0 else text.replace("-", "−")


def interval(lower: Any, upper: Any, write: Any = number) -> str:
    """`4.1 to 5.2`; NONE where either bound is missing."""
    bounds = (write(lower), write(upper))
    return NONE if NONE in bounds else " to ".join(bounds)


def percent(share: Any) -> str:
    """0.873 as `87 %`."""
    if not isinstance(share, int | float) or share != share:
        return NONE
    return f"{100 * share:.0f} %"


def seconds(value: Any) -> str:
    """A duration: `850 ms`, `12.3 s`, `4.5 min`."""
    if not value:  # a clock that stands still measures nothing
        return NONE
    if value < 1:
        return f"{number(value * 1000)} ms"
    return f"{number(value)} s" if value < 90 else f"{number(value / 60)} min"


def size(count: Any) -> str:
    """Bytes as kB or MB."""
    if not isinstance(count, int | float):
        return NONE
    return f"{number(count / 1e3)} kB" if count < 1e6 else f"{number(count / 1e6)} MB"


def escape(text: object) -> str:
    """Free text that must not end a table cell or begin a tag."""
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns of figures are right-aligned."""
    columns = list(zip(*rows, strict=True)) or [()] * len(head)
    figures = [all(FIGURE.match(cell) for cell in column) for column in columns]
    rule = ["---:" if right else "---" for right in figures]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def paragraphs(*parts: str) -> str:
    """Non-empty parts with a blank line between them."""
    return "\n\n".join(part for part in parts if part)


def stamp(*runs: dict[str, Any] | None) -> str:
    """When, on which commit and machine the newest of `runs` was measured, on which data.

    The demo and `--as-of` set the clock: the day is then that of the run's world, not of the run.
    """
    found = [run for run in runs if run]
    if not found:
        return ""
    newest = max(found, key=lambda run: str(run["created_at"]))
    commit = f"commit {newest['git_commit']}" if newest["git_commit"] else "not in git"
    changed = " with uncommitted changes" if newest["git_dirty"] else ""
    machine = newest["hardware"]
    hardware = f"{machine['cores']} cores, {machine['machine']}, Python {machine['python']}"
    data = f"{newest['source']} data" if newest["source"] else ""
    data = f"**{data}**" if is_simulated(newest["source"]) else data
    day = str(newest["created_at"])[:10]
    when = f"with the clock set to {day}" if newest.get("clock_set") else day
    return f"<sub>Measured {when} · {commit}{changed} · {hardware}{data and f' · {data}'}</sub>"
