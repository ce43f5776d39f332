"""A line of the raw store's manifest."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self


@dataclass(frozen=True)
class Chunk:
    """A line of the manifest: what is stored for a month of a dataset, and where it came from."""

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
