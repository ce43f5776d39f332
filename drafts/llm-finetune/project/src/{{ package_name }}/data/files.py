"""Reads the user's own files, record by record, with the line each begins on.

JSON lines (.jsonl), one array of objects (.json) and tables (.csv, separated by comma, semicolon or
tab, with a header). UTF-8, or UTF-16 with its mark; a byte order mark is no part of the first name.
"""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError

Numbered = tuple[int, dict[str, Any]]
"""Line (from 1; in a .json array the number of the record) and record."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Malformed:
    """A line that cannot be read; reading may go on behind it."""

    line: int
    reason: str


def read_file(path: Path, *, shown: str | None = None) -> Iterator[Numbered | Malformed]:
    """Records of a file, and in their place what cannot be read of it.

    `shown` is what messages call the file. Raises DataError when it is missing, of another kind, in
    another encoding, or has no usable header.
    """
    name = shown or str(path)
    text = _decoded(path, name)
    match path.suffix.lower():
        case ".jsonl":
            yield from _json_lines(text)
        case ".json":
            yield from _json_array(text, name)
        case ".csv":
            yield from _table(text, name)
        case other:
            raise DataError(
                f"{name} ends in {other or 'nothing'}, which is not read here.",
                "Give a .jsonl, .json or .csv file, or an id of the Hub.",
            )


def _decoded(path: Path, name: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"{name} does not exist.", "Correct data.source, data.test or data.validation."
        ) from None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from None
    encoding = next((known for mark, known in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError.at(
            name,
            line,
            f"byte 0x{data[error.start]:02x} is not {encoding.upper().removesuffix('-SIG')}",
            "Save the file as UTF-8.",
        ) from None


def _object(value: Any, line: int) -> Numbered | Malformed:
    if isinstance(value, dict):
        return line, value
    return Malformed(line, f"a record must be an object, not a {type(value).__name__}")


def _json_lines(text: str) -> Iterator[Numbered | Malformed]:
    # Not splitlines(): JSON may hold other line ends of Unicode as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield _object(json.loads(line), number)
        except json.JSONDecodeError as error:
            yield Malformed(number, f"not JSON: {error.msg} at column {error.colno}")
        except RecursionError:
            yield Malformed(number, "not JSON: nested too deeply")


def _json_array(text: str, name: str) -> Iterator[Numbered | Malformed]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError.at(name, error.lineno, f"not JSON: {error.msg}") from None
    if not isinstance(content, list):
        raise DataError(f"{name} must hold one array of objects.", "Or use JSON lines (.jsonl).")
    for number, value in enumerate(content, 1):
        yield _object(value, number)


def _table(text: str, name: str) -> Iterator[Numbered | Malformed]:
    if not text.strip():
        return
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header = [column.strip() for column in next(reader)]
    doubled = sorted({column for column in header if header.count(column) > 1})
    if doubled or "" in header:
        told = f"the column {doubled[0]!r} is there twice" if doubled else "a column has no name"
        raise DataError.at(name, 1, told, "Give each column a name of its own.")
    begins = reader.line_num + 1
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Malformed(begins, f"not CSV: {error}")
            return  # where the next record begins is unknown
        if values:
            if len(values) == len(header):
                yield begins, dict(zip(header, values, strict=True))
            else:
                yield Malformed(begins, f"{len(values)} values for {len(header)} columns")
        begins = reader.line_num + 1
