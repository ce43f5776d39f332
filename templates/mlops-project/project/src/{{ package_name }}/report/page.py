"""`report.html`: everything on one page that needs no network, for a phone or a large screen."""

import html
from pathlib import Path

from ..clock import Clock
from ..config import Settings
from ..errors import DataError
from ..provenance import LIVE, SIMULATED, notice
from ..registry import decisions
from ..usecase import active
from . import card, readme
from .markdown import NONE, escape, interval, number, percent, table
from .markup import to_html
from .outcome import Results, headline, serving, summary
from .pictures import Pictures

STYLE = Path(__file__).with_name("page.css")
LATEST_DECISIONS = 8
ATTRIBUTION = (
    '<a href="https://open-meteo.com/">Weather data by Open-Meteo.com</a> (CC BY 4.0). Air '
    "quality: generated using Copernicus Atmosphere Monitoring Service information; neither the "
    "European Commission nor ECMWF is responsible for any use of it."
)


def render(settings: Settings, clock: Clock, results: Results, pictures: Pictures) -> str:
    """The page as self-contained HTML."""
    card_blocks = card.blocks({**results, "pictures": {}})
    parts = [
        ("Result", _tiles(results) + _comparison(results, pictures)),
        ("Tomorrow against what came true", _chart(pictures, "holdout")),
        ("Calibration", _calibration(results, pictures)),
        ("Who is served worse", _text(card_blocks["card-slices"])),
        ("What the model looks at", _text(card_blocks["card-importance"])),
        ("Would more data help?", _learning(results)),
        ("Decisions", _text(_history(settings)) + _differences(results)),
        ("Monitoring", _text(readme.monitoring(results))),
        ("Cost and speed", _text(readme.cost(results))),
        ("Data", _text(readme.data(results))),
        ("Features", _features()),
    ]
    sections = "\n".join(
        f"<section><h2>{html.escape(title)}</h2>\n{body}</section>" for title, body in parts if body
    )
    place = html.escape(settings.place.name)
    title = f"{html.escape(results['title'])} · {place}"
    warning = notice(results["source"])
    banner = f'<p class="banner">{warning}: nothing here is about the real air.</p>'
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
<h1>{title}</h1>
{banner if warning else ""}
<div class="outcome">{_text(headline(results))}</div>
</header>
<main>
{sections}
</main>
<footer><p>{_credits(results)}</p>
<p>Written {clock.now():%Y-%m-%d %H:%M} UTC from the records of the runs.</p></footer>
</body>
</html>
"""


def _credits(results: Results) -> str:
    """Open-Meteo's attribution, and that of every source of the owner's own."""
    origins = (summary(results, "collect") or {}).get("origins", [])
    own = {one["attribution"] for one in origins if one["source"] not in (LIVE, SIMULATED)}
    return " ".join([ATTRIBUTION, *(html.escape(credit) for credit in sorted(own))])


def _text(markdown: str) -> str:
    return to_html(markdown) + "\n" if markdown else ""


def _chart(pictures: Pictures, name: str) -> str:
    svg = pictures.svg.get(name)
    return f"<figure>{svg}</figure>\n" if svg else ""


def _comparison(results: Results, pictures: Pictures) -> str:
    return _text(readme.comparison(results)) + _chart(pictures, "errors")


def _tiles(results: Results) -> str:
    """The four figures that a reader in a hurry wants."""
    decision, trained = summary(results, "promote"), summary(results, "train")
    watched, bench = summary(results, "monitor"), summary(results, "bench")
    tiles = []
    champion = serving(results)
    if decision and champion:
        kind = "baseline" if champion["is_baseline"] else "learned"
        tiles.append(("serves", champion["name"], f"{kind}, version {champion['version']}"))
        figures = champion["figures"]
        if figures:
            spread = interval(figures["lower"], figures["upper"])
            error = f"{number(figures['mae'])} {results['unit']}"
            tiles.append(("mean error", error, f"{spread} on {decision['days']} unseen days"))
    elif trained:
        tiles.append(("serves", "nothing yet", "trained, not promoted"))
    if watched:
        verdict = "alarm" if watched["alarm"] else "quiet"
        tiles.append(("drift", verdict, f"{watched['start']} to {watched['end']}"))
    if bench:
        rate = number(bench["requests_per_s"])
        tiles.append(("service", f"{rate}/s", f"p99 {number(bench['p99_ms'])} ms"))
    cells = "".join(
        f"<div><span>{html.escape(name)}</span><b>{html.escape(value)}</b>"
        f"<small>{html.escape(note)}</small></div>"
        for name, value, note in tiles
    )
    return f'<div class="tiles">{cells}</div>\n' if cells else ""


def _calibration(results: Results, pictures: Pictures) -> str:
    trained, champion = summary(results, "train"), serving(results)
    if not trained or not champion:
        return ""
    name = champion["name"]
    held = next((model["coverage"] for model in trained["models"] if model["name"] == name), None)
    sentence = (
        f"The {percent(trained['level'])} intervals of {name} held {percent(held)} of the hours. "
        "Points on the dashed line are forecasts that were right on average."
    )
    return _text(sentence if held is not None else "") + _chart(pictures, "calibration")


def _learning(results: Results) -> str:
    """Error of the learned models after training on more and more days."""
    trained = summary(results, "train")
    if not trained or not trained["learning_curve"]:
        return ""
    points = trained["learning_curve"]
    days = sorted({point["days"] for point in points})
    found = {(point["model"], point["days"]): number(point["mae"]) for point in points}
    rows = [
        [model, *(found.get((model, span), NONE) for span in days)]
        for model in dict.fromkeys(point["model"] for point in points)
    ]
    head = [f"MAE on the last fold, {results['unit']}", *(f"{span} days" for span in days)]
    return _text(table(head, rows))


def _history(settings: Settings) -> str:
    """The latest decisions, newest first."""
    try:
        found = decisions.read(settings)[-LATEST_DECISIONS:]
    except DataError as error:
        return error.message
    rows = [
        [
            str(entry.get("at", NONE))[:10],
            f"version {entry['champion']}",
            entry["action"],
            escape(entry.get("reason", NONE)),
        ]
        for entry in reversed(found)
    ]
    return table(["day", "serves", "decision", "why"], rows) if rows else "*Nothing promoted yet.*"


def _differences(results: Results) -> str:
    decision = summary(results, "promote")
    return _text(card.differences(decision, results["unit"])) if decision else ""


def _features() -> str:
    """What the model is given, from the use case."""
    rows = [[f"`{found.name}`", found.unit, found.description] for found in active().features]
    body = _text(table(["feature", "unit", "meaning"], rows))
    label = f"{len(rows)} columns, all known at the time of issue"
    return f"<details><summary>{label}</summary>{body}</details>"
