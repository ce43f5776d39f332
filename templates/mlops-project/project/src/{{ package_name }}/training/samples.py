"""The training table as arrays: what every model, fold and metric works on."""

from dataclasses import dataclass, fields
from typing import Self

import duckdb
import numpy as np
from numpy.typing import NDArray

from .. import CLI
from ..config import Settings
from ..errors import DataError, NotReadyError
from ..models import Matrix, Vector
from ..usecase import active

Days = NDArray[np.datetime64]
"""Issue days (d,) or one a row (n,), as datetime64[D]."""


@dataclass(frozen=True)
class Samples:
    """n labelled hours in order of time; every field has n rows."""

    issue_day: Days
    valid_time: NDArray[np.datetime64]
    lead_hours: NDArray[np.intp]
    X: Matrix
    y: Vector

    def __len__(self) -> int:
        return len(self.y)

    @property
    def days(self) -> Days:
        """Each issue day once, in order (d,)."""
        return np.unique(self.issue_day)

    def where(self, mask: NDArray[np.bool_]) -> Self:
        """Only the rows where `mask` (n,) is true."""
        return type(self)(*(getattr(self, field.name)[mask] for field in fields(self)))

    def between(self, first: np.datetime64, last: np.datetime64) -> Self:
        """Only issues from `first` to `last`, both included."""
        return self.where((self.issue_day >= first) & (self.issue_day <= last))


def read_training(settings: Settings) -> tuple[Samples, dict[str, str]]:
    """The place's labelled hours and the warehouse's `meta`.

    Raises NotReadyError before `features` was run, DataError when the warehouse is damaged or holds
    no labelled hour.
    """
    use_case = active()
    if not settings.warehouse.is_file():
        step = "features" if any(settings.raw_dir.glob("*/month=*")) else "collect"
        raise NotReadyError("There is nothing to train on yet.", f"Run: {CLI} {step}")
    try:
        with duckdb.connect(settings.warehouse, read_only=True) as connection:
            meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
            table = connection.execute(
                f"SELECT issue_time, valid_time, {use_case.target} AS label,"  # noqa: S608 our names
                f" {', '.join(use_case.columns)} FROM training WHERE place_id = ?"
                " AND NOT isnan(label) ORDER BY issue_time, lead_hours",
                [settings.place.id],
            ).fetchnumpy()
    except duckdb.Error as error:
        raise DataError(
            f"{settings.warehouse} cannot be read: {str(error).splitlines()[0]}",
            f"Build it again: {CLI} features",
        ) from error
    if not len(table["label"]):
        raise DataError(
            f"The warehouse has no labelled hour for {settings.place.name} ({settings.place.id}).",
            f"Collect more days, or check the place in config.toml, then run: {CLI} features",
        )
    # A missing value comes as a masked entry.
    columns = [np.ma.filled(table[name].astype(np.float64), np.nan) for name in use_case.columns]
    samples = Samples(
        issue_day=np.asarray(table["issue_time"], dtype="datetime64[D]"),
        valid_time=np.asarray(table["valid_time"], dtype="datetime64[s]"),
        lead_hours=columns[use_case.columns.index(use_case.hour_column)].astype(np.intp),
        X=np.column_stack(columns),
        y=np.asarray(table["label"], dtype=np.float64),
    )
    return samples, meta
