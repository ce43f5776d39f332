"""The newest result in Prometheus' text format, for `/metrics` and for a textfile collector.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, version 0.0.4).
"""

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import MonitorResult

Sample = tuple[dict[str, str], float]


def render(result: "MonitorResult", at: datetime) -> str:
    """All gauges; a label set occurs once a family, as the format demands."""
    identity = {"model_version": result.model_version, "source": result.source}
    findings = [(check, found) for check in result.checks for found in check.findings]
    families: list[tuple[str, str, list[Sample]]] = [
        ("alarm", "1 while the last run found drift.", [(identity, float(result.alarm))]),
        ("timestamp_seconds", "When the last run was made.", [({}, at.timestamp())]),
        (
            "check_alarm",
            "1 for each check that found drift.",
            [({"check": check.name}, float(check.alarm)) for check in result.checks],
        ),
        (
            "check_judged",
            "0 for each check without data to compare with.",
            [
                ({"check": check.name}, float(check.status in ("quiet", "alarm")))
                for check in result.checks
            ],
        ),
        (
            "effect",
            "Effect size of what was judged, in the unit of its measure.",
            [
                ({"check": check.name, "name": found.name, "measure": found.measure}, found.effect)
                for check, found in findings
            ],
        ),
        (
            "effect_limit",
            "Effect size above which it alarms: threshold or chance, whichever is higher.",
            [
                (
                    {"check": check.name, "name": found.name, "measure": found.measure},
                    max(found.threshold, found.chance or 0.0),
                )
                for check, found in findings
            ],
        ),
        (
            "hours",
            "Predicted hours of the period by what is known of them.",
            [({"kind": kind}, float(count)) for kind, count in result.counts.items()],
        ),
        (
            "error",
            "Mean absolute error, in the target's unit.",
            [({"period": name}, value) for name, value in result.errors.items()],
        ),
    ]
    return "".join(_family(name, text, samples) for name, text, samples in families if samples)


def _family(name: str, text: str, samples: list[Sample]) -> str:
    full = f"monitor_{name}"
    lines = [f"# HELP {full} {text}", f"# TYPE {full} gauge"]
    for labels, value in samples:
        pairs = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        lines.append(f"{full}{{{pairs}}} {value!r}" if pairs else f"{full} {value!r}")
    return "\n".join(lines) + "\n"


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
