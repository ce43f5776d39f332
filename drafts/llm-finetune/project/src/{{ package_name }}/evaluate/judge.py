"""Optional: a larger model compares open answers, each pair twice with the places exchanged.

Judges prefer a place. Only a preference that holds in both orders counts; the others are ties, and
their share is reported, because it tells what the judge is worth.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from ..errors import ConfigError, SourceError
from ..progress import Progress, quiet
from .exact import mcnemar
from .measure import Answer

KEY = "OPENAI_API_KEY"
TIMEOUT_S = 120
SYSTEM = (
    "You compare two answers to a request. Judge only how correct and helpful they are, never "
    "their length or order. Reply with one letter: A if the first is better, B if the second is, "
    "C if neither."
)
Choice = Literal["A", "B", "C"]
Ask = Callable[[str], str]
"""From the text of a comparison to the judge's reply."""


@dataclass(frozen=True)
class Judgement:
    """How often `after` won, lost and tied; `inconsistent` pairs are those among the ties whose
    winner changed with its place. `p` is exact, two-sided, over wins and losses.
    """

    model: str
    before: str
    after: str
    rows: int
    wins: int
    losses: int
    ties: int
    inconsistent: int
    p: float


def judge(
    ask: Ask,
    model: str,
    before: tuple[str, Sequence[Answer]],
    after: tuple[str, Sequence[Answer]],
    *,
    progress: Progress = quiet,
) -> Judgement:
    """Compare two systems' answers to the same rows; `before` and `after` are (name, answers)."""
    wins = losses = inconsistent = 0
    pairs = list(zip(before[1], after[1], strict=True))
    for done, (old, new) in enumerate(pairs, 1):
        first = choice(ask(_text(new, old.output, new.output)))
        second = choice(ask(_text(new, new.output, old.output)))
        wins += (first, second) == ("B", "A")
        losses += (first, second) == ("A", "B")
        inconsistent += first == second != "C"
        progress(f"evaluate: {model} judges", done, len(pairs))
    return Judgement(
        model=model,
        before=before[0],
        after=after[0],
        rows=len(pairs),
        wins=wins,
        losses=losses,
        ties=len(pairs) - wins - losses,
        inconsistent=inconsistent,
        p=mcnemar(wins, losses),
    )


def choice(reply: str) -> Choice:
    """The letter a reply begins with; anything else is a tie."""
    words = reply.strip().strip("*\"'([").upper()
    letter, rest = words[:1], words[1:2]
    if letter in ("A", "B") and not rest.isalnum():
        return "A" if letter == "A" else "B"
    return "C"


def endpoint(url: str, model: str) -> Ask:
    """Asks `model` at an OpenAI-compatible address such as http://127.0.0.1:8000/v1.

    The key is OPENAI_API_KEY of the environment. Raises ConfigError for an address that is none;
    the returned function raises SourceError when it gives no answer.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigError(f"evaluate.judge_url is {url}.", "It begins with http:// or https://.")

    def ask(text: str) -> str:
        body = {
            "model": model,
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": text},
            ],
            "temperature": 0,
            "max_tokens": 4,
        }
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(  # noqa: S310 the scheme is checked above
            f"{url.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
                return str(json.load(response)["choices"][0]["message"]["content"])
        except urllib.error.HTTPError as error:
            raise SourceError(
                f"The judge at {url} refuses: {error.code} {error.reason}.",
                f"Check evaluate.judge, and {KEY} in the environment.",
            ) from error
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise SourceError(
                f"The judge at {url} gave no answer: {error}.", "Check evaluate.judge_url."
            ) from error

    return ask


def _text(row: Answer, first: str, second: str) -> str:
    return (
        f"Request:\n{row.question}\n\nReference answer:\n{row.reference}\n\n"
        f"Answer A:\n{first}\n\nAnswer B:\n{second}\n\nWhich is better: A, B or C (neither)?"
    )
