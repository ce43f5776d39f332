"""The champion that is judged, and which of its days are out of sample."""

from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import numpy as np
from numpy.typing import NDArray

from .. import CLI
from ..config import Settings
from ..errors import DataError, NotReadyError
from ..files import read_json
from ..models import Vector
from ..models.bundle import Bundle, load_bundle
from .chance import Days


@dataclass(frozen=True)
class Unseen:
    """Out-of-sample predictions made at training, n rows: issue day, hour, prediction."""

    issue_day: Days
    valid_time: NDArray[np.datetime64]
    prediction: Vector

    def at(self, wanted: NDArray[np.datetime64]) -> Vector:
        """The prediction for each wanted hour (m,), NaN where there is none."""
        return lookup(wanted, self.valid_time, self.prediction)


def lookup(wanted: NDArray[np.datetime64], times: NDArray[np.datetime64], values: Vector) -> Vector:
    """The value (m,) at each wanted time (m,), from values (n,) at times (n,); else NaN."""
    found = np.full(len(wanted), np.nan)
    if len(times):
        order = np.argsort(times, kind="stable")
        at = np.minimum(np.searchsorted(times[order], wanted), len(times) - 1)
        hit = times[order][at] == wanted
        found[hit] = values[order][at][hit]
    return found


def read_champion(settings: Settings) -> Bundle:
    """The verified bundle that serves.

    Raises NotReadyError before the first promotion, DataError when pointer or bundle are damaged.
    """
    if not settings.champion_pointer.exists():
        raise NotReadyError(
            "There is no champion to watch yet.", f"Run `{CLI} train` and `{CLI} promote` first."
        )
    try:
        folder = settings.models_dir / read_json(settings.champion_pointer)["folder"]
    except (DataError, KeyError, TypeError):
        raise DataError(
            f"{settings.champion_pointer} is damaged.",
            f"Name the version that shall serve: {CLI} rollback --to VERSION.",
        ) from None
    return load_bundle(folder)


def trained_until(bundle: Bundle) -> date:
    """Last day of the champion's training rows."""
    return datetime.fromisoformat(str(bundle.info["trained_on"]["end"])).date()


def read_unseen(bundle: Bundle) -> Unseen:
    """The bundle's `oof.parquet`; empty where it has none."""
    path = bundle.folder / "oof.parquet"
    if not path.exists():
        nothing = np.array([], dtype="datetime64[s]")
        return Unseen(nothing.astype("datetime64[D]"), nothing, np.array([]))
    with duckdb.connect() as connection:
        table = connection.execute(
            "SELECT issue_time, valid_time, prediction FROM read_parquet(?) ORDER BY valid_time",
            [path.as_posix()],
        ).fetchnumpy()
    return Unseen(
        np.asarray(table["issue_time"]).astype("datetime64[D]"),
        np.asarray(table["valid_time"]).astype("datetime64[s]"),
        np.ma.filled(table["prediction"].astype(np.float64), np.nan),
    )
