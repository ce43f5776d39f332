"""Small SVG charts, drawn by hand: no library, dark mode for free, and they read well in a diff."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 440, 240
LEFT, RIGHT, TOP, BOTTOM = 38, 10, 34, 28

STYLE = """<style>
.chart{font:13px system-ui,sans-serif;--ink:#1f2933;--soft:#7b8794;--grid:#e4e7eb;
--a:#0b6e99;--b:#d9480f;--band:#0b6e9926}
@media (prefers-color-scheme:dark){.chart{--ink:#e4e7eb;--soft:#9aa5b1;--grid:#3b4754;
--a:#5cc4ef;--b:#ff9257;--band:#5cc4ef2e}}
.chart text{fill:var(--ink)}.chart .tick{fill:var(--soft);font-size:12px}
.chart .grid{stroke:var(--grid)}.chart .whisker{stroke:var(--ink)}
.chart .dash{stroke:var(--soft);stroke-dasharray:4 4}.chart .band{fill:var(--band)}
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


def forecast_chart(
    days: Sequence[str],
    actual: Sequence[float],
    predicted: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    threshold: float | None,
    unit: str,
) -> str:
    """Daily means: what came (line b) and what was forecast (line a) inside its interval."""
    top = max([*actual, *upper, threshold or 0.0])
    x = Scale(0, max(len(days) - 1, 1), LEFT, WIDTH - RIGHT)
    y = Scale(0, top * 1.05, HEIGHT - BOTTOM, TOP)
    parts = _y_axis(y)
    band = [f"{x(i)},{y(value)}" for i, value in enumerate(upper)]
    band += [f"{x(i)},{y(lower[i])}" for i in reversed(range(len(lower)))]
    parts.append(f'<polygon class="band" points="{" ".join(band)}"/>')
    for name, values in (("b", actual), ("a", predicted)):
        points = " ".join(f"{x(i)},{y(value)}" for i, value in enumerate(values))
        parts.append(f'<polyline class="{name}" points="{points}"/>')
    if threshold is not None:
        level = y(threshold)
        parts.append(
            f'<line class="dash" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level}" y2="{level}"/>'
        )
        parts.append(_text(WIDTH - RIGHT, level - 4, "alert", "tick", "end"))
    for index in _spread(len(days), 4):
        anchor = "start" if index == 0 else "end" if index == len(days) - 1 else "middle"
        parts.append(_text(x(index), HEIGHT - 8, days[index], "tick", anchor))
    keys = (("fb", "came true"), ("fa", f"forecast with its interval, daily mean in {unit}"))
    return _svg(parts, keys, "Daily means of the hold-out: what was forecast and what came true")


def error_chart(rows: Sequence[tuple[str, float, float, float, bool]], unit: str) -> str:
    """Bars of error with whiskers: (name, value, lower, upper, whether it serves)."""
    height = TOP + 34 * len(rows) + BOTTOM
    left = 94
    x = Scale(0, max(row[3] for row in rows) * 1.05, left, WIDTH - RIGHT - 40)
    parts = []
    for tick in x.ticks():
        parts.append(
            f'<line class="grid" x1="{x(tick)}" x2="{x(tick)}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        )
        parts.append(_text(x(tick), height - 10, f"{tick:g}", "tick", "middle"))
    for row, (name, value, lower, upper, serves) in enumerate(rows):
        middle = TOP + 34 * row + 17
        fill = "fa" if serves else "fs"
        parts.append(_text(left - 8, middle + 4, name, "", "end"))
        parts.append(
            f'<rect class="{fill}" x="{left}" y="{middle - 9}" width="{round(x(value) - left, 1)}" '
            'height="18" rx="3"/>'
        )
        parts.append(
            f'<line class="whisker" x1="{x(lower)}" x2="{x(upper)}" y1="{middle}" y2="{middle}"/>'
        )
        parts.append(_text(x(upper) + 6, middle + 4, f"{value:.3g}", "tick", "start"))
    keys = (("fa", "serves"), ("fs", f"mean absolute error, {unit}, with interval"))
    return _svg(parts, keys, "Mean absolute error of each model on the hold-out", height)


def calibration_chart(predicted: Sequence[float], actual: Sequence[float], unit: str) -> str:
    """Mean of what came true against the mean forecast, in groups of equal size."""
    top = max([*predicted, *actual]) * 1.05
    x = Scale(0, top, LEFT, WIDTH - RIGHT)
    y = Scale(0, top, HEIGHT - BOTTOM, TOP)
    parts = _y_axis(y)
    parts.append(f'<line class="dash" x1="{x(0)}" y1="{y(0)}" x2="{x(top)}" y2="{y(top)}"/>')
    parts += [
        f'<circle class="fa" cx="{x(p)}" cy="{y(a)}" r="5"/>'
        for p, a in zip(predicted, actual, strict=True)
    ]
    parts += [_text(x(tick), HEIGHT - 8, f"{tick:g}", "tick", "middle") for tick in x.ticks()]
    keys = (("fa", f"came true (up), forecast (right), {unit}"), ("fs", "dashed: perfect"))
    return _svg(parts, keys, "Calibration: what came true against what was forecast")


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


def _spread(count: int, wanted: int) -> list[int]:
    """About `wanted` indices from the first to the last of `count`."""
    if count <= wanted:
        return list(range(count))
    return sorted({round(k * (count - 1) / (wanted - 1)) for k in range(wanted)})
