"""The verdict in one line, and the names that every block uses for metrics and systems."""

from typing import Any

from .. import NAME
from .markdown import count, interval, percent, points
from .results import Results

TINY = (
    "**Tiny embedded model, made-up data: this shows that the pipeline works, nothing about real "
    "models.**"
)
LABELS = {
    "base": "base",
    "prompted": "base + examples",
    "tuned": "tuned",
    "dpo": "tuned + DPO",
}


def label(name: str) -> str:
    """A system as people read it; `seed-1` as `seed 1`."""
    return LABELS.get(name, name.replace("-", " "))


def metric(name: str) -> str:
    """`execution_accuracy` as `execution accuracy`."""
    return name.replace("_", " ").replace("f1", "F1")


def main_pair(results: Results) -> dict[str, Any] | None:
    """The comparison that the verdict is about; None before an evaluation of base and tuned."""
    evaluation = results["evaluation"]
    if not evaluation or not evaluation["headline"]:
        return None
    return find_pair(evaluation, *evaluation["headline"])


def find_pair(evaluation: dict[str, Any], before: str, after: str) -> dict[str, Any] | None:
    """The comparison of two systems, where both were measured."""
    for pair in evaluation["pairs"]:
        if (pair["before"], pair["after"]) == (before, after):
            return dict(pair)
    return None


def spread(found: dict[str, Any]) -> str:
    """`+40.5 to +56.5`: a comparison's interval in percentage points."""
    return interval(found["low"], found["high"], points)


def outcome(results: Results) -> str:
    """The headline, with a warning before it where the model is the embedded one."""
    said = headline(results)
    return f"{TINY} {said}" if results["tiny"] and results["evaluation"] else said


def headline(results: Results) -> str:
    """One line: verdict, metric, from what to what, on how many rows."""
    pair = main_pair(results)
    if pair is None:
        how = f"`{NAME} report` writes the outcome here once a model was tuned and evaluated."
        return f"**Not measured yet.** {how}"
    evaluation, score = results["evaluation"], pair["score"]
    name, rows = metric(evaluation["primary"]), count(score["rows"])
    base = base_name(results)
    step = f"from {percent(score['before'])} to {percent(score['after'])}"
    sure = f"{points(score['delta'])} points (95 % interval {spread(score)})"
    if score["level"] != 0.95:
        sure = sure.replace("95 %", f"{100 * score['level']:g} %")
    told = {
        "improved": f"**Tuning improves {name} of {base} {step}: {sure}**",
        "worse": f"**Tuning makes {name} of {base} worse, {step}: {sure}**",
        "inconclusive": f"**Inconclusive: {name} of {base} goes {step}, {sure}**",
    }[score["verdict"]]
    return f"{told}, on {rows} test rows frozen before training."


def base_name(results: Results) -> str:
    """The base model as a sentence names it."""
    base = results["configuration"]["model"]["base"]
    return "the tiny base model" if base == "tiny" else f"`{base}`"
