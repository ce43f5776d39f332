"""Instructions whose keeping a program can check, by the names that the IFEval benchmark uses.

A check is an object: its `id` and what it needs, for example
`{"id": "length_constraints:number_words", "relation": "at most", "num_words": 40}`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .base import squeezed

Check = Mapping[str, Any]

EXACT = "answer:exact"
CONTAINS = "answer:contains"

_WORD = re.compile(r"\b\w+(?:['’]\w+)?\b")
_SENTENCE = re.compile(r"[.!?]+(?=\s|\Z)")
_BULLET = re.compile(r"^\s*(?:[*-]|\d+\.)\s+\S", re.MULTILINE)
_HIGHLIGHT = re.compile(r"(?<!\*)\*\*?[^\s*][^*\n]*\*\*?(?!\*)")
_FENCE = re.compile(r"\A```(?:json)?\s*|\s*```\Z")


def _counted(found: int, check: Check, wanted: Any) -> bool:
    """Whether a number is as `relation` says: at least (as if it were not given), at most, ..."""
    relation = check.get("relation") or "at least"
    number = int(wanted)
    match relation:
        case "at least":
            return found >= number
        case "at most":
            return found <= number
        case "less than":
            return found < number
        case "more than":
            return found > number
        case "exactly":
            return found == number
        case _:
            raise ValueError(f"relation {relation!r} is unknown")


def _has(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(str(word))}(?!\w)", text, re.IGNORECASE) is not None


def _is_json(text: str) -> bool:
    try:
        json.loads(_FENCE.sub("", text.strip()))
    except (ValueError, RecursionError):
        return False
    return True


def _paragraphs(text: str) -> int:
    return len([part for part in re.split(r"\s*\*\*\*\s*|\n{2,}", text.strip()) if part.strip()])


CHECKS: dict[str, Callable[[str, Check], bool]] = {
    EXACT: lambda text, it: squeezed(text) == squeezed(it["text"]),
    CONTAINS: lambda text, it: all(squeezed(one) in squeezed(text) for one in it["texts"]),
    "keywords:existence": lambda text, it: all(_has(text, one) for one in it["keywords"]),
    "keywords:forbidden_words": lambda text, it: (
        not any(_has(text, one) for one in it["forbidden_words"])
    ),
    "keywords:frequency": lambda text, it: _counted(
        len(re.findall(rf"(?<!\w){re.escape(it['keyword'])}(?!\w)", text, re.IGNORECASE)),
        it,
        it["frequency"],
    ),
    "length_constraints:number_words": lambda text, it: _counted(
        len(_WORD.findall(text)), it, it["num_words"]
    ),
    "length_constraints:number_sentences": lambda text, it: _counted(
        len(_SENTENCE.findall(text)), it, it["num_sentences"]
    ),
    "length_constraints:number_paragraphs": lambda text, it: (
        _paragraphs(text) == int(it["num_paragraphs"])
    ),
    "detectable_format:number_bullet_lists": lambda text, it: (
        len(_BULLET.findall(text)) == int(it["num_bullets"])
    ),
    "detectable_format:number_highlighted_sections": lambda text, it: (
        len(_HIGHLIGHT.findall(text)) >= int(it["num_highlights"])
    ),
    "detectable_format:title": lambda text, _: re.search(r"<<[^\n<>]+>>", text) is not None,
    "detectable_format:json_format": lambda text, _: _is_json(text),
    "detectable_content:number_placeholders": lambda text, it: (
        len(re.findall(r"\[[^\[\]\n]+\]", text)) >= int(it["num_placeholders"])
    ),
    "detectable_content:postscript": lambda text, it: (
        str(it["postscript_marker"]).casefold() in text.casefold()
    ),
    "startend:end_checker": lambda text, it: (
        text.strip().strip('"').casefold().endswith(str(it["end_phrase"]).strip().casefold())
    ),
    "startend:quotation": lambda text, _: (
        len(text.strip()) > 1 and text.strip()[0] == '"' == text.strip()[-1]
    ),
    "change_case:english_lowercase": lambda text, _: text.strip() != "" and text == text.lower(),
    "change_case:english_capital": lambda text, _: text.strip() != "" and text == text.upper(),
    "punctuation:no_comma": lambda text, _: text.strip() != "" and "," not in text,
}


def failed(checks: Sequence[Check], text: str) -> list[Check]:
    """The checks that do not hold for a text.

    Raises ValueError, KeyError or TypeError for a check that is unknown or lacks what it needs.
    """
    missed = []
    for check in checks:
        test = CHECKS.get(check["id"])
        if test is None:
            raise ValueError(f"no check is called that; there are {', '.join(CHECKS)}")
        if not test(text, check):
            missed.append(check)
    return missed
