"""What the report says of each kind of run record: a few named figures of its payload.

The only place that knows the payloads' shapes. Nothing here names a folder of the machine, because
the summaries are committed.
"""

from collections.abc import Callable
from typing import Any

ALERT = ("precision", "recall")

Payload = dict[str, Any]
Summary = dict[str, Any]


def collect(payload: Payload) -> Summary:
    """What the raw store holds."""
    return {
        "first": payload["first_hour"],
        "last": payload["last_hour"],
        "data_hash": payload["data_hash"],
        "missing": sum(payload["missing_hours"].values()),
        "attribution": payload["attribution"],
        "origins": payload.get("origins", []),
    }


def quality(payload: Payload) -> Summary:
    """The validation gate's verdict."""
    keys = ("ok", "verdict", "errors", "warnings")
    return {key: payload[key] for key in keys}


def features(payload: Payload) -> Summary:
    """What the warehouse holds."""
    return {
        "first_day": str(payload["first_issue"])[:10],
        "last_day": str(payload["last_issue"])[:10],
        "hours": payload["hours"],
        "rows": payload["labelled"],
        "data_hash": payload["data_hash"],
    }


def train(payload: Payload) -> Summary:
    """Every model on the hold-out, and what is known of the best learned one."""
    figures = payload["figures"]
    return {
        "best": payload["candidate"],
        "versions": {
            payload["candidate"]: payload["challenger_version"],
            payload["baseline"]: payload["baseline_version"],
        },
        "baseline": payload["baseline"],
        **payload["holdout"],
        "threshold": payload["threshold"],
        "level": payload["level"],
        "note": payload["note"],
        "trained_on": {key: payload["trained_on"][key] for key in ("start", "end")},
        "models": [_model(model) for model in figures["models"]],
        "always_alert": {key: _value(figures["always_alert"], key) for key in ALERT},
        "slices": [_slice(row) for row in figures["slices"]],
        "importance": figures["importance"],
        "learning_curve": figures["learning_curve"],
        "model_bytes": payload["model_bytes"],
        "seconds": payload["seconds"],
    }


def _model(model: Payload) -> Summary:
    held, gap = model["holdout"], model["against_baseline"]
    return {
        "name": model["name"],
        "is_baseline": model["is_baseline"],
        "mae": held["mae_hourly"]["value"],
        "lower": held["mae_hourly"]["low"],
        "upper": held["mae_hourly"]["high"],
        "mae_daily": held["mae_daily"]["value"],
        "delta": gap["value"],
        "delta_lower": gap["low"],
        "delta_upper": gap["high"],
        **{key: _value(held["alerts"], key) for key in ALERT},
        "coverage": _value(held["coverage"], "hourly"),
        "spreads": {
            **{key: _spread(held["alerts"][key]) for key in ALERT},
            "coverage": _spread(held["coverage"]["hourly"]),
        },
    }


def _slice(row: Payload) -> Summary:
    return {
        "group": row["group"],
        "value": row["slice"],
        "rows": row["hours"],
        "mae": row["mae"]["value"],
        "lower": row["mae"]["low"],
        "upper": row["mae"]["high"],
        "baseline_mae": _value(row, "baseline_mae"),
    }


def _spread(estimate: Payload) -> list[float | None]:
    """Lower and upper bound of an estimate."""
    return [estimate["low"], estimate["high"]]


def _value(payload: Payload, key: str) -> float | None:
    """The figure of an estimate; None where it is not defined."""
    value: float | None = payload[key]["value"]
    return value


def promote(payload: Payload) -> Summary:
    """The gate's decision and its numbers."""
    keys = ("action", "champion", "champion_name", "is_baseline", "reason", "level", "notes")
    return {
        **{key: payload[key] for key in keys},
        "contenders": payload["contenders"],
        "comparisons": payload["comparisons"],
        "start": payload["holdout_start"],
        "end": payload["holdout_end"],
        "days": payload["holdout_days"],
    }


def rollback(payload: Payload) -> Summary:
    """Who serves again, and why; not who decided it."""
    keys = ("champion", "champion_name", "is_baseline", "previous", "reason")
    return {key: payload[key] for key in keys}


def bench(payload: Payload) -> Summary:
    """Speed of the service, and of an empty one beside it."""
    keys = ("p50_ms", "p95_ms", "p99_ms", "connections", "requests_per_s", "batch_rows_per_s")
    beside = ("ceiling_requests_per_s", "ceiling_p99_ms", "memory_mib", "start_s")
    return {key: payload[key] for key in (*keys, *beside)}


def monitor(payload: Payload) -> Summary:
    """The verdict of each check."""
    checks = [
        {"name": check["name"], "value": check["value"], "status": check["status"]}
        for check in payload["checks"]
    ]
    keys = ("start", "end", "alarm", "verdict")
    return {**{key: payload[key] for key in keys}, "checks": checks}


def retrain(payload: Payload) -> Summary:
    """What was done about drift, and why."""
    return {"action": payload["action"], "reason": payload["reason"]}


BY_KIND: dict[str, Callable[[Payload], Summary]] = {
    "collect": collect,
    "quality": quality,
    "features": features,
    "train": train,
    "promote": promote,
    "rollback": rollback,
    "bench": bench,
    "monitor": monitor,
    "retrain": retrain,
}
