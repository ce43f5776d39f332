"""Four models behind one interface: two baselines, one linear, one gradient boosting.

Importing this package needs numpy only. `restore` reads a model back for serving; `fit` of the
trained ones imports scikit-learn or LightGBM when it is called.
"""

import json
from pathlib import Path

from .base import Matrix, Model, Predictor, Vector
from .baselines import Climatology, Persistence
from .linear import Linear
from .onnx import OnnxPredictor

__all__ = [
    "Climatology",
    "Linear",
    "Matrix",
    "Model",
    "Persistence",
    "Predictor",
    "Vector",
    "restore",
]

MODEL_JSON = "model.json"


def restore(kind: str, folder: Path) -> Predictor:
    """The predictor stored in `folder`. Raises ValueError when the kind is unknown."""
    content = json.loads((folder / MODEL_JSON).read_text(encoding="utf-8"))
    if kind == Persistence.kind:
        return Persistence(**content)
    if kind == Climatology.kind:
        return Climatology(**content)
    if kind == Linear.kind:
        return Linear(**content)
    if kind == "lightgbm":
        return OnnxPredictor(folder / "model.onnx", **content)
    raise ValueError(f"no model of kind '{kind}'")
