"""Gradient boosting with LightGBM, exported to ONNX for the service."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .base import LEVEL_OFFSET, Matrix, Vector, fill_missing, medians, recent_level

DEFAULTS: Mapping[str, Any] = {
    "num_leaves": 15,
    "learning_rate": 0.08,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "lambda_l2": 5.0,
    "max_bin": 63,
}
"""Small trees, much sampling: a few hundred days of one place are few independent examples."""


class Boosting:
    """LightGBM on the absolute error, because MAE is what is judged.

    It learns log((y + c) / (level + c)), the change against the recent level, because trees cannot
    predict a level that they have not seen: a first winter would be forecast as an autumn. Weights
    of (level + c) make an error in that ratio count as the µg/m³ that it means.

    How many rounds are enough is for the folds to say (`crossval.py`). Early stopping on the last
    weeks of the training span would judge by one season and stop too soon at its turn.

    Features are rounded to float32 before training, because ONNX computes in float32, and the split
    thresholds are rounded down to float32 after it: for a float32 x, x <= t holds exactly when
    x <= (t rounded down) does, so that both send every row the same way.
    """

    kind = "lightgbm"
    is_baseline = False

    def __init__(
        self,
        level_columns: Sequence[int],
        *,
        rounds: int,
        seed: int,
        threads: int,
        settings: Mapping[str, Any] = DEFAULTS,
    ) -> None:
        """`level_columns` of X are averaged to the recent level; `settings` go to LightGBM."""
        self.level_columns = list(level_columns)
        self.rounds = rounds
        self.seed = seed
        self.threads = threads
        self.settings = dict(settings)
        self.fill: Vector = np.zeros(0)
        self.booster: Any = None

    def fit(self, X: Matrix, y: Vector) -> None:
        """See `Model.fit`."""
        import lightgbm

        self.fill = medians(X)
        rows = self._rows(X)
        level = recent_level(rows, self.level_columns)
        data = lightgbm.Dataset(rows, np.log((y + LEVEL_OFFSET) / level), weight=level)
        self.booster = _thresholds_in_float32(
            lightgbm.train(self._options(len(y)), data, self.rounds)
        )

    def predict(self, X: Matrix) -> Vector:
        """See `Predictor.predict`."""
        return self.predict_after(X, self.rounds)

    def predict_after(self, X: Matrix, rounds: int) -> Vector:
        """Predictions (n,) of the first `rounds` trees."""
        rows = self._rows(X)
        log_ratio = self.booster.predict(rows, num_iteration=rounds, num_threads=1)
        result: Vector = np.exp(log_ratio) * recent_level(rows, self.level_columns) - LEVEL_OFFSET
        return result

    def contributions(self, X: Matrix) -> Matrix:
        """What each feature adds to each log ratio (n, f): LightGBM's own SHAP values."""
        values = self.booster.predict(self._rows(X), pred_contrib=True, num_threads=1)
        result: Matrix = values[:, :-1]  # the last column is the expected value
        return result

    def parameters(self) -> Mapping[str, Any]:
        """See `Model.parameters`."""
        return {**self.settings, "rounds": self.rounds, "objective": "regression_l1"}

    def export(self) -> dict[str, bytes]:
        """See `Model.export`."""
        from onnxmltools import convert_lightgbm
        from onnxmltools.convert.common.data_types import FloatTensorType

        inputs = [("x", FloatTensorType([None, len(self.fill)]))]
        # A fixed name: by default the graph gets a random one, and no two exports the same hash.
        graph = convert_lightgbm(self.booster, name=self.kind, initial_types=inputs, zipmap=False)
        content = {"fill": self.fill.tolist(), "level_columns": self.level_columns}
        return {
            "model.json": json.dumps(content, allow_nan=False).encode(),
            "model.onnx": graph.SerializeToString(),
            "model.lgb": self.booster.model_to_string().encode(),
        }

    def _rows(self, X: Matrix) -> Matrix:
        return fill_missing(X, self.fill).astype(np.float32).astype(np.float64)

    def _options(self, rows: int) -> dict[str, Any]:
        # Below some 100,000 rows a second thread waits more than it works.
        threads = min(self.threads, 1 + rows // 100_000)
        return {
            # "regression_l1" in full: the ONNX converter does not know the alias "l1".
            "objective": "regression_l1",
            "metric": "l1",
            "bagging_freq": 1,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": threads,
            "verbosity": -1,
            **self.settings,
        }


def _thresholds_in_float32(booster: Any) -> Any:
    """The same trees, each threshold rounded down to the next float32."""
    import lightgbm

    def rounded(line: re.Match[str]) -> str:
        exact = np.array(line[1].split(), dtype=np.float64)
        near = exact.astype(np.float32)
        below = np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near)
        return "\nthreshold=" + " ".join(repr(float(value)) for value in below)

    # The sizes of the trees' texts change with the numbers; without the line LightGBM counts anew.
    text = re.sub(r"\ntree_sizes=.*", "", booster.model_to_string())
    return lightgbm.Booster(model_str=re.sub(r"\nthreshold=(.*)", rounded, text))
