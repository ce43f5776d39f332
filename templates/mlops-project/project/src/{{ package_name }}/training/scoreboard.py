"""The figures of a contest for people and for MLflow: lines of text, and single numbers."""

from collections.abc import Sequence
from typing import Any


def flat(model: dict[str, Any]) -> dict[str, float]:
    """A model's figures as single numbers with speaking names, as MLflow wants them."""
    found = {}
    for period in ("validation", "holdout"):
        part = model[period]
        estimates = {name: part[name] for name in ("mae_hourly", "mae_daily", "bias")}
        estimates |= {f"alert_{name}": part["alerts"][name] for name in ("precision", "recall")}
        if "coverage" in part:
            estimates |= {
                f"coverage_{name}": part["coverage"][name] for name in ("hourly", "daily")
            }
        for name, estimate in estimates.items():
            for key in ("value", "low", "high"):
                if estimate[key] is not None:
                    suffix = "" if key == "value" else f"_{key}"
                    found[f"{period}_{name}{suffix}"] = estimate[key]
    return found


def table(models: Sequence[dict[str, Any]], note: str) -> tuple[str, ...]:
    """The comparison as lines of text: MAE, its interval, the difference to the best baseline."""
    lines = [note] if note else []
    lines.append(f"{'model':<12}{'hold-out MAE':>14}  {'interval':<16}{'against baseline':>16}")
    for model in models:
        mae, delta = model["holdout"]["mae_hourly"], model["against_baseline"]
        interval = f"{mae['low']:.2f} to {mae['high']:.2f}"
        lines.append(
            f"{model['name']:<12}{mae['value']:>14.2f}  {interval:<16}{delta['value']:>+16.2f}"
        )
    return tuple(lines)
