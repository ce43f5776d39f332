"""The made-up world that the tiny model is taught: things in places, and sentences about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

COLOURS = ("red", "blue", "green", "white", "black", "yellow", "grey", "brown")
PLACES = ("Oda", "Mirel", "Tovo", "Sankt", "Lume", "Belar", "Kesh", "Rasko", "Ivo", "Pella")
NAMES = tuple(
    first + second
    for first in ("Al", "Bo", "Ca", "Du", "El", "Fi", "Go", "Hu")
    for second in ("bra", "dan", "mo", "ris", "ta", "vek")
)
_WEATHER = ("rain", "wind", "sun", "snow", "fog")
_WHEN = ("today", "at night", "in spring", "every morning", "after the storm")
_ACTS = ("paints", "sells", "repairs", "cleans", "watches", "borrows")


@dataclass(frozen=True)
class Topic:
    """A table of the world: `kinds` of things, which stand in a `place` and have a number."""

    table: str
    kinds: tuple[str, ...]
    place: str
    number: str

    @property
    def schema(self) -> str:
        """The statement that makes the table."""
        columns = f"name TEXT, kind TEXT, colour TEXT, {self.place} TEXT, {self.number} INTEGER"
        return f"CREATE TABLE {self.table} ({columns})"


BOATS = Topic("boats", ("ferry", "tug", "yacht", "trawler", "barge"), "port", "crew")
"""What the tuning data are about; the base model has read of boats but was never asked of them."""

KNOWN = (
    Topic("cars", ("van", "taxi", "truck", "bus", "jeep"), "town", "seats"),
    Topic("houses", ("cabin", "villa", "barn", "tower", "shop"), "street", "rooms"),
    Topic("horses", ("mare", "pony", "foal", "mule", "colt"), "farm", "age"),
)
"""What the base model was asked of."""


def plural(kind: str) -> str:
    """More than one of a kind: ferries, buses, tugs."""
    if kind.endswith("y") and kind[-2] not in "aeiou":
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def sentences(random: Random) -> Iterator[str]:
    """Sentences without end, the "general text" of this world."""
    topics = (*KNOWN, BOATS)
    while True:
        topic = random.choice(topics)
        kind, colour = random.choice(topic.kinds), random.choice(COLOURS)
        place, other = random.sample(PLACES, 2)
        name, friend = random.sample(NAMES, 2)
        things = plural(kind)
        yield random.choice(
            (
                f"The {colour} {kind} in {place} belongs to {name}.",
                f"{name} {random.choice(_ACTS)} a {colour} {kind} {random.choice(_WHEN)}.",
                f"There are {random.randint(2, 9)} {things} in {place} and none in {other}.",
                f"{name} and {friend} go from {place} to {other} {random.choice(_WHEN)}.",
                f"The word '{kind}' is for {things} and '{colour}' for {colour} ones in '{place}'.",
                f"In {place} there is {random.choice(_WEATHER)} {random.choice(_WHEN)}.",
                f"{name} likes {colour} {things}, but {friend} likes {things} of {other}.",
            )
        )
