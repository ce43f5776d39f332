"""`mlscaffold show`: what a template asks, makes and shows, before anything is made."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .check import File, check
from .errors import InputError
from .render import Question, questions, render

if TYPE_CHECKING:
    from .catalog import Skill, Source


@dataclass(frozen=True)
class ShowResult:
    """A template in words.

    Attributes:
        name: What the user asked for.
        title: One line; the address for a third party's.
        summary: One sentence; empty for a third party's.
        version: Empty where the template says none.
        source: The folder or address that it comes from.
        questions: What it asks, in order.
        skills: What the generated repository shows, and where.
        files: The tree that default answers make; empty when a question has no default.
    """

    name: str
    title: str
    summary: str
    version: str
    source: str
    questions: tuple[Question, ...]
    skills: tuple[Skill, ...]
    files: tuple[File, ...]


def show(source: Source, *, vcs_ref: str | None = None) -> ShowResult:
    """Describe a template; nothing is written outside a temporary folder.

    Raises:
        MlscaffoldError: The template cannot be fetched, read or rendered without `--trust`.
    """
    asked = questions(source, vcs_ref=vcs_ref)
    answers: dict[str, Any] = {}
    files: tuple[File, ...] = ()
    version = ""
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as scratch:
        tree = Path(scratch, "project")
        try:
            rendered = render(source, tree, {}, tasks=False, vcs_ref=vcs_ref)
        except InputError:  # a question without a default: the tree depends on the answer
            pass
        else:
            version, answers = rendered.version, rendered.answers
            files = check(
                tree,
                keys=rendered.keys,
                answers=rendered.answers,
                strict=source.builtin is not None,
            ).files
    ours = source.builtin
    return ShowResult(
        name=source.spec,
        title=ours.title if ours else source.url,
        summary=ours.summary if ours else "",
        version=version,
        source=source.address,
        questions=tuple(_computed(question, answers) for question in asked),
        skills=ours.skills if ours else (),
        files=files,
    )


def _computed(question: Question, answers: dict[str, Any]) -> Question:
    """The question with what its default comes to, where it is an expression over other answers."""
    if isinstance(question.default, str) and "{{" in question.default and question.key in answers:
        return replace(question, default=answers[question.key], computed=True)
    return question
