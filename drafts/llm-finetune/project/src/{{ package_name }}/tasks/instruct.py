"""Open instruction following: an answer counts when every check of its row holds.

Fields: `messages` (turns, the last one the assistant's), or `prompt` and `response` (also named
`instruction` with `input`, and `output`). What is checked: `checks`, a list of objects with `id`
and what that check needs (see `checks.py`), or IFEval's `instruction_id_list` and `kwargs`;
`contains`, a list of texts that must be in the answer. A row without any is right when its answer
is the same text. `group` and `category` may be there.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .base import Message, Record, Row, RowError, Task, row_id, squeezed
from .checks import CONTAINS, EXACT, Check, failed

ROLES = ("system", "user", "assistant")
_NAMES = {"human": "user", "gpt": "assistant", "user": "user", "assistant": "assistant"}


class Instruct(Task):
    """All checks of a row hold (`checks_passed`); their share, and word overlap, beside it."""

    name = "instruct"
    primary = "checks_passed"
    fields = ("messages", "prompt", "response", "checks", "contains", "group", "category")

    def row(self, record: Record) -> Row:
        """A row whose own answer passes its checks. Raises RowError where it does not."""
        prompt, answer = self._turns(record)
        checks = self._checks(record)
        if not checks:
            checks = [{"id": EXACT, "text": answer}]
        wrong = failed(checks, answer)
        if wrong:
            raise RowError(f"its own answer fails the check {wrong[0]['id']}")
        group = self.text(record, "group", required=False) or squeezed(prompt[-1]["content"])
        meta = {"checks": json.dumps(checks, ensure_ascii=False, sort_keys=True)}
        if category := self.text(record, "category", required=False):
            meta["category"] = category
        return Row(row_id(prompt, answer), prompt, answer, group, meta)

    def score(self, row: Row, output: str) -> dict[str, float]:
        """All checks, the share of them, exact match, and F1 of the words of the answer."""
        checks: list[Check] = json.loads(row.meta["checks"])
        missed = len(failed(checks, output))
        return {
            "checks_passed": float(missed == 0),
            "share_passed": 1 - missed / len(checks),
            "exact_match": float(squeezed(output) == squeezed(row.answer)),
            "token_f1": _overlap(row.answer, output),
        }

    def slices(self, row: Row) -> dict[str, str]:
        """The category, and what kind of check is the first."""
        first = json.loads(row.meta["checks"])[0]["id"].split(":")[0]
        cuts = {"check": str(first)}
        return cuts | {"category": row.meta["category"]} if "category" in row.meta else cuts

    def _turns(self, record: Record) -> tuple[list[Message], str]:
        """Prompt and answer in whichever of the usual shapes they come."""
        turns = record.get(self.options.columns.get("messages", "messages"))
        if turns is not None:
            prompt = conversation(turns)
            if len(prompt) < 2 or prompt[-1]["role"] != "assistant":
                raise RowError("the last of messages must be the assistant's, after a question")
            return prompt[:-1], prompt[-1]["content"]
        columns = {*record, *self.options.columns}
        asked = "instruction" if "instruction" in columns and "prompt" not in columns else "prompt"
        said = "output" if "output" in columns and "response" not in columns else "response"
        question = self.text(record, asked)
        if extra := self.text(record, "input", required=False):
            question = f"{question}\n\n{extra}"
        return [{"role": "user", "content": question}], self.text(record, said)

    def _checks(self, record: Record) -> list[Check]:
        """Checks of the row. Raises RowError for one that is unknown or lacks a value."""
        checks = _listed(record, self.options.columns.get("checks", "checks"))
        ids = _listed(record, "instruction_id_list")
        settings = _listed(record, "kwargs") if ids else []
        if len(ids) != len(settings):
            raise RowError("instruction_id_list and kwargs must be equally long")
        checks += [
            {"id": one} | {key: value for key, value in (given or {}).items() if value is not None}
            for one, given in zip(ids, settings, strict=True)
        ]
        texts = _listed(record, self.options.columns.get("contains", "contains"))
        if texts:
            checks.append({"id": CONTAINS, "texts": texts})
        for check in checks:
            try:
                failed([check], "")
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise RowError(f"check {check!r} cannot be used: {error}") from None
        return checks


def conversation(turns: object) -> list[Message]:
    """Turns as role and content, also from `from` and `value`. Raises RowError for other shapes."""
    if not isinstance(turns, list) or not turns:
        raise RowError("messages must be a list of turns")
    found: list[Message] = []
    for turn in turns:
        if not isinstance(turn, Mapping):
            raise RowError("each of messages must have role and content")
        told = str(turn.get("role", turn.get("from", "")))
        role = _NAMES.get(told, told)
        content = turn.get("content", turn.get("value"))
        if role not in ROLES or not isinstance(content, str) or not content.strip():
            raise RowError(f"each of messages must have a role ({', '.join(ROLES)}) and content")
        found.append({"role": role, "content": content.strip()})
    return found


def _listed(record: Record, column: str) -> list[Any]:
    """A column that is a list, or the JSON of one. Raises RowError for anything else."""
    value = record.get(column)
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else []
        except ValueError as error:
            raise RowError(f"{column} is not JSON: {error}") from None
    if value is None:
        return []
    if not isinstance(value, list):
        raise RowError(f"{column} must be a list, not a {type(value).__name__}")
    return list(value)


def _overlap(right: str, found: str) -> float:
    """F1 of the words, as often as they are there."""
    one, two = Counter(squeezed(right).split()), Counter(squeezed(found).split())
    total = one.total() + two.total()
    return 2 * (one & two).total() / total if total else 1.0
