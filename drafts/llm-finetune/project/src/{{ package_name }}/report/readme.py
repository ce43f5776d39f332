"""The README's blocks, written from `results.json` alone: the same results give the same bytes."""

from typing import Any

from ..config import TINY
from .cost import cost
from .markdown import (
    NOT_MEASURED,
    bullets,
    count,
    escape,
    interval,
    number,
    paragraphs,
    percent,
    points,
    signed,
    stamp,
    table,
)
from .outcome import find_pair, label, metric, outcome, spread
from .results import Results, result, step

WORST_SLICES = 3


def blocks(results: Results) -> dict[str, str]:
    """Content of each block of the README."""
    return {
        "outcome": outcome(results),
        "results": comparison(results),
        "configuration": configuration(results),
        "cost": cost(results),
        "data": data(results),
    }


def comparison(results: Results) -> str:
    """Every system, every difference, the worst slices, and what must be known of them."""
    evaluation = results["evaluation"]
    if evaluation is None:
        return NOT_MEASURED
    return paragraphs(
        systems(evaluation),
        differences(evaluation),
        method(evaluation),
        seeds(evaluation),
        control(evaluation),
        hard_slices(evaluation),
        bullets([escape(one) for one in evaluation["warnings"]]),
        stamp(step(results, "evaluate")),
    )


def systems(evaluation: dict[str, Any]) -> str:
    """A line for each system: the primary metric with its interval, other scores, losses."""
    primary = evaluation["primary"]
    found = evaluation["systems"]
    others = [name for name in (found[0]["scores"] if found else {}) if name != primary]
    rows = []
    for one in found:
        bounds = evaluation["intervals"][one["name"]]
        rows.append(
            [
                label(one["name"]),
                f"{percent(one['scores'][primary])} "
                f"({interval(bounds['low'], bounds['high'], percent)})",
                *(percent(one["scores"].get(name)) for name in others),
                number(one["nll"]),
                number(one["text_loss"]),
            ]
        )
    head = ["", metric(primary), *(metric(name) for name in others)]
    return table([*head, "NLL of the reference", "general-text loss"], rows)


def differences(evaluation: dict[str, Any]) -> str:
    """A line for each comparison: difference, interval, test, verdict."""
    grouped = any(pair["score"]["test"] != "mcnemar" for pair in evaluation["pairs"])
    rows = [
        [
            f"{label(pair['before'])} → {label(pair['after'])}",
            f"{points(pair['score']['delta'])} ({spread(pair['score'])})",
            f"{pair['score']['fixed']} / {pair['score']['broken']}",
            *_tests(pair["score"], grouped),
            verdict(pair["score"]["verdict"]),
            f"{signed(pair['nll']['delta'])}",
        ]
        for pair in evaluation["pairs"]
    ]
    level = f"{100 * evaluation['level']:g} %"
    tests = ["McNemar's p", *(["p by group"] if grouped else [])]
    head = ["", f"points ({level} interval)", "fixed / broken", *tests, "verdict", "NLL"]
    return table(head, rows) if rows else ""


def _tests(score: dict[str, Any], grouped: bool) -> list[str]:
    """Exact McNemar, where scores are 0 or 1, and the test by group where there are groups."""
    exact = "—" if score["mcnemar"] is None else p_value(score["mcnemar"])
    return [exact, *([p_value(score["p"])] if grouped else [])]


def verdict(name: str) -> str:
    """The verdict; only one that was found is bold."""
    return name if name == "inconclusive" else f"**{name}**"


def p_value(p: float) -> str:
    """A probability with two digits; what is tiny is not pretended to be known."""
    return "&lt;0.0001" if p < 1e-4 else f"{p:.2g}"


def method(evaluation: dict[str, Any]) -> str:
    """How the figures came about, in a paragraph."""
    score = evaluation["pairs"][0]["score"] if evaluation["pairs"] else None
    used, there, groups = (evaluation[key] for key in ("rows", "test_rows", "groups"))
    rows = f"{count(used)} of {count(there)}" if used < there else count(used)
    grouped = f" in {count(groups)} groups" if groups < used else ""
    test = {"mcnemar": "exact McNemar", "sign flips": "sign flips, each group as one"}
    tested = f"; the test is {test[score['test']]}" if score else ""
    shots = evaluation["shots"]
    examples = f" Base + examples: {shots} from the training set in its prompt." if shots else ""
    return (
        f"{rows} test rows{grouped}, the same prompts and scorer for all, greedy decoding; "
        f"percentile bootstrap of paired differences ({count(evaluation['samples'])} draws)"
        f"{tested}.{examples} Improved means: the interval excludes 0 and the test agrees."
    )


def seeds(evaluation: dict[str, Any]) -> str:
    """Several trainings as one statement."""
    found = evaluation["seeds"]
    if not found:
        return ""
    each = ", ".join(points(one) for one in found["deltas"])
    return (
        f"**{len(found['seeds'])} seeds: {points(found['delta'])} points "
        f"({spread(found)}), {found['verdict']}.** By seed: {each}."
    )


def control(evaluation: dict[str, Any]) -> str:
    """What the training on shuffled answers gained."""
    pair = find_pair(evaluation, "base", "control")
    if pair is None:
        return ""
    score = pair["score"]
    fine = score["verdict"] != "improved"
    told = "as it must" if fine else "so a part of the gain is form, not substance"
    said = "shows no improvement" if fine else "improves too"
    return (
        f"The control, trained on shuffled answers, {said} "
        f"({points(score['delta'])} points, {spread(score)}): {told}."
    )


def hard_slices(evaluation: dict[str, Any]) -> str:
    """The slices in which the last system scores lowest."""
    found = sorted(evaluation["slices"], key=lambda one: float(one["comparison"]["after"]))
    rows = [slice_row(one) for one in found[:WORST_SLICES]]
    return table(["lowest slices", *SLICE_HEAD[1:]], rows) if rows else ""


SLICE_HEAD = ["slice", "rows", "before", "after", "points", "Holm's p", "verdict"]


def slice_row(one: dict[str, Any]) -> list[str]:
    """A slice as a line of a table."""
    found = one["comparison"]
    return [
        escape(f"{one['cut']}: {one['value']}"),
        count(found["rows"]),
        percent(found["before"]),
        percent(found["after"]),
        f"{points(found['delta'])} ({spread(found)})",
        p_value(one["p"]),
        verdict(found["verdict"]),
    ]


def configuration(results: Results) -> str:
    """What was trained, how; and on what machine."""
    settings, trained = results["configuration"], step(results, "train")
    if settings is None or trained is None:
        return NOT_MEASURED
    adapter, train = settings["adapter"], settings["train"]
    stage = trained["result"]["stages"][0]
    share = stage["trained_parameters"] / stage["parameters"]
    rows = [
        ["base model", f"`{escape(settings['model']['base'])}`"],
        ["revision", _revision(settings)],
        ["method", f"{adapter['method']}, rank {adapter['rank']}, alpha {adapter['alpha']:g}"],
        ["targets", escape(_targets(adapter["targets"]))],
        [
            "trained parameters",
            f"{count(stage['trained_parameters'])} of {count(stage['parameters'])} "
            f"({percent(share)})",
        ],
        ["steps", f"{count(stage['steps'])} ({stage['epochs']:.2g} epochs){_early(stage)}"],
        ["examples a step", count(_batch(train, trained["result"]))],
        ["learning rate", f"{train['learning_rate']:g}, {train['schedule']}"],
        ["longest example", f"{count(settings['model']['max_length'])} tokens"],
        ["seed", str(train["seed"])],
        ["final loss", f"{number(stage['loss'])} (validation {number(stage['validation_loss'])})"],
        *_dpo(settings, trained["result"]),
    ]
    return paragraphs(table(["", ""], rows), stamp(trained))


def _revision(settings: dict[str, Any]) -> str:
    if settings["model"]["base"] == TINY:
        return f"made here: {settings['tiny']['steps']} steps, seed {settings['tiny']['seed']}"
    return f"`{escape(settings['model']['revision'])}`"


def _targets(targets: str | list[str]) -> str:
    return targets if isinstance(targets, str) else ", ".join(targets)


def _early(stage: dict[str, Any]) -> str:
    return ", stopped early" if stage["stopped_early"] else ""


def _batch(train: dict[str, Any], found: dict[str, Any]) -> int:
    return int(train["batch_size"] * train["accumulation"] * found["processes"])


def _dpo(settings: dict[str, Any], found: dict[str, Any]) -> list[list[str]]:
    if len(found["stages"]) < 2:
        return []
    preference, pairs = settings["preference"], sum(found["pairs"].values())
    said = f"{count(found['stages'][1]['steps'])} steps on {count(pairs)} pairs"
    return [["DPO", f"{said}, beta {preference['beta']:g}, rate {preference['learning_rate']:g}"]]


def data(results: Results) -> str:
    """Where the examples came from and how they were split."""
    found = result(results, "data")
    if found is None:
        return NOT_MEASURED
    origin, counts = found["origin"], found["counts"]
    total = found["lengths"].get("total") if found["lengths"] else None
    rows = [
        ["source", f"`{escape(origin['name'])}` ({escape(origin['kind'])})"],
        ["revision", f"`{escape(origin['revision'])}`"],
        ["licence", escape(origin["licence"])],
        ["rows", ", ".join(f"{count(number)} {name}" for name, number in counts.items())],
        ["left out", f"{count(found['duplicates'])} duplicates, {count(found['leaked'])} leaks"],
        ["test set", f"SHA-256 `{found['test_hash'][:16]}…`, frozen before training"],
    ]
    if isinstance(total, dict):
        rows.append(["tokens", ", ".join(f"{name} {number(one)}" for name, one in total.items())])
    return paragraphs(
        f"**{escape(origin['note'])}**" if origin.get("note") else "",
        table(["", ""], rows),
        stamp(step(results, "data")),
    )
