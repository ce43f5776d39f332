"""Made-up examples of every task, about the tiny model's world, without network.

Questions and queries come from `tiny.questions`; the other tasks ask other things of the same
sentences.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from ..files import write_bytes_atomic
from ..tiny.questions import TUNING_FORMS, Question, questions, rows
from ..tiny.world import BOATS
from .files import Numbered

SIZE = 1600
"""Records that are made; deduplication leaves fewer."""

DATABASE_ROWS = 2000
"""So many that nearly every question finds something, and an empty result is seldom right."""

_CAPITALS = "Say in capital letters what is asked for and each condition."
_CONDITION = re.compile(r"(\w+) = '([^']*)'")


def records(task: str, seed: int) -> Iterator[Numbered]:
    """Numbered records of a task, the same ones for the same seed."""
    asked = islice(questions(BOATS, TUNING_FORMS, Random(seed)), SIZE)
    return ((number, _MAKERS[task](one)) for number, one in enumerate(asked, 1))


def write_database(folder: Path) -> Path:
    """The SQLite file that the made-up queries are about; always the same bytes of content."""
    path = folder / f"{BOATS.table}.sqlite"
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(BOATS.schema)
        marks = ", ".join("?" * 5)
        made = rows(BOATS, Random(0), DATABASE_ROWS)
        connection.executemany(f"INSERT INTO {BOATS.table} VALUES ({marks})", made)  # noqa: S608
        connection.commit()
        write_bytes_atomic(path, connection.serialize())
    finally:
        connection.close()
    return path


def _text_to_sql(one: Question) -> dict[str, Any]:
    return {
        "question": one.text,
        "sql": one.sql,
        "database": BOATS.table,
        "complexity": f"conditions: {one.conditions}",
    }


def _extraction(one: Question) -> dict[str, Any]:
    slots = dict(_CONDITION.findall(one.sql))
    return {"utterance": one.text, "intent": one.form, "slots": slots}


def _classification(one: Question) -> dict[str, Any]:
    return {"text": one.text, "label": one.form}


def _instruct(one: Question) -> dict[str, Any]:
    """What is asked for, in capital letters: two checks a program can make."""
    said = ", ".join([one.form, *(value for _, value in _CONDITION.findall(one.sql))]).upper()
    return {
        "messages": [
            {"role": "system", "content": _CAPITALS},
            {"role": "user", "content": one.text},
            {"role": "assistant", "content": said},
        ],
        "checks": [{"id": "change_case:english_capital"}, {"id": "answer:exact", "text": said}],
        "category": one.form,
    }


_MAKERS: dict[str, Callable[[Question], dict[str, Any]]] = {
    "text_to_sql": _text_to_sql,
    "extraction": _extraction,
    "classification": _classification,
    "instruct": _instruct,
}
