"""Gradient boosting with LightGBM, exported to ONNX for the service."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from .base import Matrix, Vector, fill_missing, medians

DEFAULTS: Mapping[str, Any] = {
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "lambda_l2": 5.0,
}
"""Small trees, much sampling: a few hundred days of one place are few independent examples."""


class Boosting:
    """LightGBM on the absolute error (MAE is what is judged), stopped early, then refitted.

    The last `early_share` of the training span says how many rounds are enough; then all of it is
    used. Features are rounded to float32 before training, because ONNX computes in float32: the
    split thresholds then lie between the same values in both.
    """

    kind = "lightgbm"
    is_baseline = False
    max_rounds = 600
    patience = 40
    early_share = 0.15

    def __init__(
        self, *, seed: int, threads: int, settings: Mapping[str, Any] = DEFAULTS, rounds: int = 0
    ) -> None:
        """`rounds` > 0 fixes the number of rounds and leaves out the early stopping."""
        self.seed = seed
        self.threads = threads
        self.settings = dict(settings)
        self.rounds = rounds
        self.fill: Vector = np.zeros(0)
        self.curve: list[float] = []
        """Validation MAE after each round, from the early stopping."""
        self.booster: Any = None

    def fit(self, X: Matrix, y: Vector) -> None:
        """See `Model.fit`: rows in order of time, because the last ones stop the training."""
        self.fill = medians(X)
        rows = self._rows(X)
        if not self.rounds:
            self.rounds = self._enough_rounds(rows, y)
        self.booster = self._train(rows, y, self.rounds)

    def predict(self, X: Matrix) -> Vector:
        """See `Predictor.predict`."""
        result: Vector = self.booster.predict(self._rows(X), num_threads=self.threads)
        return result

    def contributions(self, X: Matrix) -> Matrix:
        """What each feature adds to each prediction (n, f): LightGBM's own SHAP values."""
        values = self.booster.predict(self._rows(X), pred_contrib=True, num_threads=self.threads)
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
        return {
            "model.json": json.dumps({"fill": self.fill.tolist()}, allow_nan=False).encode(),
            "model.onnx": graph.SerializeToString(),
            "model.lgb": self.booster.model_to_string().encode(),
        }

    def _rows(self, X: Matrix) -> Matrix:
        return fill_missing(X, self.fill).astype(np.float32).astype(np.float64)

    def _enough_rounds(self, rows: Matrix, y: Vector) -> int:
        import lightgbm

        start = int(len(y) * (1 - self.early_share))
        train = lightgbm.Dataset(rows[:start], y[:start])
        valid = lightgbm.Dataset(rows[start:], y[start:], reference=train)
        found: dict[str, Any] = {}
        booster = lightgbm.train(
            self._options(),
            train,
            self.max_rounds,
            valid_sets=[valid],
            valid_names=["last part"],
            callbacks=[
                lightgbm.early_stopping(self.patience, verbose=False),
                lightgbm.record_evaluation(found),
            ],
        )
        self.curve = [float(value) for value in found["last part"]["l1"]]
        return max(1, int(booster.best_iteration))

    def _train(self, rows: Matrix, y: Vector, rounds: int) -> Any:
        import lightgbm

        return lightgbm.train(self._options(), lightgbm.Dataset(rows, y), rounds)

    def _options(self) -> dict[str, Any]:
        return {
            # "regression_l1" in full: the ONNX converter does not know the alias "l1".
            "objective": "regression_l1",
            "metric": "l1",
            "bagging_freq": 1,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self.threads,
            "verbosity": -1,
            **self.settings,
        }
