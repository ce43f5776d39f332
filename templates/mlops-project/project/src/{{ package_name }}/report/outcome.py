"""Which model serves and how well, in one line; the other blocks ask here too."""

from typing import Any

from .. import NAME
from ..provenance import notice
from .markdown import escape, interval, number, percent

Results = dict[str, Any]


def summary(results: Results, kind: str) -> dict[str, Any] | None:
    """What a run of that kind found; None where none ran."""
    run = results["runs"].get(kind)
    return run["summary"] if run else None


def serving(results: Results) -> dict[str, Any] | None:
    """The champion: version, name, is_baseline, `note` after a rollback, and `figures`.

    `figures` is its line of the last comparison, None where it was not part of that. None before
    the first promotion.
    """
    decision, back = summary(results, "promote"), summary(results, "rollback")
    if decision is None:
        return None
    runs = results["runs"]
    names = {kind: run["record"].removeprefix(f"{kind}-") for kind, run in runs.items()}
    rolled = back if back and names["rollback"] > names["promote"] else None
    now = rolled or decision
    figures = [one for one in decision["contenders"] if one["version"] == now["champion"]]
    return {
        "version": now["champion"],
        "name": now["champion_name"],
        "is_baseline": now["is_baseline"],
        "figures": figures[0] if figures else None,
        "note": f"Rolled back from version {back['previous']}: {back['reason']}."
        if rolled and back
        else "",
    }


def serves(results: Results, name: str) -> bool:
    """Whether the newest training's model of that name is the champion, not an older one."""
    champion, trained = serving(results), summary(results, "train")
    if not champion or champion["name"] != name:
        return False
    version = trained["versions"].get(name) if trained else None
    return version in (None, champion["version"])


def outcome(results: Results) -> str:
    """The headline, with a warning before it where the data are simulated."""
    warning = notice(results["source"]) if "promote" in results["runs"] else ""
    label = f"{warning}: this shows that the pipeline works, nothing about the real air. "
    return (label if warning else "") + headline(results)


def headline(results: Results) -> str:
    """One line: what serves, how well, against what, on which days."""
    champion, decision = serving(results), summary(results, "promote")
    if champion is None or decision is None:
        how = f"`{NAME} report` writes the outcome here once the pipeline has run."
        return f"**Not measured yet.** {how}"
    place, figures, note = escape(results["place"]["name"]), champion["figures"], champion["note"]
    days = f"{decision['days']} unseen days ({decision['start']} to {decision['end']})"
    if figures is None:
        name = f"{champion['name']} (version {champion['version']})"
        return f"**{name} serves {place}.** It was not compared on the last {days}. {escape(note)}"
    spread = interval(figures["lower"], figures["upper"])
    level = percent(decision["level"])
    error = f"{number(figures['mae'])} {results['unit']} ({level} interval {spread})"
    if champion["is_baseline"] and not note:
        sentence = (
            f"**No learned model beats the baseline at {place} for certain, so {champion['name']} "
            f"serves**: mean error {error} on {days}."
        )
    else:
        sentence = (
            f"**{champion['name']} predicts tomorrow's air at {place} with a mean error of {error}"
            f"{gain(decision, figures)}**, on {days}."
        )
    return f"{sentence} {escape(note)}".strip()


def gain(decision: dict[str, Any], figures: dict[str, Any]) -> str:
    """`, 12 % below persistence`, from the best other baseline of the same hold-out."""
    others = [
        found
        for found in decision["contenders"]
        if found["is_baseline"] and found["version"] != figures["version"]
    ]
    if not others:
        return ""
    best = min(others, key=lambda found: float(found["mae"]))
    share = 1 - figures["mae"] / best["mae"]
    return f", {percent(abs(share))} {'below' if share > 0 else 'above'} {best['name']}"


def gate(results: Results) -> str:
    """The decision on who serves, with what has to be known about it."""
    trained, decision = summary(results, "train"), summary(results, "promote")
    champion = serving(results)
    if decision is None or champion is None:
        return "Gate: not promoted yet."
    notes = [*decision["notes"], (trained or {}).get("note", ""), champion["note"]]
    return " ".join(
        ["Gate:", escape(decision["reason"]), *(escape(note) for note in notes if note)]
    )
