"""Answers: what the user gave, read and checked before anything is asked or rendered.

Answers are data: they are never evaluated, and a key that no question has is refused, since Copier
would drop it without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .errors import InputError

RECORDED_KEYS = frozenset({"_commit", "_render", "_src_path"})
"""Copier's own entries in an answers file, and ours: `--data-file` may be such a file."""


def parse_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` arguments as a mapping; the last of two equal keys counts.

    Raises:
        InputError: There is no `=`, no key, or the value is not text.
    """
    result: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InputError(
                f"{pair!r} is not KEY=VALUE.",
                "--data",
                "Write for example: -d project_name='Clean Air'.",
            )
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"The value of {key} is not valid UTF-8 text.", "--data") from error
        result[key] = value
    return result


def load_file(path: Path) -> dict[str, Any]:
    """The answers in a YAML file.

    Raises:
        InputError: It cannot be read, is not YAML, or is not a mapping from names to values.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError("The data file does not exist.", str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The data file cannot be read: {error}.", str(path)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise InputError(f"The data file is not plain YAML: {problem}.", f"{path}{line}") from error
    if data is None:
        return {}
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise InputError(
            "The data file must map names to values.",
            str(path),
            "Write lines such as: use_docker: false",
        )
    return {key: value for key, value in data.items() if key not in RECORDED_KEYS}


def collect(pairs: Sequence[str], data_file: Path | None) -> dict[str, Any]:
    """All answers given on the command line; `-d` counts over `--data-file`."""
    from_file = load_file(data_file) if data_file else {}
    return {**from_file, **parse_pairs(pairs)}


def refuse_unknown(given: Iterable[str], known: Sequence[str]) -> None:
    """Raise InputError for the first key that is no question, naming the nearest one."""
    for key in given:
        if key in known:
            continue
        near = get_close_matches(key, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise InputError(
            f"The template has no question called {key!r}.",
            "--data",
            f"{hint}It asks: {', '.join(known) or 'nothing'}.",
        )


_NAMES = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
_YES_OR_NO = {"y", "yes", "t", "true", "on", "n", "no", "f", "false", "off"}


def refuse_misread(key: str, kind: str, value: object) -> None:
    """Raise InputError for an answer that Copier would misread or refuse without its name.

    Copier takes any text that it does not know for a false.

    Args:
        key: The question.
        kind: Its type, as Copier names it; other than the four plain ones anything will do.
        value: Text from `-d`, or whatever a data file holds.
    """
    wanted = _NAMES.get(kind)
    if wanted is None or value is None:
        return
    if not isinstance(value, str | int | float) or not _reads_as(kind, str(value)):
        example = "true" if kind == "bool" else "..."
        raise InputError(
            f"{key}: {value!r} is not {wanted}.", "", f"Give another value: -d {key}={example}"
        )


def _reads_as(kind: str, text: str) -> bool:
    """Whether `text` can stand for a value of that kind, as Copier reads it."""
    if kind == "str" or (kind == "bool" and text.strip().lower() in _YES_OR_NO):
        return True
    try:
        if kind == "int":
            int(text)
        else:
            float(text)
    except ValueError:
        return False
    return True


def record(answers_file: Path, entries: Mapping[str, str]) -> None:
    """Write what is recorded beside the answers; what Copier recorded under these names goes.

    Only the entries in RECORDED_KEYS change, so the rest of the file stays as the template wrote
    it. A file that is not plain YAML, as a third party's may be, stays as it is.

    Args:
        answers_file: A file that was just rendered.
        entries: Text that needs no quotes in YAML, by names from RECORDED_KEYS.
    """
    import yaml

    try:
        text = answers_file.read_bytes().decode()
        before = yaml.safe_load(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (UnicodeDecodeError, yaml.YAMLError):
        return
    spans = [
        (key.value, key.start_mark.index, value.end_mark.index)
        for key, value in (node.value if isinstance(node, yaml.MappingNode) else [])
        if key.value in RECORDED_KEYS
    ]
    recorded: dict[str, str] = {}
    for name, start, end in reversed(spans):
        line_end = text.find("\n", end)
        rest = line_end + 1 if line_end >= 0 else len(text)
        recorded[name] = text[start:rest]
        text = text[:start] + text[rest:]
    recorded |= {name: f"{name}: {value}\n" for name, value in entries.items()}
    position = spans[0][1] if spans else len(text)
    text = text[:position] + "".join(recorded[name] for name in sorted(recorded)) + text[position:]
    with suppress(yaml.YAMLError, TypeError):
        if yaml.safe_load(text) == {**before, **entries}:
            answers_file.write_bytes(text.encode())


def slug(name: str) -> str:
    """A folder name made of a project's name: lower-case, words joined by `-`; may be empty."""
    kept = "".join(char if char.isalnum() else " " for char in name.lower())
    return "-".join(kept.split())


def shown(answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Answers as text for a summary."""
    return [
        (key, value if isinstance(value, str) else repr(value)) for key, value in answers.items()
    ]
