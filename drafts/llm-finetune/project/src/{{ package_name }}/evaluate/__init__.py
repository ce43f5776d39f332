"""The proof: every system on the same frozen rows, compared row by row, with a verdict."""

from .compare import Comparison, compare
from .evaluation import Evaluation, evaluate
from .systems import Generation, ModelSystem, System
from .workflow import evaluate_run

__all__ = [
    "Comparison",
    "Evaluation",
    "Generation",
    "ModelSystem",
    "System",
    "compare",
    "evaluate",
    "evaluate_run",
]
