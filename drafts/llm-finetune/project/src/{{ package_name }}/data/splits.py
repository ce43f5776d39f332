"""The three sets of a run as they lie on disk, and the hash that freezes the test set."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import CLI
from ..errors import DataError, LeakError, NotReadyError
from ..files import read_json, sha256_file, write_text_atomic
from ..tasks.base import Row
from .words import exact_key

AGAIN = f"Prepare it again: {CLI} data"
NAMES = ("train", "validation", "test")


@dataclass(frozen=True)
class Splits:
    """Rows to learn from, to stop by and to be judged on; `test_hash` is of test.jsonl's bytes."""

    train: list[Row]
    validation: list[Row]
    test: list[Row]
    test_hash: str
    path: Path


def write_rows(path: Path, rows: Iterable[Row]) -> str:
    """Write rows as JSON lines; returns the SHA-256 of the file."""
    lines = [json.dumps(asdict(row), ensure_ascii=False, sort_keys=True) for row in rows]
    write_text_atomic(path, "".join(f"{line}\n" for line in lines))
    return sha256_file(path)


def read_rows(path: Path) -> list[Row]:
    """Rows that `write_rows` wrote. Raises DataError with the line that is damaged."""
    rows = []
    try:
        # Not splitlines(): a row may hold other line ends of Unicode as they are.
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise DataError(f"{path} is missing.", AGAIN) from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is damaged: {error}.", AGAIN) from None
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            rows.append(Row(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise DataError.at(str(path), number, str(error), AGAIN) from None
    return rows


def read(out: Path) -> Splits:
    """The splits that `prepare` left in `out`.

    Raises NotReadyError when there are none, DataError when the test set is no longer the one that
    was frozen, and LeakError when a test prompt was put into the other files since.
    """
    frozen = frozen_hash(out)
    if frozen is None:
        raise NotReadyError(f"No data have been prepared in {out}.", f"First: {CLI} data")
    train, validation, test = (read_rows(out / f"{name}.jsonl") for name in NAMES)
    held_out = {exact_key(row) for row in test}
    leaked = [row for row in (*train, *validation) if exact_key(row) in held_out]
    if leaked:
        raise LeakError(
            f"{len(leaked)} rows of {out} stand in the test set too: {leaked[0].question[:80]!r}.",
            "Prepare the data again; its files are not meant to be edited.",
        )
    return Splits(train, validation, test, frozen, out)


def frozen_hash(out: Path) -> str | None:
    """The hash that the test set of `out` is frozen by; None where nothing is prepared.

    Raises DataError when the file is no longer the one that was frozen.
    """
    record, path = out / "data.json", out / "test.jsonl"
    if not record.exists():
        return None
    frozen = str(read_json(record)["test_hash"])
    if path.exists() and sha256_file(path) != frozen:
        raise DataError(
            f"The test set has changed since it was frozen: {path}.",
            "Figures on it could not be compared. Put the file back, or prepare a new run.",
        )
    return frozen
