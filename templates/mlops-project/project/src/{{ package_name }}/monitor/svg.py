"""Small plots as inline SVG: colours come from the page's style sheet, so they follow its theme.

Coordinates are in pixels of a box WIDTH wide, scaled to the page by the viewBox.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from ..models import Vector
from .chance import Days

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 12, 26


@dataclass(frozen=True)
class Line:
    """A curve: values (d,) a day, NaN where there is none; `css` names its colour."""

    label: str
    values: Vector
    css: str


def days_plot(
    days: Days, lines: Sequence[Line], unit: str, band: tuple[float, float] | None = None
) -> str:
    """Curves over days (d,), from 0 upwards; `band` is shaded across the whole width."""
    drawn = np.concatenate([line.values for line in lines] + [np.array(band or (0.0,))])
    top = _round_up(float(np.nanmax(drawn))) if np.isfinite(drawn).any() else 1.0

    def x(index: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * index / max(len(days) - 1, 1)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    parts = [_grid(y, top)]
    if band:
        height = y(band[0]) - y(band[1])
        width = WIDTH - LEFT - RIGHT
        parts.append(
            f'<rect class="band" x="{LEFT}" y="{y(band[1]):.1f}" width="{width}"'
            f' height="{height:.1f}"/>'
        )
    every = max(1, len(days) // 5)
    for index in range(0, len(days), every):
        anchor = "start" if index == 0 else "end" if index == len(days) - 1 else "middle"
        label = str(days[index])[5:]
        parts.append(
            f'<text x="{x(index):.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{label}</text>'
        )
    for line in lines:
        for run in _runs(line.values):
            points = " ".join(f"{x(i):.1f},{y(line.values[i]):.1f}" for i in run)
            parts.append(f'<polyline class="{line.css}" points="{points}"/>')
            if len(run) == 1:
                at = f'cx="{x(run[0]):.1f}" cy="{y(line.values[run[0]]):.1f}"'
                parts.append(f'<circle class="{line.css}" {at} r="2"/>')
    names = [f'<span class="key {line.css}">{escape(line.label)}</span>' for line in lines]
    return _figure(parts, names, f"{lines[0].label}, {unit}")


def bars_plot(edges: Vector, reference: Vector, current: Vector, unit: str, name: str) -> str:
    """Two histograms over the same bins: shares (b,), inner edges (b - 1,)."""
    top = _round_up(max(float(reference.max()), float(current.max())) * 100)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    parts = [_grid(y, top)]
    slot = (WIDTH - LEFT - RIGHT) / len(reference)
    for index, shares in enumerate(zip(reference, current, strict=True)):
        for side, (share, css) in enumerate(zip(shares, ("before", "now"), strict=True)):
            left = LEFT + slot * (index + 0.12 + 0.38 * side)
            upper = y(100 * share)
            parts.append(
                f'<rect class="{css}" x="{left:.1f}" y="{upper:.1f}" width="{0.36 * slot:.1f}"'
                f' height="{HEIGHT - BOTTOM - upper:.1f}"/>'
            )
    for index, edge in enumerate(edges):
        parts.append(
            f'<text x="{LEFT + slot * (index + 1):.1f}" y="{HEIGHT - 8}" text-anchor="middle">'
            f"{edge:.3g}</text>"
        )
    names = [
        '<span class="key before">reference, % of hours</span>',
        '<span class="key now">this period</span>',
        f"bin edges in {escape(unit)}",
    ]
    return _figure(parts, names, f"Distribution of {name}")


def _figure(parts: Sequence[str], keys: Sequence[str], title: str) -> str:
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg><figcaption>{' '.join(keys)}</figcaption></figure>"
    )


def _grid(y: Callable[[float], float], top: float) -> str:
    return "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        for value in np.linspace(0, top, 5).tolist()
        for at in [y(value)]
    )


def _runs(values: Vector) -> list[list[int]]:
    """Indices of the stretches without a gap."""
    runs: list[list[int]] = []
    for index in np.flatnonzero(np.isfinite(values)).tolist():
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5 or 8 times a power of ten, so that quarters of it read well."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value))
