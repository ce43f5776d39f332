"""Model bundles: a folder that holds all that serving needs, and nothing that is unpickled.

    bundle.json      the model's kind, features, intervals, alert threshold, metrics, file hashes
    model.json       baselines and the linear model: plain numbers
    model.onnx       LightGBM as an ONNX graph; model.lgb is the same as LightGBM's own text
    oof.parquet      out-of-sample predictions (validation folds, and fold -1: the hold-out)

Reading a bundle needs numpy and onnxruntime only: the service imports this module and no trainer.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from ..files import read_json, sha256_file, sha256_text, write_json_atomic
from . import Matrix, Predictor, Vector, restore

SCHEMA = 1
INFO = "bundle.json"


@dataclass(frozen=True)
class Candidate:
    """A trained model that may be registered: its bundle's folder and its MLflow run."""

    name: str
    kind: str
    folder: Path
    run_id: str
    artifact_uri: str
    is_baseline: bool


@dataclass(frozen=True)
class Bundle:
    """A model ready to predict, with its calibrated intervals."""

    folder: Path
    info: dict[str, Any]
    columns: tuple[str, ...]
    predictor: Predictor

    def predict(self, X: Matrix) -> Vector:
        """Predictions (n,) >= 0, in the target's unit, for features X (n, f) ordered as `columns`.

        Missing features are NaN. Raises DataError when the shape is wrong.
        """
        if X.ndim != 2 or X.shape[1] != len(self.columns):
            raise DataError(
                f"The model takes {len(self.columns)} features a row, not an array of {X.shape}."
            )
        return np.maximum(self.predictor.predict(X), 0.0)

    def interval(self, prediction: Vector, lead_hours: Vector) -> tuple[Vector, Vector]:
        """Lower and upper bound (n,) of hourly predictions (n,) at those lead hours (n,)."""
        hours = lead_hours.astype(np.intp)
        lower, upper = self._hourly
        return self._bound(prediction, lower[hours]), self._bound(prediction, upper[hours])

    @cached_property
    def _hourly(self) -> tuple[Vector, Vector]:
        """Ratios (24,) at the bounds; made once, because a prediction takes microseconds."""
        bounds = self.info["intervals"]["hourly"]
        return np.exp(bounds["lower"]), np.exp(bounds["upper"])

    def daily(self, predictions: Vector) -> tuple[float, float, float]:
        """Mean of a day's 24 hourly predictions, with its own lower and upper bound."""
        mean = predictions.mean()
        bounds = self.info["intervals"]["daily"]
        lower = self._bound(mean, np.exp(bounds["lower"]))
        return float(mean), float(lower), float(self._bound(mean, np.exp(bounds["upper"])))

    def _bound(self, prediction: Any, ratio: Any) -> Any:
        """Y of ratio = (y + offset) / (p + offset); concentrations are not negative."""
        offset = self.info["intervals"]["offset"]
        return np.maximum(ratio * (prediction + offset) - offset, 0.0)


def write_bundle(folder: Path, info: Mapping[str, Any], files: Mapping[str, bytes]) -> Path:
    """Write `files` (name to content) and `bundle.json` as one folder that appears at once.

    A folder that was there is replaced. `info` gets `schema` and the files' hashes added. Raises
    DataError when the disk refuses.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            for name, content in files.items():
                (staging / name).write_bytes(content)
            hashes = {name: sha256_file(staging / name) for name in sorted(files)}
            write_json_atomic(staging / INFO, {"schema": SCHEMA, **info, "files": hashes})
            staging.chmod(0o755)  # mkdtemp gives 0700; a container serves as another user
            _replace_folder(staging, folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"The model could not be written to {folder}: {error.strerror or error}.",
            "Free some disk space, then run this again.",
        ) from error
    return folder


def copy_bundle(source: Path, target: Path, **changes: Any) -> Path:
    """Copy a verified bundle to `target` with fields of its `bundle.json` (`version`) changed."""
    info = _read_info(source, verify=True)
    files = {name: (source / name).read_bytes() for name in info["files"]}
    return write_bundle(target, {**info, **changes}, files)


def model_hash(info: Mapping[str, Any]) -> str:
    """SHA-256 over the files' names and hashes: equal for equal data, seed and libraries."""
    return sha256_text(json.dumps(info["files"], sort_keys=True))


def load_bundle(folder: Path, *, verify: bool = True) -> Bundle:
    """Read a bundle; with `verify`, only if every file has the hash that was recorded.

    Raises DataError when it is missing, damaged or of another schema.
    """
    info = _read_info(folder, verify)
    try:
        predictor = restore(info["kind"], folder)
        columns = tuple(str(feature["name"]) for feature in info["features"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise DataError(f"The model in {folder} is damaged: {error}.", _REMEDY) from error
    return Bundle(folder, info, columns, predictor)


_REMEDY = "Train and promote again."


def _read_info(folder: Path, verify: bool) -> dict[str, Any]:
    if not (folder / INFO).is_file():
        raise DataError(f"There is no model in {folder}.", _REMEDY)
    info = read_json(folder / INFO)
    if not isinstance(info, dict) or info.get("schema") != SCHEMA:
        raise DataError(f"{folder / INFO} is not a bundle of schema {SCHEMA}.", _REMEDY)
    names = info.get("files", {})
    if verify:
        for name, expected in names.items():
            # A name with a folder in it could point outside the bundle.
            inside = Path(name).name == name and (folder / name).is_file()
            if not inside or sha256_file(folder / name) != expected:
                raise DataError(f"{folder / name} is not the file that was written.", _REMEDY)
    return info


def _replace_folder(staging: Path, folder: Path) -> None:
    """Put `staging` at `folder`; an older folder is moved away first and put back on failure."""
    if not folder.exists():
        staging.rename(folder)
        return
    retired = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent)) / "bundle"
    folder.rename(retired)
    try:
        staging.rename(folder)
    except OSError:
        retired.rename(folder)
        raise
    finally:
        shutil.rmtree(retired.parent, ignore_errors=True)
