"""The monitoring report: one self-contained page, light or dark, readable on a phone."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from ..provenance import warning
from ..usecase import active
from .examine import Examined
from .findings import Check, Finding
from .plots import error_plot, histogram, means_plot

if TYPE_CHECKING:
    from .run import MonitorResult

HISTOGRAMS = 4
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


def render(result: MonitorResult, found: Examined, at: datetime) -> str:
    """The whole page as HTML."""
    notice, meaning = warning(result.source)
    simulated = f'<p class="simulated"><b>{notice}</b> {meaning}</p>' if notice else ""
    notes = "".join(f'<p class="warning">{escape(text)}</p>' for text in result.warnings)
    checks = "".join(_section(check, found) for check in result.checks)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Monitoring: {escape(result.place)}</title><style>{STYLE}</style></head><body>
<h1>Monitoring: {escape(result.place)}</h1>
<p class="verdict {"alarm" if result.alarm else ""}">{escape(_sentence(result.verdict))}</p>
{simulated}
<div class="cards">{"".join(_card(check) for check in result.checks)}</div>
{notes}
<h2>Error over time</h2>
{error_plot(found, at)}
<h2>Predicted and observed daily mean</h2>
{means_plot(found)}
{checks}
<h2>What was compared</h2>
{_facts(result, found)}
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


def _section(check: Check, found: Examined) -> str:
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
        plots = "".join(histogram(row.name, found) for row in check.findings[:HISTOGRAMS])
    return f"{head}{body}{table}{plots}"


def _table(findings: tuple[Finding, ...]) -> str:
    keys = list(findings[0].details)
    random = any(row.chance is not None for row in findings)
    names = {"ks": "KS", "wasserstein": "W"}
    measures = {row.measure for row in findings}
    # One measure for all rows names the column; several get a column of their own.
    mixed = len(measures) > 1
    head = "<th>what</th>"
    head += "<th>measure</th>" if mixed else ""
    head += f"<th class=n>{'effect' if mixed else measures.pop()}</th><th class=n>threshold</th>"
    head += "<th class=n>by chance up to</th><th class=n>p</th>" if random else ""
    head += "".join(f"<th class=n>{names[key]}</th>" for key in keys) + "<th></th>"
    rows = []
    for row in findings:
        cells = f"<td>{escape(row.name)}</td>"
        cells += f"<td>{escape(row.measure)}</td>" if mixed else ""
        numbers = [f"{row.effect:.3g}", f"{row.threshold:g}"]
        if random:
            numbers += [_number(row.chance), "" if row.p is None else f"{row.p:.3f}"]
        numbers += [f"{row.details[key]:.2f}" for key in keys]
        cells += "".join(f'<td class="n">{number}</td>' for number in numbers)
        hit = ' class="hit"' if row.alarm else ""
        rows.append(f"<tr{hit}>{cells}<td>{'alarm' if row.alarm else ''}</td></tr>")
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _facts(result: MonitorResult, found: Examined) -> str:
    counts, unit = result.counts, active().unit
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
            f"{name} {value:.2f} {unit}" for name, value in result.errors.items()
        )
        or "not known yet",
        "skill against persistence": ", ".join(
            f"{name} {days.skill:.2f}"
            for name, days in (("current", found.now), ("reference", found.before))
            if len(days)
        )
        or "not known yet",
    }
    rows = "".join(f"<dt><b>{name}</b></dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return f"<dl>{rows}</dl>"
