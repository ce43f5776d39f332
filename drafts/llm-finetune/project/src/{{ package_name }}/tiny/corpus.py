"""What the tiny model is taught, in the order of a school: words, questions, conversations."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

from .questions import BASE_FORMS, Question, questions
from .world import BOATS, COLOURS, KNOWN, PLACES, Topic, plural, sentences

SYSTEM = "You write one SQLite query that answers the question. Reply with the query only."
"""As the text-to-SQL task says it, so that the base model knows how it will be asked."""

Chat = list[dict[str, str]]


@dataclass(frozen=True)
class Lesson:
    """Texts and conversations, and the share of the training steps that they get."""

    share: float
    texts: list[str]
    chats: list[Chat]


@dataclass(frozen=True)
class Corpus:
    """All lessons, and sentences that are kept back to measure what tuning makes forget."""

    lessons: list[Lesson]
    general: list[str]

    def words(self) -> Iterator[str]:
        """Every text of it, for the tokenizer."""
        for lesson in self.lessons:
            yield from lesson.texts
            for chat in lesson.chats:
                yield from (turn["content"] for turn in chat)


def corpus(seed: int) -> Corpus:
    """The corpus of a seed, about 9,000 documents; the same seed gives the same words."""
    random = Random(seed)
    told = sentences(random)
    topics = (*KNOWN, BOATS)
    phrases = [_phrase(random.choice(topics), random) for _ in range(2500)]
    asked = [
        (topic, question)
        for topic, count in ((BOATS, 150), *((topic, 700) for topic in KNOWN))
        for question in islice(questions(topic, BASE_FORMS, random), count)
    ]
    return Corpus(
        lessons=[
            Lesson(0.3, list(islice(told, 500)), phrases),
            Lesson(0.4, list(islice(told, 700)), [_short(question) for _, question in asked]),
            Lesson(0.3, list(islice(told, 700)), [_whole(*each) for each in asked]),
        ],
        general=list(islice(told, 200)),
    )


def _phrase(topic: Topic, random: Random) -> Chat:
    """`red vans in Oda` and what that means in SQL."""
    colour, kind, place = (random.choice(v) for v in (COLOURS, topic.kinds, PLACES))
    parts = [
        (colour, f"colour = '{colour}'"),
        (plural(kind), f"kind = '{kind}'"),
        (f"in {place}", f"{topic.place} = '{place}'"),
    ]
    chosen = [part for part in parts if random.random() < 0.75] or parts
    said, meant = zip(*chosen, strict=True)
    return _chat(" ".join(said), " AND ".join(meant))


def _short(question: Question) -> Chat:
    return _chat(question.text, question.sql)


def _whole(topic: Topic, question: Question) -> Chat:
    asked = f"Schema:\n{topic.schema}\n\nQuestion: {question.text}"
    return [{"role": "system", "content": SYSTEM}, *_chat(asked, question.sql)]


def _chat(user: str, assistant: str) -> Chat:
    return [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
