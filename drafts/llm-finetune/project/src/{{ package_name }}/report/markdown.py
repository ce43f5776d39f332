"""Numbers, tables and stamps as Markdown."""

import math
import re
from collections.abc import Sequence
from typing import Any

NOT_MEASURED = "*Not measured.*"
NONE = "not measured"
LIBRARIES = ("torch", "transformers", "trl", "peft")
FIGURE = re.compile(r"(?:&lt;)?[-+−]?\d[\d.,]*( %| \(|$)|not measured$|—$|$")


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
    """0.8731 as `87.3 %`."""
    if not isinstance(share, int | float) or share != share:
        return NONE
    return f"{100 * share:.1f} %"


def seconds(value: Any) -> str:
    """A duration: `850 ms`, `12.3 s`, `4.5 min`."""
    if not value:  # a clock that stands still measures nothing
        return NONE
    if value < 1:
        return f"{number(value * 1000)} ms"
    return f"{number(value)} s" if value < 90 else f"{number(value / 60)} min"


def size(count: Any) -> str:
    """Bytes as kB, MB or GB."""
    if not isinstance(count, int | float):
        return NONE
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{number(count / unit)} {name}"
    return f"{number(count / 1e3)} kB"


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


def points(value: Any) -> str:
    """A difference of shares as percentage points: 0.485 as `+48.5`."""
    if not isinstance(value, int | float) or value != value:
        return NONE
    return f"{100 * value:+.1f}".replace("-", "−")


def bullets(items: Sequence[str]) -> str:
    """A list, one line an item."""
    return "\n".join(f"- {item}" for item in items)


def stamp(*steps: dict[str, Any] | None) -> str:
    """When, on which commit, machine and libraries the newest of `steps` was measured."""
    found = [step for step in steps if step]
    if not found:
        return ""
    newest = max(found, key=lambda step: str(step["at"]))
    git, versions = newest["git"], newest["versions"]
    commit = f"commit {git['commit']}" if git["commit"] else "not in git"
    changed = " with uncommitted changes" if git["commit"] and git["dirty"] else ""
    libraries = ", ".join(f"{name} {versions[name]}" for name in LIBRARIES if name in versions)
    day = str(newest["at"])[:10]
    machine = hardware(newest)
    parts = (f"Measured {day}", f"{commit}{changed}", machine, libraries)
    return f"<sub>{' · '.join(part for part in parts if part)}</sub>"


def hardware(step: dict[str, Any]) -> str:
    """The machine of a step: its GPUs where it has any, its processor, its Python."""
    found = step["hardware"]
    machine = f"{found['cores']} cores, {found['machine']}"
    return f"{found['gpu'] or 'no GPU'}, {machine}, Python {found['python']}"
