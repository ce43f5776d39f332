"""Small SVG charts, drawn by hand: no library, dark mode for free, and they read well in a diff."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 34, 40
NAMES = 236
"""Room for the names of a delta chart's rows."""

COLOURS = {"improved": "a", "worse": "b", "inconclusive": "s"}

STYLE = """<style>
.chart{font:13px system-ui,sans-serif;--ink:#1f2933;--soft:#7b8794;--grid:#e4e7eb;
--a:#0b6e99;--b:#d9480f}
@media (prefers-color-scheme:dark){.chart{--ink:#e4e7eb;--soft:#9aa5b1;--grid:#3b4754;
--a:#5cc4ef;--b:#ff9257}}
.chart text{fill:var(--ink)}.chart .tick{fill:var(--soft);font-size:12px}
.chart .grid{stroke:var(--grid)}
.chart .wa,.chart .wb,.chart .ws{stroke-width:3;stroke-linecap:round}
.chart .wa{stroke:var(--a)}.chart .wb{stroke:var(--b)}.chart .ws{stroke:var(--soft)}
.chart .dash{stroke:var(--soft);stroke-dasharray:4 4}
.chart .a,.chart .b{fill:none;stroke-width:2}.chart .a{stroke:var(--a)}.chart .b{stroke:var(--b)}
.chart .fa{fill:var(--a)}.chart .fb{fill:var(--b)}.chart .fs{fill:var(--soft)}
</style>"""


@dataclass(frozen=True)
class Scale:
    """Maps data in [low, high] to pixels in [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Pixel of a value, to a tenth, so that equal data give equal bytes everywhere."""
        span = self.high - self.low or 1.0
        return round(self.start + (value - self.low) / span * (self.end - self.start), 1)

    def ticks(self, count: int = 4) -> list[float]:
        """About `count` round values inside the scale."""
        span = self.high - self.low or 1.0
        raw = span / count
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
        first = math.ceil(self.low / step)
        return [step * k for k in range(first, int(self.high / step + 1e-9) + 1)]


Points = Sequence[tuple[float, float]]


def loss_chart(train: Points, validation: Points, title: str) -> str:
    """Losses (step, nats a token) of the training batches and of the validation rows."""
    both = [*train, *validation]
    x = Scale(0, max(step for step, _ in both), LEFT, WIDTH - RIGHT)
    y = Scale(min(0.0, *(loss for _, loss in both)), _top(both), HEIGHT - BOTTOM, TOP)
    parts = _y_axis(y)
    parts += [_text(x(tick), HEIGHT - 22, f"{tick:g}", "tick", "middle") for tick in x.ticks(6)]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "optimiser steps", "tick", "middle"))
    for kind, points in (("a", train), ("b", validation)):
        if len(points) > 1:
            line = " ".join(f"{x(step)},{y(loss)}" for step, loss in points)
            parts.append(f'<polyline class="{kind}" points="{line}"/>')
        if kind == "b" or len(points) == 1:
            parts += [
                f'<circle class="f{kind}" cx="{x(step)}" cy="{y(loss)}" r="3"/>'
                for step, loss in points
            ]
    keys = [("fa", "training loss")] + ([("fb", "validation loss")] if validation else [])
    return _svg(parts, keys, title)


def _top(points: Points) -> float:
    return max(loss for _, loss in points) * 1.05


@dataclass(frozen=True)
class Delta:
    """A line of a delta chart, in percentage points; the verdict gives the colour."""

    name: str
    value: float
    low: float
    high: float
    verdict: str


def delta_chart(rows: Sequence[Delta], title: str) -> str:
    """Differences with their intervals around a line at 0."""
    height = TOP + 30 * len(rows) + BOTTOM
    x = _around_zero(rows)
    parts = []
    for tick in x.ticks(6):
        parts.append(
            f'<line class="grid" x1="{x(tick)}" x2="{x(tick)}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        )
        parts.append(_text(x(tick), height - 22, f"{tick:+g}" if tick else "0", "tick", "middle"))
    parts.append(f'<line class="dash" x1="{x(0)}" x2="{x(0)}" y1="{TOP}" y2="{height - BOTTOM}"/>')
    for number, row in enumerate(rows):
        middle, colour = TOP + 30 * number + 15, COLOURS[row.verdict]
        parts.append(_text(NAMES - 10, middle + 4, _short(row.name), "", "end"))
        parts.append(
            f'<line class="w{colour}" x1="{x(row.low)}" x2="{x(row.high)}" '
            f'y1="{middle}" y2="{middle}"/>'
        )
        parts.append(f'<circle class="f{colour}" cx="{x(row.value)}" cy="{middle}" r="6"/>')
    parts.append(
        _text((NAMES + WIDTH - RIGHT) / 2, height - 6, "percentage points", "tick", "middle")
    )
    keys = (("fa", "improved"), ("fb", "worse"), ("fs", "inconclusive"))
    return _svg(parts, keys, title, height)


def _around_zero(rows: Sequence[Delta]) -> Scale:
    low = min(0.0, *(row.low for row in rows))
    high = max(0.0, *(row.high for row in rows))
    margin = 0.06 * (high - low or 1.0)
    return Scale(low - margin, high + margin, NAMES + 8, WIDTH - RIGHT)


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _y_axis(y: Scale) -> list[str]:
    parts = []
    for tick in y.ticks():
        level = y(tick)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level}" y2="{level}"/>'
        )
        parts.append(_text(LEFT - 6, level + 4, f"{tick:g}", "tick", "end"))
    return parts


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _svg(
    parts: Sequence[str], keys: Sequence[tuple[str, str]], title: str, height: int = HEIGHT
) -> str:
    legend, at = [], 8.0
    for kind, label in keys:
        legend.append(f'<rect class="{kind}" x="{at}" y="8" width="12" height="12" rx="2"/>')
        legend.append(_text(at + 17, 19, label, "", "start"))
        at += 32 + 6.6 * len(label)
    body = "\n".join([STYLE, f"<title>{html.escape(title)}</title>", *legend, *parts])
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">\n{body}\n</svg>\n'
    )
