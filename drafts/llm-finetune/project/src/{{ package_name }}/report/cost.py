"""What training and answering took, and what that costs at the price of the machine."""

from typing import Any

from .markdown import (
    NOT_MEASURED,
    count,
    number,
    paragraphs,
    percent,
    seconds,
    size,
    stamp,
    table,
)
from .outcome import label
from .results import Results, result, step


def cost(results: Results) -> str:
    """Training, answering, serving, and smaller versions: each where it was measured."""
    trained = step(results, "train")
    if trained is None:
        return NOT_MEASURED
    return paragraphs(
        table(["", ""], _training(results) + _serving(results) + _merged(results)),
        _answering(results),
        _versions(results),
        "Answers: greedy, of the model and adapter in memory (not merged). Prices at "
        f"{_price(results, 3600)} an hour of the machine (report.price_per_hour).",
        stamp(trained, step(results, "evaluate"), step(results, "bench")),
    )


def _price(results: Results, used: float) -> str:
    """What that many seconds of the machine cost."""
    settings = results["configuration"]["report"]
    amount = settings["price_per_hour"] * used / 3600
    return f"{number(amount)} {settings['currency']}"


def _training(results: Results) -> list[list[str]]:
    found = result(results, "train")
    assert found is not None
    used = sum(stage["seconds"] for stage in found["stages"])
    rows = [
        ["training", f"{seconds(used)}, {_price(results, used)}"],
        [
            "training speed",
            f"{number(found['stages'][0]['tokens_per_second'])} tokens a second",
        ],
        ["peak GPU memory", _peak(found)],
    ]
    if found["others"]:
        rows.append(["also trained", ", ".join(found["others"])])
    return rows


def _peak(found: dict[str, Any]) -> str:
    peaks = [stage["peak_memory_bytes"] for stage in found["stages"]]
    known = [peak for peak in peaks if peak is not None]
    return size(max(known)) if known else "no GPU"


def _serving(results: Results) -> list[list[str]]:
    found = result(results, "bench")
    if found is None:
        return [["service", "not measured"]]
    return [
        [
            f"service, {found['streams']} streams",
            f"first token {seconds(found['first_token_p50_ms'] / 1e3)} (p95 "
            f"{seconds(found['first_token_p95_ms'] / 1e3)}), {number(found['requests_per_s'])} "
            f"requests and {number(found['tokens_per_s'])} tokens a second",
        ]
    ]


def _merged(results: Results) -> list[list[str]]:
    found = result(results, "merge")
    if found is None:
        return [["merged model", "not measured"]]
    return [
        [
            "merged model",
            f"{size(found['bytes'])}; logits differ from the adapter's by at most "
            f"{found['max_logit_difference']:.1g}",
        ]
    ]


def _answering(results: Results) -> str:
    """Speed and price of each system's answers."""
    evaluation = results["evaluation"]
    if evaluation is None:
        return ""
    rows = []
    for one in evaluation["systems"]:
        answer = one["seconds"] / evaluation["rows"]
        rows.append(
            [
                label(one["name"]),
                number(one["tokens_per_second"]),
                seconds(one["latency_s"]),
                number(one["tokens"] / evaluation["rows"]),
                _price(results, 1000 * answer),
            ]
        )
    head = ["answers", "tokens/s in batches", "one alone, median", "tokens each", "1,000 answers"]
    return table(head, rows)


def _versions(results: Results) -> str:
    found = result(results, "export")
    if found is None or not found["versions"]:
        return ""
    rows = [
        [
            one["name"],
            size(one["bytes"]),
            percent(one["score"]),
            number(one["nll"]),
            percent(one["same_answers"]),
            seconds(one["latency_ms"] / 1e3),
            count(one["rows"]),
        ]
        for one in found["versions"]
    ]
    head = ["version", "size", "score", "NLL", "same answers", "one alone, median", "rows"]
    return table(head, rows)
