"""The README's blocks, written from `results.json` alone: the same results give the same bytes."""

from typing import Any

from .. import NAME
from ..training.resample import CONFIDENCE
from . import origins
from .markdown import (
    NONE,
    NOT_MEASURED,
    count,
    escape,
    interval,
    number,
    paragraphs,
    percent,
    seconds,
    signed,
    size,
    stamp,
    table,
)
from .outcome import Results, gate, outcome, serves, summary


def blocks(results: Results) -> dict[str, str]:
    """Content of each block of the README."""
    return {
        "outcome": outcome(results),
        "results": comparison(results),
        "cost": cost(results),
        "data": data(results),
        "monitoring": monitoring(results),
        "tests": tests(results),
    }


def comparison(results: Results) -> str:
    """Every model on the same hold-out, the worst slices, and the gate's decision."""
    trained = summary(results, "train")
    if trained is None:
        return NOT_MEASURED
    runs = results["runs"]
    return paragraphs(
        model_table(results),
        f"Hold-out {trained['start']} to {trained['end']} ({trained['days']} days), never used to "
        "train or to choose among the models: earlier days, in time-ordered folds, chose. In "
        f"brackets: {percent(CONFIDENCE)} block-bootstrap intervals. An alert is "
        f"a daily mean above {number(trained['threshold'])} {results['unit']}.",
        worst_slices(results),
        gate(results),
        picture(results, "holdout"),
        stamp(runs["train"], runs.get("promote")),
    )


def picture(results: Results, name: str) -> str:
    """A chart beside `results.json`, where it could be drawn."""
    found = results["pictures"].get(name)
    return f"![{escape(found['alt'])}]({found['file']})" if found else ""


def model_table(results: Results) -> str:
    """Models by error, with interval, difference from the best baseline, alert and coverage."""
    trained = summary(results, "train")
    assert trained is not None
    rows = []
    for model in sorted(trained["models"], key=lambda found: float(found["mae"])):
        name = f"**{model['name']}** (serves)" if serves(results, model["name"]) else model["name"]
        difference = "—"
        if model["name"] != trained["baseline"]:
            spread = interval(model["delta_lower"], model["delta_upper"], signed)
            difference = f"{signed(model['delta'])} ({spread})"
        rows.append(
            [
                name + (" · baseline" if model["is_baseline"] else ""),
                f"{number(model['mae'])} ({interval(model['lower'], model['upper'])})",
                difference,
                f"{percent(model['precision'])} / {percent(model['recall'])}",
                percent(model["coverage"]),
            ]
        )
    always = trained["always_alert"]
    if always:
        alarm = f"{percent(always['precision'])} / {percent(always['recall'])}"
        rows.append(["always alert", "—", "—", alarm, "—"])
    unit = results["unit"]
    level = percent(trained["level"])
    head = [
        "Model",
        f"MAE, {unit}",
        f"against {trained['baseline']}",
        "alert precision / recall",
        f"{level} interval holds",
    ]
    return table(head, rows)


def worst_slices(results: Results) -> str:
    """The slice of each kind with the largest error."""
    trained = summary(results, "train")
    if not trained or not trained["slices"]:
        return ""
    worst: dict[str, dict[str, Any]] = {}
    for part in trained["slices"]:
        if part["group"] not in worst or part["mae"] > worst[part["group"]]["mae"]:
            worst[part["group"]] = part
    names = [
        f"{part['value']} ({number(part['mae'])} {results['unit']})" for part in worst.values()
    ]
    return f"Worst slices: {', '.join(names)}; all of them in the [model card](MODEL_CARD.md)."


def cost(results: Results) -> str:
    """Latency, throughput, size, training time, and the price of 1,000 predictions."""
    trained, bench = summary(results, "train"), summary(results, "bench")
    if trained is None and bench is None:
        return NOT_MEASURED
    found, made = bench or {}, trained or {}
    price = results["price_per_hour"]
    rate = found.get("requests_per_s")
    per_thousand = NONE
    if rate:
        money = results["currency"]
        per_thousand = f"{number(price / rate / 3.6)} {money}, at {price:g} {money} an hour"
    batch, memory = found.get("batch_rows_per_s"), found.get("memory_mib")
    service = [
        ["one prediction, p50 / p95", f"{_ms(found, 'p50_ms')} / {_ms(found, 'p95_ms')}"],
        [_load(found), _rate(found)],
        ["the empty app in the same run", _empty(found)],
        ["batches of 100", f"{number(batch)} rows/s" if batch else NONE],
        ["price of 1,000 predictions", per_thousand],
        ["memory of the service", f"{number(memory)} MiB" if memory else NONE],
    ]
    if bench is None:
        service = [["speed and memory of the service", f"{NONE}: run `{NAME} bench`"]]
    rows = [
        *service,
        [f"{made.get('best', 'model')} on disk", size(made.get("model_bytes"))],
        ["training", seconds(made.get("seconds"))],
    ]
    runs = results["runs"]
    return paragraphs(table(["", "measured"], rows), stamp(runs.get("bench"), runs.get("train")))


def _ms(found: dict[str, Any], key: str) -> str:
    return f"{number(found[key])} ms" if found.get(key) is not None else NONE


def _rate(found: dict[str, Any]) -> str:
    rate = found.get("requests_per_s")
    return f"{number(rate)} requests/s, p99 {_ms(found, 'p99_ms')}" if rate else NONE


def _empty(found: dict[str, Any]) -> str:
    """The same web framework with the same validation and no model."""
    rate = found.get("ceiling_requests_per_s")
    return f"{number(rate)} requests/s, p99 {_ms(found, 'ceiling_p99_ms')}" if rate else NONE


def _load(found: dict[str, Any]) -> str:
    connections = found.get("connections")
    return f"under load, {connections} connections" if connections else "under load"


def data(results: Results) -> str:
    """Span, rows, gaps, licence and hash of the data."""
    collected, built = summary(results, "collect"), summary(results, "features")
    if collected is None and built is None:
        return NOT_MEASURED
    quality = summary(results, "quality")
    found, place = built or {}, results["place"]
    where = f"{escape(place['name'])} ({place['latitude']:g}, {place['longitude']:g})"
    verdict = escape(quality["verdict"]) if quality else NONE
    rows = [
        *origins.sources(results),
        ["place", where],
        ["days", f"{found.get('first_day', NONE)} to {found.get('last_day', NONE)}"],
        ["hours", count(found.get("hours"))],
        ["rows with a label", count(found.get("rows"))],
        ["quality gate", verdict],
        *origins.licences(results),
        ["SHA-256 of the ordered rows", f"`{found['data_hash'][:16]}…`" if found else NONE],
    ]
    runs = results["runs"]
    return paragraphs(
        table(["", ""], [[name, value] for name, value in rows]),
        stamp(runs.get("features"), runs.get("collect")),
    )


def monitoring(results: Results) -> str:
    """The newest verdict, check by check."""
    found = summary(results, "monitor")
    if found is None:
        return NOT_MEASURED
    rows = [
        [
            escape(check["name"]),
            escape(check["value"]),
            "**alarm**" if check["status"] == "alarm" else check["status"],
        ]
        for check in found["checks"]
    ]
    retrained = summary(results, "retrain")
    return paragraphs(
        f"**{'Alarm' if found['alarm'] else 'No alarm'}.** {escape(found['verdict'])}",
        table(["check", "found", "verdict"], rows) if rows else "",
        f"Last retraining: {escape(retrained['reason'])}" if retrained else "",
        stamp(results["runs"]["monitor"]),
    )


def tests(results: Results) -> str:
    """Number of tests, template version, and what was changed since the first commit."""
    facts = results["project"]
    if facts is None:
        return NOT_MEASURED
    changed = facts["changes"]
    delta = NONE
    if changed:
        lines = f"+{changed['added']} −{changed['removed']} lines"
        delta = f"{changed['files']} files, {lines} since the first commit"
    return (
        f"{facts['tests']} test functions in {facts['test_files']} files "
        f"(`python3 tasks.py test`) · template mlops-project "
        f"{facts['template_version'] or '(unreleased)'} · changed by the owner: {delta}"
    )
