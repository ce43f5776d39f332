"""`report.html`: everything on one page that needs no network, for a phone or a large screen."""

import html
from pathlib import Path
from typing import Any

from .. import NAME
from . import readme
from .charts import Delta, delta_chart, loss_chart
from .cost import cost
from .examples import Example, Examples
from .markdown import bullets, count, escape, number, paragraphs, points, seconds, table
from .markup import to_html
from .outcome import TINY, headline, label, main_pair, metric, spread
from .results import Results, step

STYLE = Path(__file__).with_name("page.css")
MOST_SLICES = 24
"""A chart of more is a wall; the table has them all."""

LONG = 1200
"""Characters of an answer that are shown."""


def render(
    results: Results, curves: dict[str, list[dict[str, float]]], found: Examples | None
) -> str:
    """The page as self-contained HTML; `curves` are logged figures by stage of training."""
    parts = [
        ("Result", _tiles(results) + _comparison(results)),
        ("What must be known of it", _warnings(results)),
        ("Loss curves", _losses(curves)),
        ("Where it helps, and where it hurts", _slices(results)),
        ("Fixed by tuning", _examples(found, "fixed", results)),
        ("Broken by tuning", _examples(found, "broken", results)),
        ("Public benchmarks", _harness(results)),
        ("A judge's opinion", _judge(results)),
        ("Configuration", _text(readme.configuration(results))),
        ("Cost and speed", _text(cost(results))),
        ("Data", _text(readme.data(results))),
    ]
    sections = "\n".join(
        f"<section><h2>{html.escape(title)}</h2>\n{body}</section>" for title, body in parts if body
    )
    title = html.escape(f"{NAME}: run {results['run']}")
    banner = f'<div class="banner">{_text(TINY)}</div>' if results["tiny"] else ""
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
{banner}
<div class="outcome">{_text(headline(results))}</div>
</header>
<main>
{sections}
</main>
<footer><p>Written from the run's own records; nothing on this page was typed by hand.</p></footer>
</body>
</html>
"""


def _text(markdown: str) -> str:
    return to_html(markdown) + "\n" if markdown else ""


def _figure(svg: str) -> str:
    return f"<figure>{svg}</figure>\n"


def _tiles(results: Results) -> str:
    """The four figures that a reader in a hurry wants."""
    evaluation, pair = results["evaluation"], main_pair(results)
    tiles = []
    if pair:
        score = pair["score"]
        name = metric(evaluation["primary"])
        change = f"{100 * score['before']:.1f} → {100 * score['after']:.1f} %".replace(
            " %", "\u00a0%"
        )
        sure = f"{points(score['delta'])} points ({spread(score)})"
        tiles += [("verdict", score["verdict"], f"{label(pair['after'])} against base")]
        tiles += [(name, change, sure)]
        if text := pair["text"]:
            tiles.append(("general text, loss", f"{number(text['after'])}", _forgot(text)))
    if trained := step(results, "train"):
        used = trained["result"]["seconds"]
        tiles.append(("training", seconds(used), f"{count(trained['result']['rows'])} rows"))
    cells = "".join(
        f"<div><span>{html.escape(name)}</span><b>{html.escape(value)}</b>"
        f"<small>{html.escape(note)}</small></div>"
        for name, value, note in tiles
    )
    return f'<div class="tiles">{cells}</div>\n' if cells else ""


def _forgot(text: dict[str, Any]) -> str:
    told = {"worse": "forgetting", "improved": "lower", "inconclusive": "no clear change"}
    return f"from {number(text['before'])}: {told[text['verdict']]}"


def _comparison(results: Results) -> str:
    evaluation = results["evaluation"]
    if evaluation is None:
        return _text("*Not measured.*")
    rows = [
        _delta(f"{label(pair['before'])} → {label(pair['after'])}", pair["score"])
        for pair in evaluation["pairs"]
    ]
    if found := evaluation["seeds"]:
        rows.append(_delta(f"{len(found['seeds'])} seeds together", found))
    title = f"Differences of {metric(evaluation['primary'])} with their intervals"
    return (
        (_figure(delta_chart(rows, title)) if rows else "")
        + _text(readme.systems(evaluation))
        + _text(readme.differences(evaluation))
        + _text(
            paragraphs(
                readme.method(evaluation), readme.seeds(evaluation), readme.control(evaluation)
            )
        )
    )


def _delta(name: str, found: dict[str, Any]) -> Delta:
    value, low, high = (100 * found[key] for key in ("delta", "low", "high"))
    return Delta(name, value, low, high, found["verdict"])


def _warnings(results: Results) -> str:
    evaluation = results["evaluation"]
    return _text(bullets([escape(one) for one in evaluation["warnings"]])) if evaluation else ""


def _losses(curves: dict[str, list[dict[str, float]]]) -> str:
    charts = []
    for stage, logged in curves.items():
        train = [(one["step"], one["loss"]) for one in logged if "loss" in one]
        validation = [(one["step"], one["eval_loss"]) for one in logged if "eval_loss" in one]
        if train:
            title = f"Loss of {stage.upper()}"
            charts.append(f"<h3>{html.escape(stage.upper())}</h3>")
            charts.append(_figure(loss_chart(train, validation, title)))
    return "".join(charts) or _text("*Not measured.*")


def _slices(results: Results) -> str:
    evaluation = results["evaluation"]
    if not evaluation or not evaluation["slices"]:
        return ""
    found = evaluation["slices"]
    shown = sorted(found, key=lambda one: float(one["comparison"]["delta"]))[:MOST_SLICES]
    rows = [_delta(f"{one['cut']}: {one['value']}", one["comparison"]) for one in shown]
    told = "" if len(shown) == len(found) else f"The {len(shown)} slices that gained least."
    body = table(readme.SLICE_HEAD, [readme.slice_row(one) for one in found])
    note = "A slice's verdict stands on its p after Holm's correction for looking at all of them."
    chart = _figure(delta_chart(rows, "Differences in each slice, with intervals"))
    return chart + _text(paragraphs(told, body, note))


def _examples(found: Examples | None, kind: str, results: Results) -> str:
    pair = main_pair(results)
    if found is None or pair is None:
        return ""
    listed: list[Example] = getattr(found, kind)
    total = found.fixed_rows if kind == "fixed" else found.broken_rows
    told = f"{len(listed)} of {count(total)} rows."
    names = (label(pair["before"]), label(pair["after"]))
    items = "\n".join(_example(one, names, kind) for one in listed)
    return f"<p>{told if listed else 'No row.'}</p>\n{items}"


def _example(one: Example, names: tuple[str, str], kind: str) -> str:
    good, bad = ("good", "bad") if kind == "fixed" else ("bad", "good")
    answers = ((names[0], one.before, bad), (names[1], one.after, good))
    cells = "".join(
        f'<dt>{html.escape(name)}</dt><dd class="{tone}">{_answer(text)}</dd>'
        for name, text, tone in (("reference", one.reference, ""), *answers)
    )
    asked = html.escape(_cut(one.question))
    return f"<details><summary>{asked}</summary><dl>{cells}</dl></details>"


def _answer(text: str) -> str:
    return f"<pre>{html.escape(_cut(text))}</pre>" if text.strip() else "<i>empty</i>"


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]} … ({len(text):,} characters)"


def _harness(results: Results) -> str:
    found = (results["evaluation"] or {}).get("harness")
    if not found:
        return ""
    names = list(found)
    figures = {
        (task, name): None
        for system in names
        for task, scores in found[system].items()
        for name in scores
    }
    rows = [
        [
            escape(f"{task}: {name}"),
            *(_with_error(found[one].get(task, {}).get(name)) for one in names),
        ]
        for task, name in figures
    ]
    note = "By lm-eval with the chat template; ± is its standard error, and rows are not paired."
    return _text(paragraphs(table(["", *(label(one) for one in names)], rows), note))


def _with_error(figure: dict[str, float | None] | None) -> str:
    if figure is None or figure["value"] is None:
        return "not measured"
    error = "" if figure["stderr"] is None else f" ± {number(figure['stderr'])}"
    return f"{number(figure['value'])}{error}"


def _judge(results: Results) -> str:
    found = (results["evaluation"] or {}).get("judge")
    if not found:
        return ""
    return _text(
        f"`{escape(found['model'])}` preferred {label(found['after'])} in {count(found['wins'])} "
        "and "
        f"{label(found['before'])} in {count(found['losses'])} of {count(found['rows'])} rows "
        f"(p {readme.p_value(found['p'])}); {count(found['ties'])} ties, of which "
        f"{count(found['inconsistent'])} changed with the order of the answers."
    )
