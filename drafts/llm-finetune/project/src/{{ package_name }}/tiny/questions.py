"""Questions about the made-up world, with the SQL that answers them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from .world import COLOURS, NAMES, PLACES, Topic, plural


@dataclass(frozen=True)
class Form:
    """One intent: how it is asked and how it is answered."""

    name: str
    questions: tuple[str, ...]
    select: str


BASE_FORMS = (
    Form("count", ("How many {things} are there?", "What is the number of {things}?"), "COUNT(*)"),
    Form("names", ("Which {things} are there?", "What are the names of the {things}?"), "name"),
    Form("total", ("How many {number} do the {things} have?",), "SUM({number})"),
)
"""How the base model was asked."""

TUNING_FORMS = (
    Form(
        "count",
        (
            "Count the {things}.",
            "How many {things} do we have?",
            "Tell me how many {things} are in the list.",
            "Number of {things}?",
        ),
        "COUNT(*)",
    ),
    Form(
        "names",
        (
            "List the {things}.",
            "Give me the name of each of the {things}.",
            "Which {things} do we have?",
            "Names of all {things}, please.",
        ),
        "name",
    ),
    Form(
        "most",
        (
            "What is the largest {number} of the {things}?",
            "The highest {number} among the {things}?",
            "Of the {things}, what is the top {number}?",
        ),
        "MAX({number})",
    ),
    Form(
        "total",
        (
            "Add up the {number} of the {things}.",
            "What is the {number} of the {things} in all?",
            "Total {number} of the {things}?",
        ),
        "SUM({number})",
    ),
)
"""How the tuning data ask."""


@dataclass(frozen=True)
class Question:
    """A question, its SQL, and what it was made from."""

    text: str
    sql: str
    form: str
    conditions: int


def questions(topic: Topic, forms: Sequence[Form], random: Random) -> Iterator[Question]:
    """Questions without end about the rows of a table."""
    while True:
        form = random.choice(forms)
        kind, colour, place = (
            random.choice(values) if random.random() < 0.75 else None
            for values in (topic.kinds, COLOURS, PLACES)
        )
        things = " ".join(
            part
            for part in (
                colour or "",
                plural(kind) if kind else topic.table,
                f"in {place}" if place else "",
            )
            if part
        )
        where = [
            f"{column} = '{value}'"
            for column, value in (("colour", colour), ("kind", kind), (topic.place, place))
            if value
        ]
        asked = random.choice(form.questions).format(things=things, number=topic.number)
        selected = form.select.format(number=topic.number)
        sql = f"SELECT {selected} FROM {topic.table}"  # noqa: S608 made up here, from constants
        if where:
            sql += f" WHERE {' AND '.join(where)}"
        yield Question(asked, sql, form.name, len(where))


def rows(topic: Topic, random: Random, size: int = 240) -> list[tuple[str, str, str, str, int]]:
    """Rows of the table: name, kind, colour, place, number. The names are all different."""
    names = [f"{one} {two}" for one in NAMES for two in NAMES if one != two]
    return [
        (
            name,
            random.choice(topic.kinds),
            random.choice(COLOURS),
            random.choice(PLACES),
            random.randint(2, 60),
        )
        for name in random.sample(names, size)
    ]
