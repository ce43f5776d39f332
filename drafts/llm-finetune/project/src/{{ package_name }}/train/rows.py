"""Rows as what TRL trains on: a prompt and a completion, both as chat turns.

The loss then lies on the completion alone for every chat template. `assistant_only_loss` on whole
conversations needs markers that many templates (Llama 3.1, plain ChatML) do not have.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from ..tasks.base import Row


def turns(row: Row) -> dict[str, list[dict[str, str]]]:
    """`prompt` and `completion` of one row."""
    return {"prompt": row.prompt, "completion": [{"role": "assistant", "content": row.answer}]}


def dataset(rows: Sequence[Row]) -> Any:
    """A `datasets.Dataset` of prompts and completions, in the order of the rows."""
    from datasets import Dataset

    return Dataset.from_list([turns(row) for row in rows])


def shuffled_answers(rows: Sequence[Row], seed: int) -> list[Row]:
    """The same prompts and the same answers, each answer at another row: the control.

    A model tuned on these learns the form of the answers, and nothing about the questions.
    """
    order = Random(seed).sample(range(len(rows)), len(rows))
    answers = {
        here: rows[there].answer for here, there in zip(order, order[1:] + order[:1], strict=True)
    }
    return [replace(row, answer=answers[i]) for i, row in enumerate(rows)]
