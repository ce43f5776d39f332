"""Puts a finished folder in place of the last one in one step, so that none is ever half new."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import DataError


@contextlib.contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """An empty folder to fill in a `with` block, which takes the place of `out` at its end.

    Where the block fails, `out` stays as it was and nothing else is left. Raises DataError when the
    disk refuses.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as name:
            staged, old = Path(name) / "new", Path(name) / "old"
            staged.mkdir()
            yield staged
            if out.exists():
                out.rename(old)
            try:
                staged.rename(out)
            except OSError:
                if old.exists():
                    old.rename(out)
                raise
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"{out} could not be written: {error.strerror or error}.",
            "Free some disk space or choose another data_dir in config.yaml, then run this again.",
        ) from error
