"""The manifest of the raw store: a line of JSON for each part that was stored, only ever appended.

The last whole line of a month counts. A run that is killed while it writes leaves half a line.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Self

from ..errors import DataError
from ..files import write_text_atomic


@dataclass(frozen=True)
class Chunk:
    """A line: what is stored for a month of a dataset, and where it came from."""

    dataset: str
    month: str
    start: str
    end: str
    rows: int
    variables: list[str]
    body_sha256: str
    part_sha256: str
    url: str
    fetched_at: str
    cost: float
    attempts: int
    source: str
    place: str
    licence: str
    attribution: str
    absent: list[str] = field(default_factory=list)
    """Variables that the source does not have; their columns are empty."""

    @property
    def days(self) -> tuple[date, date]:
        """First and last day stored."""
        return date.fromisoformat(self.start), date.fromisoformat(self.end)

    @property
    def fetched(self) -> datetime:
        """When it was fetched, aware."""
        return datetime.fromisoformat(self.fetched_at)

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """The chunk of a line of the manifest; None where the line is damaged."""
        try:
            return cls(**json.loads(line))
        except (ValueError, TypeError):
            return None


class Manifest:
    """The file at `path`, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, chunk: Chunk) -> None:
        """Vouch for a part that is in its place. Raises DataError when the disk refuses."""
        line = json.dumps(asdict(chunk), ensure_ascii=False) + "\n"
        try:
            with self.path.open("ab") as handle:
                handle.write(line.encode())
                handle.flush()
                os.fsync(handle.fileno())
        except OSError as error:
            raise DataError(
                f"{self.path} could not be written: {error.strerror or error}.",
                "Free some disk space or choose another data_dir, then run this again.",
            ) from error

    def history(self) -> list[Chunk]:
        """Every whole line, oldest first; a torn or damaged one is left out."""
        return [chunk for chunk in map(Chunk.parse, self._lines()) if chunk is not None]

    def chunks(self) -> dict[tuple[str, str], Chunk]:
        """The chunk that counts for each (dataset, month), in that order."""
        newest = {(chunk.dataset, chunk.month): chunk for chunk in self.history()}
        return dict(sorted(newest.items()))

    def heal(self) -> int:
        """Remove torn and damaged lines; how many there were."""
        lines = self._lines()
        whole = [line for line in lines if Chunk.parse(line) is not None]
        if len(whole) < len(lines):
            write_text_atomic(self.path, "".join(f"{line}\n" for line in whole))
        return len(lines) - len(whole)

    def _lines(self) -> list[str]:
        if not self.path.exists():
            return []
        return self.path.read_bytes().decode(errors="replace").splitlines()
