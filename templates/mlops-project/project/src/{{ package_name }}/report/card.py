"""The model card's blocks, written from `results.json` alone."""

from typing import Any

from .markdown import (
    NONE,
    NOT_MEASURED,
    count,
    escape,
    interval,
    number,
    paragraphs,
    percent,
    signed,
    stamp,
    table,
)
from .outcome import Results, serves, serving, summary
from .readme import data, model_table, monitoring, picture

TOP_FEATURES = 10


def blocks(results: Results) -> dict[str, str]:
    """Content of each block of MODEL_CARD.md."""
    return {
        "card-model": model(results),
        "card-data": data(results),
        "card-metrics": metrics(results),
        "card-slices": slices(results),
        "card-importance": importance(results),
        "card-drift": monitoring(results),
    }


def model(results: Results) -> str:
    """Which model serves, since when, trained on what."""
    decision, champion = summary(results, "promote"), serving(results)
    if decision is None or champion is None:
        return NOT_MEASURED
    kind = "a baseline: nothing beats it for certain" if champion["is_baseline"] else "learned"
    rows = [
        ["name", f"{champion['name']}, version {champion['version']} ({kind})"],
        ["predicts", f"{results['title']} in {results['unit']}, 24 hours from midnight UTC"],
        ["trained on", _span(results, champion["name"])],
        ["decision", escape(f"{decision['reason']} {champion['note']}".strip())],
    ]
    return paragraphs(
        table(["", ""], rows), stamp(results["runs"]["promote"], results["runs"].get("rollback"))
    )


def _span(results: Results, name: str) -> str:
    """Training days, where the newest training made the champion."""
    trained = summary(results, "train")
    if trained is None or not serves(results, name):
        return "days of an earlier training: see its version in MLflow"
    span = trained["trained_on"]
    return f"{span['start'][:10]} to {span['end'][:10]}"


def metrics(results: Results) -> str:
    """The comparison table and the gate's paired differences."""
    trained, decision = summary(results, "train"), summary(results, "promote")
    if trained is None:
        return NOT_MEASURED
    return paragraphs(
        model_table(results),
        shares(results),
        differences(decision, results["unit"]) if decision else "",
        picture(results, "errors"),
        stamp(results["runs"]["train"], results["runs"].get("promote")),
    )


def shares(results: Results) -> str:
    """Alerts and intervals of each model, with the bounds that the table above has no room for."""
    trained = summary(results, "train")
    assert trained is not None
    rows = [
        [found["name"], *(_share(found, key) for key in ("precision", "recall", "coverage"))]
        for found in trained["models"]
    ]
    level = percent(trained["level"])
    head = ["Model", "alert precision", "alert recall", f"{level} interval holds"]
    return table(head, rows)


def _share(found: dict[str, Any], key: str) -> str:
    lower, upper = found["spreads"][key]
    spread = interval(lower, upper, percent)
    return percent(found[key]) if spread == NONE else f"{percent(found[key])} ({spread})"


def differences(decision: dict[str, Any], unit: str) -> str:
    """The gate's paired differences of errors, with their intervals."""
    names = {
        found["version"]: f"{found['name']} v{found['version']}" for found in decision["contenders"]
    }
    rows = [
        [
            f"{names[pair['model']]} − {names[pair['against']]}",
            f"{signed(pair['difference'])} ({interval(pair['lower'], pair['upper'], signed)})",
            "better for certain" if pair["better"] else "not certain",
        ]
        for pair in decision["comparisons"]
    ]
    title = f"paired difference of errors, with its {percent(decision['level'])} interval"
    return table([title, unit, ""], rows) if rows else ""


def slices(results: Results) -> str:
    """Error of the best learned model in each slice, beside the baseline's."""
    trained = summary(results, "train")
    if trained is None or not trained["slices"]:
        return NOT_MEASURED
    rows = [
        [
            f"{part['group']}: {part['value']}",
            count(part["rows"]),
            f"{number(part['mae'])} ({interval(part['lower'], part['upper'])})",
            number(part["baseline_mae"]),
        ]
        for part in trained["slices"]
    ]
    head = ["slice", "rows", f"MAE of {trained['best']}, {results['unit']}", trained["baseline"]]
    return paragraphs(table(head, rows), stamp(results["runs"]["train"]))


def importance(results: Results) -> str:
    """What the best learned model goes by."""
    trained = summary(results, "train")
    if trained is None or not trained["importance"]:
        return NOT_MEASURED
    rows = [
        [f"`{found['feature']}`", number(found["mae_rise"])]
        for found in trained["importance"][:TOP_FEATURES]
    ]
    return paragraphs(
        f"How much the error of {trained['best']} on the hold-out rises when a feature's values "
        "are shuffled. Features that say nearly the same share their importance.",
        table(["feature", f"rise of the error, {results['unit']}"], rows),
        stamp(results["runs"]["train"]),
    )
