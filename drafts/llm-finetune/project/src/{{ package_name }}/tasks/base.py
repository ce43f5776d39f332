"""What a task is: which rows it makes of records, and how an answer of a model is scored."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DataError

Message = dict[str, str]
"""`role` (system, user or assistant) and `content`."""

Record = Mapping[str, Any]
"""One row of a file or dataset: column name to value."""


@dataclass(frozen=True)
class Row:
    """One example: what is asked, what is right, and which others it must stay together with.

    `group` holds near relatives (the same question in other words): a split never parts them.
    `meta` is what scoring and slices need, such as the name of a database.
    """

    id: str
    prompt: list[Message]
    answer: str
    group: str
    meta: dict[str, str] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """What is asked, without the schema and the like that many prompts share.

        This is what a row of the test set must not share with one of the training set.
        """
        return self.meta.get("question") or self.prompt[-1]["content"]


class RowError(ValueError):
    """Why a record makes no row: half a sentence that goes behind `file, line 7:`."""


@dataclass(frozen=True)
class Options:
    """What a task needs of the configuration; see `config.Data`."""

    columns: Mapping[str, str] = field(default_factory=dict)
    labels: Sequence[str] = ()
    show_labels: bool = True
    databases: Path | None = None
    timeout_s: float = 5.0


class Task(ABC):
    """One kind of work with a metric of its own that can be checked.

    `primary` names the score that base and tuned model are compared by. `fields` are the columns
    that a record must have; `config.data.columns` says under which other names they stand.
    """

    name: str
    primary: str
    fields: tuple[str, ...]

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()

    def stratum(self, row: Row) -> str:
        """Of each stratum the same share goes into the test set; one stratum unless overridden."""
        return ""

    @abstractmethod
    def row(self, record: Record) -> Row:
        """The row of one record. Raises RowError that says why there is none."""

    @abstractmethod
    def score(self, row: Row, output: str) -> dict[str, float]:
        """Every score of an output, each in [0, 1], `primary` among them. Never raises."""

    def slices(self, row: Row) -> dict[str, str]:
        """Kinds of rows that are also looked at by themselves: name of the cut to value."""
        return {}

    def few_shot(self, train: Sequence[Row], count: int = 3) -> list[Message]:
        """Examples from the training rows as turns to put before a prompt: the prompted base.

        The first of each kind of answer as `slices` tells them apart, then of those left over; the
        system turn is left out because every prompt has it.
        """
        kinds: set[tuple[str, ...]] = set()
        first: list[Row] = []
        rest: list[Row] = []
        for row in train:
            kind = tuple(self.slices(row).values())
            (rest if kind in kinds else first).append(row)
            kinds.add(kind)
        messages: list[Message] = []
        for row in (first + rest)[:count]:
            messages += [turn for turn in row.prompt if turn["role"] != "system"]
            messages.append({"role": "assistant", "content": row.answer})
        return messages

    def summary(
        self,
        rows: Sequence[Row],
        scores: Sequence[Mapping[str, float]],
        outputs: Sequence[str],
    ) -> dict[str, float]:
        """The mean of every score, and what only a whole set of rows has (macro F1, say).

        `scores[i]` and `outputs[i]` belong to `rows[i]`; no rows give no figures.
        """
        if not scores:
            return {}
        return {name: sum(one[name] for one in scores) / len(scores) for name in scores[0]}

    def rows(self, records: Iterable[tuple[int, Record]], source: str) -> Iterator[Row]:
        """Rows of numbered records. Raises DataError with source, line and reason at the first
        one that is wrong; `data.validate` collects them instead.
        """
        for line, record in records:
            try:
                yield self.row(record)
            except RowError as error:
                raise DataError.at(source, line, str(error)) from None

    def text(self, record: Record, name: str, *, required: bool = True) -> str:
        """A field of a record without blanks around it. Raises RowError if it has to be there."""
        column = self.options.columns.get(name, name)
        value = record.get(column)
        if value is None or (isinstance(value, str) and not value.strip()):
            if not required:
                return ""
            known = ", ".join(str(key) for key in record) or "none"
            told = f"{column} is empty" if column in record else f"no {column} (columns: {known})"
            raise RowError(told)
        if not isinstance(value, str | int | float):
            raise RowError(f"{column} must be a text, not a {type(value).__name__}")
        return str(value).strip()


def chat(system: str, user: str) -> list[Message]:
    """A prompt of one system and one user turn."""
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def squeezed(text: str) -> str:
    """Lower case and single blanks: texts that a reader would call the same."""
    return " ".join(str(text).split()).casefold()


def row_id(prompt: Sequence[Message], answer: str) -> str:
    """An id that depends on nothing but the content: 16 hexadecimal digits."""
    parts = [f"{turn['role']}\x1f{turn['content']}" for turn in prompt]
    return hashlib.sha256("\x1e".join([*parts, answer]).encode()).hexdigest()[:16]
