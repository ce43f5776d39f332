"""Optional: public benchmarks before and after tuning, by lm-eval (`pip install '.[eval]'`).

For forgetting at large. lm-eval's own comparison of models is not used: it does not pair rows.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .systems import ModelSystem


def require() -> None:
    """Raise ConfigError where lm-eval is missing."""
    if find_spec("lm_eval") is None:
        raise ConfigError(
            "evaluate.harness names benchmarks, and lm-eval is not installed here.",
            "Install it: pip install '.[eval]'. Or leave evaluate.harness empty.",
        )


def benchmark(
    systems: Sequence[ModelSystem],
    tasks: Sequence[str],
    *,
    folder: Path | None = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Figures by system, then task, then metric, each with `value` and `stderr`.

    Prompts go through the chat template: without it a tuned model may score 0. `folder` holds task
    files of the project's own. Raises ConfigError where lm-eval or a task is missing.
    """
    require()
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(folder) if folder else None)
    unknown = [name for name in tasks if not manager.match_tasks([name])]
    if unknown:
        raise ConfigError(
            f"evaluate.harness names {unknown[0]}, which lm-eval does not know.",
            "`lm-eval ls tasks` lists what it knows.",
        )
    found: dict[str, Any] = {}
    for system in systems:
        with system.active():
            wrapped = HFLM(
                pretrained=system.model, tokenizer=system.tokenizer, batch_size=system.batch_size
            )
            results = simple_evaluate(
                model=wrapped,
                tasks=list(tasks),
                task_manager=manager,
                apply_chat_template=True,
                limit=limit,
                bootstrap_iters=0,
                log_samples=False,
                verbosity="ERROR",
            )
        found[system.name] = {name: _figures(one) for name, one in results["results"].items()}
    return found


def _figures(result: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """`{"acc,none": .5, "acc_stderr,none": .1}` as `{"acc": {"value": .5, "stderr": .1}}`."""
    figures: dict[str, dict[str, float | None]] = {}
    for key, value in result.items():
        metric, _, _filter = key.partition(",")
        if not _filter or metric.endswith("_stderr") or not isinstance(value, int | float):
            continue
        error = result.get(f"{metric}_stderr,{_filter}")
        figures[key.removesuffix(",none")] = {
            "value": float(value),
            "stderr": float(error) if isinstance(error, int | float) else None,
        }
    return figures
