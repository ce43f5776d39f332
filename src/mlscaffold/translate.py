"""Errors of Copier and of the five libraries under it, as ours.

They are told apart by the names of their classes, so that this module imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .errors import InputError, MlscaffoldError, TemplateError

_Foreign = Any  # an exception of a class that is not imported here: its fields are its own


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise MlscaffoldError in place of what a render may raise.

    Args:
        where: The template's address or folder.
    """
    try:
        yield
    except MlscaffoldError:
        raise
    except KeyboardInterrupt as error:  # Copier raises one of its own, with the answers so far
        raise KeyboardInterrupt from error
    except Exception as error:
        for known in type(error).__mro__:
            if handler := _HANDLERS.get(known.__name__):
                raise handler(error, where) from error
        raise


def _unsafe(error: _Foreign, where: str) -> MlscaffoldError:
    features = str(error).partition(":")[2].split(".")[0].strip() or "tasks"
    hint = "Read the template first; --trust allows it."
    return TemplateError(f"The template runs its author's code ({features}).", where, hint)


def _no_terminal(_: _Foreign, where: str) -> MlscaffoldError:
    return InputError(
        "Nobody is here to answer a question.", where, "Use --defaults or -d KEY=VALUE."
    )


def _task_failed(error: _Foreign, where: str) -> MlscaffoldError:
    return TemplateError(f"A task of the template failed: {error}", where)


def _git_failed(error: _Foreign, where: str) -> MlscaffoldError:
    lines = [line.strip() for line in str(error.stderr).splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))]
    said = (telling or lines or ["failed"])[0]
    hint = "Look at the address, the tag and the network."
    return TemplateError(f"The template cannot be fetched: git says {said!r}.", where, hint)


def _no_program(error: _Foreign, where: str) -> MlscaffoldError:
    return TemplateError(f"The template needs {error.program!r}, which was not found.", where)


def _bad_syntax(error: _Foreign, where: str) -> MlscaffoldError:
    place = f"{error.filename or error.name or where}:{error.lineno}"
    return TemplateError(f"The template does not parse: {error.message}.", place)


def _does_not_render(error: _Foreign, where: str) -> MlscaffoldError:
    return TemplateError(f"The template does not render: {error}.", where)


def _bad_yaml(error: _Foreign, where: str) -> MlscaffoldError:
    return TemplateError(f"The template's copier.yml is not valid: {error}", where)


def _bad_value(error: _Foreign, where: str) -> MlscaffoldError:
    """A wrong answer is the user's; anything else of the kind is the template's."""
    text = " ".join(str(error).split())
    if text.startswith("Validation error for question '"):
        key, _, problem = text.removeprefix("Validation error for question '").partition("': ")
        return InputError(f"{key}: {problem}", "", f"Give another value: -d {key}=...")
    if text.startswith('Question "'):
        return InputError(f"{text} and has no default.", where, "Give it with -d KEY=VALUE.")
    if text.startswith("Invalid choice for '"):
        key, _, problem = text.removeprefix("Invalid choice for '").partition("': ")
        problem = problem.replace(" is not in [", " is not one of: ").removesuffix("]")
        return InputError(f"{key}: {problem}.", "", f"Give another value: -d {key}=...")
    if text.startswith("Unknown revision"):
        return InputError(f"The template has no such tag, branch or commit: {text}.", where)
    if "could not convert string to float" in text or "invalid literal for int" in text:
        return InputError(f"An answer must be a number: {text}.", where)
    return TemplateError(f"The template cannot be used: {text or type(error).__name__}", where)


_HANDLERS: dict[str, Callable[[_Foreign, str], MlscaffoldError]] = {
    "UnsafeTemplateError": _unsafe,
    "InteractiveSessionError": _no_terminal,
    "TaskError": _task_failed,
    "ProcessExecutionError": _git_failed,
    "CommandNotFound": _no_program,
    "TemplateSyntaxError": _bad_syntax,
    "TemplateError": _does_not_render,  # Jinja's, the parent of UndefinedError too
    "YAMLError": _bad_yaml,
    "CopierError": _bad_value,
    "ValueError": _bad_value,
    "TypeError": _bad_value,
    "KeyError": _bad_value,
    # What an expression in a template may come to.
    "ArithmeticError": _does_not_render,
    "AssertionError": _does_not_render,
    "AttributeError": _does_not_render,
    "LookupError": _does_not_render,
    "RuntimeError": _does_not_render,
}
