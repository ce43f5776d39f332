"""Structured extraction: one JSON object with the intent and the slots of an utterance.

Fields: `utterance`, `intent`, and `slots` (an object, or its JSON in a CSV) or `annotated` (the
utterance with `[slot : value]` in it, as the MASSIVE corpus writes it); `group` may be there.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .base import Record, Row, RowError, Task, chat, row_id, squeezed

SYSTEM = (
    "Extract the intent and the slots of the text. Reply with one JSON object only: "
    '{"intent": "name", "slots": {"name": "value as in the text"}}'
)

_ANNOTATION = re.compile(r"\[([^\[\]:]+?)\s*:\s*([^\[\]]+?)\s*\]")
_START = re.compile(r"\{")
Slots = Counter[tuple[str, str]]
"""Name and value of each slot, and how often it is there."""


@dataclass(frozen=True)
class Frame:
    """What an utterance means."""

    intent: str
    slots: Slots


class Extraction(Task):
    """The whole frame right (`exact_match`); validity, intent and slots by themselves beside it."""

    name = "extraction"
    primary = "exact_match"
    fields = ("utterance", "intent", "slots", "annotated", "group")

    def row(self, record: Record) -> Row:
        """A row whose answer is the frame as compact JSON, its slots in the order of the record."""
        utterance, intent = self.text(record, "utterance"), self.text(record, "intent")
        slots = self._slots(record)
        prompt = chat(SYSTEM, utterance)
        answer = json.dumps({"intent": intent, "slots": slots}, ensure_ascii=False)
        group = self.text(record, "group", required=False) or squeezed(utterance)
        meta = {"intent": intent, "slots": "none" if not slots else "some"}
        return Row(row_id(prompt, answer), prompt, answer, group, meta)

    def score(self, row: Row, output: str) -> dict[str, float]:
        """Validity, intent accuracy, F1 of this row's slots, and whether all of it is right."""
        right, found = frame(row.answer), frame(output)
        assert right is not None, "answers are written by `row`"
        if found is None:
            return {
                "exact_match": 0.0,
                "valid_json": 0.0,
                "intent_accuracy": 0.0,
                "slot_f1": 0.0,
            }
        return {
            "exact_match": float(found == right),
            "valid_json": 1.0,
            "intent_accuracy": float(found.intent == right.intent),
            "slot_f1": f1(*_hits(right.slots, found.slots)),
        }

    def slices(self, row: Row) -> dict[str, str]:
        """Intent, and whether there are slots to find."""
        return {"intent": row.meta["intent"], "slots": row.meta["slots"]}

    def summary(
        self, rows: Sequence[Row], scores: Sequence[Mapping[str, float]], outputs: Sequence[str]
    ) -> dict[str, float]:
        """Means, and the F1 of all slots together: rows without slots weigh nothing there."""
        total = [0, 0, 0]
        for row, output in zip(rows, outputs, strict=True):
            right, found = frame(row.answer), frame(output)
            assert right is not None
            hits = _hits(right.slots, found.slots if found else Counter())
            total = [one + other for one, other in zip(total, hits, strict=True)]
        means = super().summary(rows, scores, outputs)
        return means | {"slot_f1_micro": f1(*total)} if rows else {}

    def _slots(self, record: Record) -> dict[str, Any]:
        """Slot name to its text, or to a list where it is there more than once."""
        column = self.options.columns.get("slots", "slots")
        if column not in record and (text := self.text(record, "annotated", required=False)):
            found: dict[str, Any] = {}
            for name, value in _ANNOTATION.findall(text):
                before = found.get(name)
                if before is None:
                    found[name] = value
                else:
                    found[name] = [*(before if isinstance(before, list) else [before]), value]
            return found
        value = record.get(column)
        if isinstance(value, str):
            try:
                value = json.loads(value or "{}")
            except ValueError as error:
                raise RowError(f"{column} is not JSON: {error}") from None
        if value is None:
            raise RowError(f"no {column} (an object; {{}} where there are none)")
        if not isinstance(value, Mapping):
            raise RowError(f"{column} must be an object, not a {type(value).__name__}")
        # Datasets write every slot of the corpus into every row, null where it is not there.
        kept = {str(name): one for name, one in value.items() if one is not None}
        if any(not _texts(one) for one in kept.values()):
            raise RowError(f"each of {column} must be a text or a list of texts")
        return kept


def _texts(value: object) -> list[str]:
    """The texts of a slot; none where it is something else."""
    several = value if isinstance(value, list) else [value]
    if all(isinstance(one, str | int | float) for one in several):
        return [str(one) for one in several]
    return []


def frame(text: str) -> Frame | None:
    """The first JSON object of a text as a frame; None where there is none or it is no frame.

    A sentence or a code fence around the object is forgiven.
    """
    start = _START.search(text)
    if start is None:
        return None
    try:
        content, _ = json.JSONDecoder().raw_decode(text, start.start())
    except (ValueError, RecursionError):
        return None
    intent, slots = content.get("intent"), content.get("slots", {})
    if not isinstance(intent, str) or not isinstance(slots, dict):
        return None
    pairs: Slots = Counter()
    for name, value in slots.items():
        texts = _texts(value)
        if not texts:
            return None
        pairs.update((squeezed(str(name)), squeezed(one)) for one in texts)
    return Frame(squeezed(intent), pairs)


def _hits(right: Slots, found: Slots) -> tuple[int, int, int]:
    """(right and found, found, right)."""
    return (right & found).total(), found.total(), right.total()


def f1(hits: int, found: int, right: int) -> float:
    """Harmonic mean of precision and recall; 1 when there was nothing to find and nothing found."""
    return 2 * hits / (found + right) if found + right else 1.0
