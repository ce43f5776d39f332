"""The monitoring report: one self-contained page, light or dark, readable on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..models import Vector
from ..usecase import active
from .chance import Days
from .concept import DailyErrors
from .drift import grouped
from .findings import Check, Finding
from .profile import Profile
from .scoring import Scored
from .svg import Line, bars_plot, days_plot

if TYPE_CHECKING:
    from .run import MonitorResult

HISTOGRAMS = 4
WEEK = 7
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --now: #1f6feb; --before: #8a8f98;
  --good: #2a9d6f; --bad: #d1495b; --open: #b7791f; }
@media (prefers-color-scheme: dark) { :root { --now: #6cb0ff; --before: #8b929c; --bad: #ff7b89;
  --good: #4cc38a; --open: #e3b341; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 58rem; padding: 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 0; }
.verdict { border-left: .4rem solid var(--good); background: var(--soft); padding: .6rem .9rem;
  font-weight: 600; } .verdict.alarm { border-color: var(--bad); }
.simulated, .warning { border: 1px solid var(--open); border-radius: .4rem; padding: .4rem .8rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .7rem; }
.card { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.card b { display: block; } .card small { display: block; opacity: .85; }
.quiet { color: var(--good); } .alarm { color: var(--bad); } .open { color: var(--open); }
p.verdict.alarm { color: inherit; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.hit td { font-weight: 600; } tr.hit td:last-child { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .9rem; }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: .4rem 0 0; } svg { display: block; width: 100%; height: auto; }
svg text { fill: currentColor; font-size: 11px; opacity: .8; } .grid { stroke: var(--line); }
.band { fill: var(--before); opacity: .22; } polyline { fill: none; stroke-width: 2; }
polyline.now, circle.now { stroke: var(--now); } polyline.before { stroke: var(--before); }
polyline.faint { stroke: var(--now); stroke-width: 1; opacity: .45; }
rect.now { fill: var(--now); } rect.before { fill: var(--before); }
figcaption { font-size: .82rem; opacity: .9; } .key { margin-right: .8rem; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: .9em; height: .25em; margin-right: .35em;
  vertical-align: middle; background: var(--before); } .key.now::before { background: var(--now); }
.key.faint::before { background: var(--now); opacity: .45; }
details { margin-top: .5rem; } footer { margin-top: 2rem; font-size: .85rem; opacity: .85; }
@media (max-width: 30rem) { svg text { font-size: 17px; } body { padding: .7rem; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
"""
EXPLAINED = {
    "data drift": "Has the distribution of a feature moved? PSI above the threshold, and above "
    "what days of the same season give by chance. KS: largest distance of the "
    "distribution functions. W: mean distance moved, in standard deviations.",
    "prediction drift": "The same for what the champion predicts, the same model on both sides.",
    "concept drift": "Does the champion err more, measured against the level of the air and "
    "against persistence, than on unseen days of the same season?",
    "data quality": "Missing, impossible, stuck or late values. Thresholds alone decide.",
}


@dataclass(frozen=True)
class Pictures:
    """What the plots show: the scored hours, the two profiles, and both daily errors."""

    scored: Scored
    profiles: tuple[Profile, Profile]
    now: DailyErrors
    before: DailyErrors
    unit: str


def render(result: MonitorResult, pictures: Pictures, at: datetime) -> str:
    """The whole page as HTML."""
    simulated = '<p class="simulated"><b>Simulated data:</b> nobody measured this.</p>'
    notes = "".join(f'<p class="warning">{escape(text)}</p>' for text in result.warnings)
    checks = "".join(_section(check, pictures) for check in result.checks)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Monitoring: {escape(result.place)}</title><style>{STYLE}</style></head><body>
<h1>Monitoring: {escape(result.place)}</h1>
<p class="verdict {"alarm" if result.alarm else ""}">{escape(_sentence(result.verdict))}</p>
{simulated if result.source == "simulated" else ""}
<div class="cards">{"".join(_card(check) for check in result.checks)}</div>
{notes}
<h2>Error over time</h2>
{_error_plot(pictures, at)}
<h2>Predicted and observed daily mean</h2>
{_means_plot(pictures)}
{checks}
<h2>What was compared</h2>
{_facts(result, pictures)}
<footer>Made {at:%Y-%m-%d %H:%M} UTC. An effect alarms only above its threshold <em>and</em> above
what blocks of days dealt out at random reach (max statistic over all rows of a check, Westfall and
Young 1993). Source of the data: {escape(result.source)}.</footer></body></html>
"""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _css(check: Check) -> str:
    return check.status if check.status in ("quiet", "alarm") else "open"


def _card(check: Check) -> str:
    since = f"<small>since {check.since}</small>" if check.since else ""
    return (
        f'<div class="card"><b>{check.name}</b><span class="{_css(check)}">{check.status}</span>'
        f"<small>{escape(check.value)}</small>{since}</div>"
    )


def _section(check: Check, pictures: Pictures) -> str:
    head = f'<h2>{_sentence(check.name)}: <span class="{_css(check)}">{check.status}</span></h2>'
    body = f"<p>{EXPLAINED[check.name]}</p>"
    if not check.findings:
        return f"{head}{body}<p>{escape(_sentence(check.value))}.</p>"
    table = _table(check.findings)
    if len(check.findings) > 8:
        table = _table(check.findings[:8]) + (
            f"<details><summary>All {len(check.findings)} rows</summary>"
            f"{_table(check.findings[8:])}</details>"
        )
    plots = ""
    if check.name in ("data drift", "prediction drift"):
        plots = "".join(_histogram(found, pictures) for found in check.findings[:HISTOGRAMS])
    return f"{head}{body}{table}{plots}"


def _table(findings: tuple[Finding, ...]) -> str:
    keys = list(findings[0].details)
    random = any(found.chance is not None for found in findings)
    names = {"ks": "KS", "wasserstein": "W"}
    head = "<th>what</th><th>measure</th><th class=n>effect</th><th class=n>threshold</th>"
    head += "<th class=n>by chance up to</th><th class=n>p</th>" if random else ""
    head += "".join(f"<th class=n>{names[key]}</th>" for key in keys) + "<th></th>"
    rows = []
    for found in findings:
        cells = f"<td>{escape(found.name)}</td><td>{escape(found.measure)}</td>"
        numbers = [f"{found.effect:.3g}", f"{found.threshold:g}"]
        if random:
            numbers += [_number(found.chance), "" if found.p is None else f"{found.p:.3f}"]
        numbers += [f"{found.details[key]:.2f}" for key in keys]
        cells += "".join(f'<td class="n">{number}</td>' for number in numbers)
        hit = ' class="hit"' if found.alarm else ""
        rows.append(f"<tr{hit}>{cells}<td>{'alarm' if found.alarm else ''}</td></tr>")
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _histogram(found: Finding, pictures: Pictures) -> str:
    reference, current = pictures.profiles
    edges, before, now = grouped(
        reference.edges[found.name], reference.counts[found.name], current.counts[found.name]
    )
    features = {feature.name: feature for feature in active().features}
    unit = features[found.name].unit if found.name in features else pictures.unit
    about = features[found.name].description if found.name in features else "the champion's output"
    plot = bars_plot(edges, before / before.sum(), now / now.sum(), unit, found.name)
    return f"<h3>{escape(found.name)}</h3><small>{escape(about)}</small>{plot}"


def _error_plot(pictures: Pictures, at: datetime) -> str:
    now, before = pictures.now, pictures.before
    if not len(now):
        return f"<p>No label of the period had arrived by {at:%Y-%m-%d %H:%M} UTC.</p>"
    days = np.arange(now.days[0], now.days[-1] + np.timedelta64(1, "D"))
    daily = _spread(days, now.days, now.error / now.hours)
    lines = [
        Line("mean of 7 days", _rolling(daily), "now"),
        Line(f"mean absolute error of a day, {pictures.unit}", daily, "faint"),
    ]
    band, note = None, ""
    if len(before):
        low, high = np.quantile(before.error / before.hours, [0.1, 0.9])
        band = (float(low), float(high))
        note = "<small>Shaded: 80 % of the reference days, unseen by the model.</small>"
    return days_plot(days, lines, pictures.unit, band) + note


def _means_plot(pictures: Pictures) -> str:
    hours = pictures.scored.hours
    days = np.unique(hours.issue_day)
    predicted = _daily_means(days, hours.issue_day, pictures.scored.prediction)
    observed = _daily_means(days, hours.issue_day, hours.y)
    lines = [
        Line(f"predicted, {pictures.unit}", predicted, "now"),
        Line("observed", observed, "before"),
    ]
    return days_plot(days, lines, pictures.unit)


def _facts(result: MonitorResult, pictures: Pictures) -> str:
    counts = result.counts
    facts = {
        "period": f"{result.start} to {result.end}",
        "reference": f"{result.reference}"
        + (" (same season of earlier years)" if result.comparable else " (not the same season)"),
        "champion": f"version {result.model_version}, {result.model_kind}",
        "predictions": f"{counts['logged']} hours logged by the service, {counts['back_scored']} "
        f"back-scored, {counts['unseen']} unseen ones from training; "
        f"{counts['other_versions']} logged by other versions were left out",
        "labels": f"{counts['labelled']} hours judged, {counts['waiting']} still waiting",
        "mean absolute error": ", ".join(
            f"{name} {value:.2f} {pictures.unit}" for name, value in result.errors.items()
        )
        or "not known yet",
        "skill against persistence": ", ".join(
            f"{name} {days.skill:.2f}"
            for name, days in (("current", pictures.now), ("reference", pictures.before))
            if len(days)
        )
        or "not known yet",
    }
    rows = "".join(f"<dt><b>{name}</b></dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return f"<dl>{rows}</dl>"


def _spread(days: Days, known: Days, values: Vector) -> Vector:
    """Values of the known days on all days (d,), NaN between."""
    result = np.full(len(days), np.nan)
    result[np.searchsorted(days, known)] = values
    return result


def _daily_means(days: Days, day: Days, values: Vector) -> Vector:
    at, known = np.searchsorted(days, day), np.isfinite(values)
    total = np.bincount(at[known], weights=values[known], minlength=len(days))
    count = np.bincount(at[known], minlength=len(days))
    return np.where(count >= 18, total / np.maximum(count, 1), np.nan)


def _rolling(values: Vector) -> Vector:
    """Mean of each day and the six before it, of those that are known."""
    known = np.isfinite(values)
    total = np.convolve(np.where(known, values, 0.0), np.ones(WEEK))[: len(values)]
    count = np.convolve(known.astype(float), np.ones(WEEK))[: len(values)]
    return np.where(count >= WEEK // 2, total / np.maximum(count, 1.0), np.nan)
