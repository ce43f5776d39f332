"""Texts as sequences of words, for telling whether two of them say the same."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from ..tasks.base import Row

_ASCII = re.compile("[a-z0-9]+")

Words = tuple[str, ...]


@lru_cache(maxsize=1 << 16)  # the same texts are compared again and again
def words(text: str) -> Words:
    """Words in lower case without punctuation: letters, marks and digits of any script."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if folded.isascii():
        return tuple(_ASCII.findall(folded))
    kept = (one if unicodedata.category(one)[0] in "LMN" else " " for one in folded)
    return tuple("".join(kept).split())


def ngrams(sequence: Words, n: int) -> set[Words]:
    """Every run of `n` words; none where there are fewer."""
    return {sequence[at : at + n] for at in range(len(sequence) - n + 1)}


def exact_key(row: Row) -> Words:
    """What two rows have in common whose prompts are the same but for case and punctuation."""
    return tuple(word for turn in row.prompt for word in words(turn["content"]))


class NgramIndex:
    """Which texts hold which runs of `n` words."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._holders: defaultdict[Words, list[int]] = defaultdict(list)

    def add(self, number: int, text: str) -> None:
        """Enter a text under a number of the caller's."""
        for run in ngrams(words(text), self._n):
            self._holders[run].append(number)

    def like(self, text: str, share: float) -> Iterator[int]:
        """Numbers of the texts that hold at least `share` of the runs of `text`, most alike first.

        A text of fewer than `n` words is like none: only an equal prompt tells there.
        """
        runs = ngrams(words(text), self._n)
        counts = Counter(number for run in runs for number in self._holders.get(run, ()))
        for number, count in counts.most_common():
            if count < share * len(runs):
                return
            yield number


def index(rows: Iterable[Row], n: int) -> NgramIndex:
    """The questions of rows, numbered in their order."""
    made = NgramIndex(n)
    for number, row in enumerate(rows):
        made.add(number, row.question)
    return made


def related(rows: Sequence[Row], n: int, share: float) -> list[int]:
    """For each row the number of the family it belongs to: the lowest index of its relatives.

    Related are rows of one group, with equal prompts, or whose questions are alike; so are the
    relatives of relatives.
    """
    parent = list(range(len(rows)))

    def head(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def join(one: int, other: int) -> None:
        first, second = sorted((head(one), head(other)))
        parent[second] = first

    seen: dict[object, int] = {}
    alike = index(rows, n)
    for number, row in enumerate(rows):
        for key in (("group", row.group), ("prompt", exact_key(row))):
            join(number, seen.setdefault(key, number))
        for other in alike.like(row.question, share):
            join(number, other)
    return [head(number) for number in range(len(rows))]
