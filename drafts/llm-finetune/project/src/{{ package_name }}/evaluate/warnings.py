"""What must be said beside the figures, so that nobody reads more into them than they hold."""

from typing import TYPE_CHECKING

from .compare import Comparison

if TYPE_CHECKING:
    from .evaluation import Evaluation, Pair

CUT_OFF = 0.05
"""From this share of answers that the limit of tokens ended, a sentence says so."""

TINY = (
    "Tiny embedded model and made-up data: this shows that the pipeline works, nothing about "
    "real models."
)


def of(evaluation: "Evaluation") -> list[str]:
    """Sentences, the gravest first; none when nothing is to be said."""
    pairs = {(pair.before, pair.after): pair for pair in evaluation.pairs}
    main = pairs.get(evaluation.headline) if evaluation.headline else None
    found = [TINY] if evaluation.tiny else []
    if main:
        found += _power(main.score) + _forgetting(main)
        found += _prompting(pairs.get(("prompted", main.after)))
    found += _control(pairs.get(("base", "control")), pairs.get(("control", "tuned")))
    if main and evaluation.seeds is None:
        found.append("One training seed only: how much seeds differ is not measured.")
    if evaluation.rows < evaluation.test_rows:
        found.append(
            f"{evaluation.rows} of {evaluation.test_rows} test rows were used (evaluate.rows)."
        )
    for system in evaluation.systems:
        if system["cut_off"] > CUT_OFF:
            found.append(
                f"{_percent(system['cut_off'])} of the answers of {system['name']} were ended by "
                "evaluate.max_new_tokens and not by the model."
            )
    return found


def lines(evaluation: "Evaluation") -> list[str]:
    """What the command line says: the verdict with its figures, every pair, then the warnings."""
    said = []
    if evaluation.verdict and evaluation.headline:
        before, after = evaluation.headline
        said.append(f"{after} against {before}: {evaluation.verdict}.")
    for pair in evaluation.pairs:
        score = pair.score
        said.append(
            f"  {pair.before} -> {pair.after}: {evaluation.primary} {score.before:.3f} -> "
            f"{score.after:.3f}, {score.delta:+.3f} ({_percent(score.level)} interval "
            f"{score.low:+.3f} to {score.high:+.3f}, p {score.p:.2g}): {score.verdict}"
        )
    if seeds := evaluation.seeds:
        said.append(
            f"  {len(seeds.seeds)} seeds: {seeds.delta:+.3f} ({seeds.low:+.3f} to "
            f"{seeds.high:+.3f}): {seeds.verdict}"
        )
    return said + evaluation.warnings


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _power(score: Comparison) -> list[str]:
    if score.verdict != "inconclusive":
        return []
    if score.detectable is None:
        return [f"The systems score alike on all {score.rows} rows: nothing tells them apart."]
    seen = ""
    if score.rows_needed is not None:
        seen = f"; one as seen ({score.delta:+.3f}) takes about {score.rows_needed:,} rows"
    return [
        f"{score.rows} rows show a difference of about {score.detectable:.3f} or more in 4 of 5 "
        f"tries{seen}."
    ]


def _forgetting(pair: "Pair") -> list[str]:
    text = pair.text
    if text is None:
        return ["The loss on general text (forgetting) is not measured."]
    if text.verdict != "worse":
        return []
    return [
        f"Forgetting: the loss on general text rose from {text.before:.2f} to {text.after:.2f} "
        f"nats a token ({_percent(text.level)} interval of the rise {text.low:+.2f} to "
        f"{text.high:+.2f})."
    ]


def _prompting(pair: "Pair | None") -> list[str]:
    if pair is None:
        return ["The base with examples in its prompt was not measured: tuning may be needless."]
    if pair.score.verdict == "improved":
        return []
    return [
        f"Against the base with examples in its prompt, {pair.after} is {pair.score.verdict} "
        f"({pair.score.delta:+.3f})."
    ]


def _control(base: "Pair | None", tuned: "Pair | None") -> list[str]:
    if base is None:
        return ["The shuffled-label control was not run (evaluate.control)."]
    if base.score.verdict != "improved":
        return []
    told = "clearly beats it" if tuned and tuned.score.verdict == "improved" else "does not beat it"
    return [
        f"The control, trained on shuffled answers, improves on the base too "
        f"({base.score.delta:+.3f}): a part of the gain is form and not substance. The tuned model "
        f"{told}."
    ]
