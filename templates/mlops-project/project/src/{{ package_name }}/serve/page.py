"""The page at `/`: one HTML file with its style, script and data inside; nothing is fetched.

Words and the table of hours are written here, so that the page says everything without JavaScript;
the script draws the chart.
"""

import base64
import hashlib
import json
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..provenance import LIVE, SIMULATED, Origin, is_simulated, notice
from .champion import Champion
from .schemas import Forecast

if TYPE_CHECKING:
    from ..usecase.base import UseCase
    from .app import Service


_KINDS = {
    "persistence": "persistence (the same hour of the last known day)",
    "climatology": "climatology (the usual value of season and hour)",
    "linear": "linear regression",
    "lightgbm": "gradient-boosted trees (LightGBM)",
}
_GENERATED = "Every value is generated: nothing here was measured or forecast for a real place."
_HERE = files(__package__)
_STYLE, _SCRIPT = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
_PAGE = Template((_HERE / "page.html").read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


_CSP = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def render(service: "Service") -> Response:
    """The page as things stand: also before there is a model, when it says what to run."""
    champion = service.champions.current
    forecast = service.forecasts.at(service.clock.now()) if champion else None
    sources = {each.source for each in (champion, forecast) if each is not None}
    origins = champion.origins if champion else []
    guideline = service.use_case.guideline
    html = _PAGE.substitute(
        title=escape(service.use_case.title),
        place=escape(service.settings.place.name),
        badges=_badges(champion, forecast),
        forecast=_forecast(forecast, guideline) if forecast else _problem(*service.trouble()),
        model=_facts(champion) if champion else _soft("There is no model yet."),
        attribution=_GENERATED
        if sources == {SIMULATED}
        else _attribution(service.use_case, origins),
        style=_STYLE,
        script=_SCRIPT,
        data=_data(forecast, guideline),
    )
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": _CSP})


def _attribution(use_case: "UseCase", origins: list[Origin]) -> str:
    """What the licences of the data ask for, and what is predicted.

    Where the champion does not tell its data's origins, they are those of the use case.
    """
    origins = origins or [
        Origin(dataset.name, LIVE, "", dataset.attribution) for dataset in use_case.datasets
    ]
    sources = {origin.dataset: origin.source for origin in origins}
    named = "; ".join(sorted({origin.attribution for origin in origins}))
    link = '<a href="https://open-meteo.com/">Weather data by Open-Meteo.com</a>. '
    labels = sources.get(use_case.label_dataset, LIVE)
    truth = f"what the source '{labels}' gives"
    if labels == LIVE:
        truth = "the CAMS analysis that Open-Meteo publishes, not of a station's measurement"
    return (
        f"{link if LIVE in sources.values() else ''}{escape(named)}. "
        f"Predictions are of {escape(truth, quote=False)}."
    )


def _badges(champion: Champion | None, forecast: Forecast | None) -> str:
    found = []
    if forecast is not None:
        found.append(("alert", "Alert") if forecast.daily.alert else ("calm", "No alert"))
        if forecast.stale:
            found.append(("", "Out of date"))
    if champion is not None:
        data = forecast.source if forecast else champion.source
        if is_simulated(data):
            found.append(("", notice(data)))
        if champion.is_baseline:
            found.append(("", "Baseline model"))
    return " ".join(f'<span class="badge {kind}">{escape(text)}</span>' for kind, text in found)


def _forecast(forecast: Forecast, guideline: float | None) -> str:
    day, unit = forecast.daily, escape(forecast.unit)
    level = f"{forecast.level:.0%}"
    date = f"{forecast.issue_time:%A}, {forecast.issue_time.day} {forecast.issue_time:%B %Y}"
    verdict = "Above" if day.alert else "Not above"
    drawn = guideline is not None and guideline != day.threshold
    legend = f'<li class="of-guideline">WHO guideline, {guideline:g}</li>' if drawn else ""
    rows = "".join(
        f"<tr><td>{hour.valid_time:%H:%M}</td><td>{hour.prediction:.1f}</td>"
        f"<td>{hour.lower:.1f}</td><td>{hour.upper:.1f}</td></tr>"
        for hour in forecast.hours
    )
    return f"""<section aria-labelledby="forecast-heading">
  <h2 id="forecast-heading">{date}</h2>
  <div class="day">
    <p class="mean">{day.mean:.1f} <small>{unit}</small></p>
    <p>Mean of the day; {level} interval {day.lower:.1f} to {day.upper:.1f}<br>
    {verdict} the alert level of {day.threshold:g} {unit}</p>
  </div>
  <p class="soft">Issued {forecast.issue_time:%Y-%m-%d %H:%M} UTC, {_age(forecast.age_hours)}.</p>
  <figure>
    <div id="chart" tabindex="0" role="img" aria-describedby="reading" aria-label="Hourly forecast
      with its {level} interval; the table below holds the same numbers."></div>
    <ul class="legend"><li>prediction, {unit}</li><li class="of-band">{level} interval</li>
    <li class="of-threshold">alert level of the daily mean, {day.threshold:g}</li>{legend}</ul>
  </figure>
  <p id="reading" class="soft" aria-live="polite">Point at an hour, or use the arrow keys.</p>
  <details><summary>All 24 hours as a table</summary><div class="scroll"><table>
    <thead><tr><th scope="col">Hour, UTC</th><th scope="col">{unit}</th>
    <th scope="col">from</th><th scope="col">to</th></tr></thead>
    <tbody>{rows}</tbody></table></div></details>
</section>"""


def _age(hours: float) -> str:
    if hours < 0:
        return f"for a day that begins in {-hours:.0f} h"
    return f"{hours:.0f} h ago" if hours < 48 else f"{hours / 24:.0f} days ago"


def _problem(message: str, remedy: str) -> str:
    hint = f'<p class="remedy">{escape(remedy)}</p>' if remedy else ""
    return f"<section><h2>No forecast</h2><p>{escape(message)}</p>{hint}</section>"


def _facts(champion: Champion) -> str:
    info = champion.bundle.info
    trained = info["trained_on"]
    span = f"{trained['start'][:10]} to {trained['end'][:10]}"
    facts = {
        "Kind": _KINDS.get(champion.kind, champion.kind),
        "Version": champion.version,
        "Trained on": f"{span}, {trained['rows']:,} hours",
        "Data": f"{champion.source}, place {info['place']}",
        **_quality(info.get("metrics", {}), info["unit"]),
    }
    if champion.is_baseline:
        facts["Why a baseline"] = "No trained model beat it on data that neither had seen."
    items = "".join(
        f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items()
    )
    return f"<dl>{items}</dl>"


def _quality(figures: dict[str, Any], unit: str) -> dict[str, str]:
    """What was measured on days held out of training; what was not measured is not shown."""
    held = figures.get("holdout", {})
    facts = {}
    if (error := held.get("mae_hourly")) and error["value"] is not None:
        facts["Mean absolute error, hourly"] = (
            f"{error['value']:.2f} {unit} ({_span(error)}), on {error['days']} days held out"
        )
    difference = figures.get("against", {}).get("persistence")
    if difference and difference["value"] is not None:
        facts["Its error minus persistence's"] = (
            f"{difference['value']:+.2f} {unit} ({_span(difference)}); below zero is better"
        )
    if (coverage := held.get("coverage")) and coverage["hourly"]["value"] is not None:
        hours = coverage["hourly"]
        facts["Hours inside their interval"] = (
            f"{hours['value']:.1%} ({hours['low']:.1%} to {hours['high']:.1%}); "
            f"meant to be {coverage['level']:.0%}"
        )
    return facts


def _span(estimate: dict[str, Any]) -> str:
    """The interval of a measured figure."""
    return f"{estimate['low']:.2f} to {estimate['high']:.2f}"


def _soft(text: str) -> str:
    return f'<p class="soft">{escape(text)}</p>'


def _data(forecast: Forecast | None, guideline: float | None) -> str:
    """What the script draws, safe inside a script element."""
    if forecast is None:
        return "null"
    hours = [
        {
            "valid_time": f"{hour.valid_time:%Y-%m-%dT%H:%M:%SZ}",
            "prediction": hour.prediction,
            "lower": hour.lower,
            "upper": hour.upper,
        }
        for hour in forecast.hours
    ]
    content = {
        "unit": forecast.unit,
        "threshold": forecast.daily.threshold,
        "guideline": guideline,
        "hours": hours,
    }
    return json.dumps(content).replace("<", "\\u003c")
