"""From a contest's entry to a bundle: all that serving, promotion and monitoring need to know."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .. import runs
from ..clock import Clock
from ..config import Settings
from ..errors import DataError
from ..models.bundle import load_bundle, write_bundle
from ..registry import tracking
from ..usecase import active
from .contest import Contest, Entry

HOLDOUT_FOLD = -1
ONNX_TOLERANCE = 0.01
"""µg/m³ that the exported form may differ from the trained model."""


@dataclass(frozen=True)
class Exported:
    """An entry's bundle, and how far its predictions are from the trained model's (at most)."""

    entry: Entry
    folder: Path
    info: dict[str, Any]
    size: int
    difference: float


def export(
    settings: Settings,
    clock: Clock,
    contest: Contest,
    entry: Entry,
    judged: dict[str, Any],
    meta: dict[str, str],
) -> Exported:
    """Write the entry's bundle to `models/candidates/<name>`, read it back and compare.

    Raises DataError when the stored form predicts differently from the trained one.
    """
    use_case = active()
    commit, _ = runs.git_state(settings.root)
    days = contest.train.days
    figures = next(model for model in judged["models"] if model["name"] == entry.name)
    info = {
        "name": entry.name,
        "kind": entry.model.kind,
        "version": "candidate",
        "use_case": use_case.name,
        "target": use_case.target,
        "unit": use_case.unit,
        "place": meta["place"],
        "source": meta["source"],
        "origins": json.loads(meta.get("origins", "[]")),
        "features": [
            {"name": f.name, "unit": f.unit, "low": f.low, "high": f.high}
            for f in use_case.features
        ],
        "intervals": entry.intervals,
        "alert_threshold": contest.threshold,
        "trained_on": {
            "start": str(days[0]),
            "end": str(days[-1]),
            "rows": len(contest.train),
            "data_hash": meta["data_hash"],
            "git_commit": commit,
        },
        "metrics": figures,
        "created_at": clock.now().isoformat(timespec="seconds"),
        "libraries": tracking.libraries(),
    }
    files = {**entry.model.export(), "oof.parquet": _out_of_sample(contest, entry)}
    folder = write_bundle(settings.models_dir / "candidates" / entry.name, info, files)
    bundle = load_bundle(folder)
    difference = float(np.abs(bundle.predict(contest.holdout.X) - entry.holdout).max())
    if difference > ONNX_TOLERANCE:
        raise DataError(
            f"The stored {entry.name} differs from the trained one by {difference:.3f}.",
            "onnxmltools and lightgbm do not fit together: install the locked versions.",
        )
    size = sum(len(content) for name, content in files.items() if name.startswith("model."))
    return Exported(entry, folder, bundle.info, size, difference)


def _out_of_sample(contest: Contest, entry: Entry) -> bytes:
    """Predictions of hours that the predicting model had not seen, as Parquet.

    Fold 1, 2, ... by the models of the folds; fold -1 is the hold-out, by the stored model.
    """
    parts = (
        (contest.validation, contest.fold_number, entry.validation.prediction),
        (contest.holdout, np.full(len(contest.holdout), HOLDOUT_FOLD), entry.holdout),
    )
    frame = pl.concat(
        pl.DataFrame(
            {
                "issue_time": rows.issue_day.astype("datetime64[us]"),
                "valid_time": rows.valid_time.astype("datetime64[us]"),
                "lead_hours": rows.lead_hours.astype(np.int8),
                "y": rows.y,
                "prediction": prediction,
                "fold": fold.astype(np.int8),
            }
        )
        for rows, fold, prediction in parts
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
