"""A rendered tree is looked at before anybody sees it.

For every template: nothing outside the tree, no link out of it, no `.git`. For our own templates
also: every file parses, and no Jinja of the template is left. A third party may mean its files to
be as they are, so the same findings are notes there.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import TemplateError

_EXPRESSION = re.compile(rb"\{\{(?P<value>[^{}]*)\}\}|\{%(?P<block>[^{}]*?)%\}")
_NAME = re.compile(rb"[A-Za-z_]\w*")


@dataclass(frozen=True)
class File:
    """One file of a render: path relative to its root with `/`, size in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Checked:
    """What a tree holds, and what was found odd about it without being refused."""

    files: tuple[File, ...]
    notes: tuple[str, ...]


def check(
    tree: Path,
    *,
    keys: Collection[str],
    answers: Mapping[str, Any],
    strict: bool,
    trust: bool = False,
) -> Checked:
    """Look at every file under `tree`.

    Args:
        tree: Root of the render.
        keys: Names of the template's questions: an expression that mentions one should have been
            rendered.
        answers: The answers; what they hold literally is no Jinja left over.
        strict: Whether a file that does not parse, or holds Jinja, is refused.
        trust: Whether the template may run code, and so may have made a repository at the root.

    Raises:
        TemplateError: The tree is unsafe, or `strict` and faulty.
    """
    root = os.path.realpath(tree)
    names = {key.encode() for key in keys} | {b"_copier_conf", b"_copier_answers"}
    literal = "\n".join(f"{value}\n{json.dumps(str(value))}" for value in answers.values()).encode()
    files: list[File] = []
    notes: list[str] = []
    for folder, folders, found in os.walk(tree):
        if trust and folder == str(tree):
            folders[:] = [name for name in folders if name != ".git"]
        folders.sort()
        for name in sorted([*folders, *found]):
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, tree).replace(os.sep, "/")
            if name.lower().rstrip(". ") == ".git":
                raise TemplateError("The template writes a .git, which could run code.", shown)
            if os.path.islink(path):
                _refuse_link_out(path, root, shown)
            elif name in found:
                content = Path(path).read_bytes()
                files.append(File(shown, len(content)))
                problem = _parse_problem(name, content) or _jinja_left(content, names, literal)
                if problem:
                    notes.append(f"{shown}: {problem}")
    if strict and notes:
        raise TemplateError(
            f"The render is faulty: {notes[0]}.",
            "",
            "This is a bug in the template: please report it.",
        )
    if not files:
        raise TemplateError("The template made no files.", "", "Is it a Copier template?")
    return Checked(tuple(sorted(files, key=lambda file: file.path)), tuple(notes))


def _refuse_link_out(path: str, root: str, shown: str) -> None:
    target = os.readlink(path)
    if os.path.isabs(target) or os.path.commonpath([root, os.path.realpath(path)]) != root:
        raise TemplateError(f"The template links out of the project, to {target}.", shown)


def _parse_python(content: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # an invalid escape in a third party's file is not our concern
        # Not ast.parse: handing the tree to Python costs three times the parse, and fails now and
        # then when another thread runs meanwhile.
        compile(content, "<rendered>", "exec", dont_inherit=True)


def _parse_toml(content: bytes) -> None:
    tomllib.loads(content.decode())


def _parse_yaml(content: bytes) -> None:
    # Composed, not constructed: tags such as !Ref or !!python/name are somebody's business, not an
    # error.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for _ in yaml.compose_all(content, Loader=loader):
        pass


_PARSERS: dict[str, Callable[[bytes], object]] = {
    ".py": _parse_python,
    ".toml": _parse_toml,
    ".yml": _parse_yaml,
    ".yaml": _parse_yaml,
    ".json": json.loads,
    ".ipynb": json.loads,
}


def _parse_problem(name: str, content: bytes) -> str:
    """Why a file does not parse as what its name says; empty when it does."""
    parse = _PARSERS.get(os.path.splitext(name)[1].lower())
    if parse is None:
        return ""
    try:
        parse(content)
    except Exception as error:  # noqa: BLE001 - each parser has errors of its own; all mean the same here
        return f"does not parse ({' '.join(str(error).split())})"
    return ""


def _jinja_left(content: bytes, names: set[bytes], literal: bytes) -> str:
    """The first expression that the template meant to be rendered; empty when there is none.

    `{{ ... }}` is also what GitHub Actions, Prometheus and the project's own page templates write:
    only one that mentions a question of the template is a leftover, unless an answer says just
    that.
    """
    if b"{{" not in content and b"{%" not in content:
        return ""
    for match in _EXPRESSION.finditer(content):
        whole = match.group()
        if content[match.start() - 1 : match.start()] == b"$" or whole in literal:
            continue
        mentioned = names.intersection(
            _NAME.findall(match.group("value") or match.group("block") or b"")
        )
        if mentioned:
            return f"holds unrendered Jinja {whole.decode(errors='replace')!r}"
    return ""
