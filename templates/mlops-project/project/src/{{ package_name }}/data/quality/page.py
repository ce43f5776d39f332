"""The validation gate's report: one self-contained page, light or dark, readable on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from ...provenance import warning

if TYPE_CHECKING:
    from . import QualityResult
    from .checks import Coverage

STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #2a9d6f; --bad: #d1495b; --warn: #d98e04; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.verdict { border-left: .4rem solid var(--good); padding: .4rem .8rem; font-weight: 600; }
.verdict.failed { border-color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; }
.text td { overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.error, .warning { color: var(--bad); font-weight: 600; white-space: nowrap; }
.warning { color: var(--warn); }
svg { display: block; min-width: 10rem; } footer { margin-top: 2rem; font-size: .85rem; }
"""
CELL, HEIGHT = 8, 16
COVERAGE = ("variable", "unit", "*missing h", "*lowest", "*median", "*highest", "by month")


def render(result: QualityResult, place_name: str) -> str:
    """The whole page as HTML."""
    notice, meaning = warning(result.source)
    simulated = f"<p><strong>{notice} {meaning}</strong></p>" if notice else ""
    findings = [
        (
            f'<span class="{finding.severity}">{finding.severity}</span>',
            escape(finding.check),
            escape(finding.message),
        )
        for finding in result.findings
    ]
    gaps = [
        (escape(gap.variable), escape(gap.start.replace("T", " ")), str(gap.hours))
        for gap in result.gaps
    ]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data quality: {escape(place_name)}</title><style>{STYLE}</style></head><body>
<h1>Data quality: {escape(place_name)}</h1>
<p class="verdict {"" if result.ok else "failed"}">The gate {escape(result.verdict)}.</p>
{simulated}
<p>Checked {escape(result.checked_at)}; newest label {escape(result.last_hour)} UTC,
{result.age_hours:g} h old; SHA-256 of the rows <code>{escape(result.data_hash[:16])}…</code></p>
<h2>Findings</h2>
{_table(("", "check", "what"), findings) if findings else "<p>None.</p>"}
<h2>What there is</h2>
{_table(COVERAGE, [_coverage_row(cover) for cover in result.coverage], "figures")}
<h2>Longest gaps</h2>
{_table(("variable", "from (UTC)", "*hours"), gaps) if gaps else "<p>None.</p>"}
<footer>Gaps are recorded and never filled in. Limits of the values: the use case's variables.
</footer></body></html>
"""


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], kind: str = "text") -> str:
    """A table; a heading that begins with * marks a column of numbers. Cells are HTML."""
    classes = [' class="number"' if name.startswith("*") else "" for name in head]
    titles = "".join(
        f"<th{css}>{name.lstrip('*')}</th>" for name, css in zip(head, classes, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{css}>{cell}</td>" for cell, css in zip(row, classes, strict=True))
        + "</tr>\n"
        for row in rows
    )
    return f'<div class="scroll {kind}"><table><tr>{titles}</tr>\n{body}</table></div>'


def _coverage_row(cover: Coverage) -> tuple[str, ...]:
    values = (cover.lowest, cover.median, cover.highest)
    return (
        escape(cover.variable),
        escape(cover.unit),
        str(cover.missing),
        *("" if value is None else f"{value:.1f}" for value in values),
        _strip(cover),
    )


def _strip(cover: Coverage) -> str:
    """One cell a month: green where every hour has a value, redder the more are missing."""
    cells = "".join(
        f'<rect x="{CELL * number}" width="{CELL - 1}" height="{HEIGHT}" '
        f'fill="{_colour(share)}"><title>{month}: {share:.1%}</title></rect>'
        for number, (month, share) in enumerate(cover.months.items())
    )
    width = CELL * max(len(cover.months), 1)
    label = escape(f"{cover.variable}: share of hours with a value, by month")
    return f'<svg role="img" aria-label="{label}" width="{width}" height="{HEIGHT}">{cells}</svg>'


def _colour(share: float) -> str:
    if share == 1:
        return "#2a9d6f"
    return "#d98e04" if share >= 0.95 else "#d1495b"
