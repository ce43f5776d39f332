"""Predicting with an ONNX graph: the service's form of the LightGBM model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from .base import LEVEL_OFFSET, Matrix, Vector, fill_missing, recent_level


class OnnxPredictor:
    """Runs `model.onnx` on one thread: a row takes microseconds, more threads only wait.

    Missing features are filled with the training medians first, as in training: how a tree treats
    NaN differs between LightGBM and ONNX where a feature had none in training.
    """

    def __init__(self, path: Path, fill: Sequence[float], level_columns: Sequence[int]) -> None:
        """Load the graph at `path`; `fill` (f,) replaces missing features.

        The graph gives the log of the ratio to the mean of `level_columns`.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.fill = np.asarray(fill, dtype=np.float64)
        self.level_columns = list(level_columns)
        self.session = onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )

    def predict(self, X: Matrix) -> Vector:
        """See `Predictor.predict`."""
        rows = fill_missing(X, self.fill)
        (log_ratio,) = self.session.run(None, {"x": rows.astype(np.float32)})
        level = recent_level(rows, self.level_columns)
        return np.asarray(np.exp(log_ratio[:, 0].astype(np.float64)) * level - LEVEL_OFFSET)
