"""Files that are the old or the new version, never half of one; and locks between processes."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .errors import BusyError, DataError


def write_bytes_atomic(path: Path, data: bytes) -> None:
    """Write beside the target, then rename over it. Raises DataError when the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
        Path(name).chmod(0o644)  # mkstemp gives 0600, which other users of the machine cannot read
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise


def _unwritable(path: Path, error: OSError) -> DataError:
    return DataError(
        f"{path} could not be written: {error.strerror or error}.",
        "Free some disk space or choose another data_dir in config.yaml, then run this again.",
    )


def write_text_atomic(path: Path, text: str) -> None:
    """`write_bytes_atomic` for UTF-8 text."""
    write_bytes_atomic(path, text.encode())


def write_json_atomic(path: Path, content: Any) -> None:
    """`write_bytes_atomic` for JSON; NaN is refused because JSON has none."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    write_text_atomic(path, text + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file. Raises DataError when it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} is damaged: {error}.", "Delete it and run the step again."
        ) from None


def sha256_text(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextlib.contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path` for the time of a `with` block.

    The lock goes with the process, so a killed run leaves nothing to clean up. Raises BusyError at
    once when another process holds it; `what` names the step in the message.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(
            f"Another `{what}` is under way in {path.parent}.", "Wait until it has ended."
        ) from None
    try:
        yield
    finally:
        lock.release()
