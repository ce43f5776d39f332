"""The summary that every block is written from: `reports/results.json`, which is committed.

Runs lie in `data/`, which git ignores. A clone without them still renders the same README and can
tell whether it is stale. No folder of the machine and no example of the data stands in it.
"""

from pathlib import Path
from typing import Any

from .. import runs
from ..config import TINY, Config
from ..errors import DataError
from ..files import read_json
from ..runs import RunFolder

SCHEMA = 1
STEPS = ("data", "train", "evaluate", "merge", "export", "bench")
Results = dict[str, Any]


def results_file(config: Config) -> Path:
    """Where the summary stands."""
    return config.root / "reports" / "results.json"


def empty() -> Results:
    """The results of a project in which nothing ran."""
    return {
        "schema": SCHEMA,
        "run": None,
        "tiny": False,
        "configuration": None,
        "evaluation": None,
        "steps": {},
    }


def stored(config: Config) -> Results | None:
    """The committed results; None where there are none. Raises DataError when they are damaged."""
    path = results_file(config)
    if not path.exists():
        return None
    content = read_json(path)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise DataError(
            f"{path} is not of schema {SCHEMA}.", "Delete it and write the report again."
        )
    return {**empty(), **content}


def gather(config: Config, run: RunFolder) -> Results:
    """What the steps of a run noted, its configuration and its evaluation.

    Raises DataError when a record is damaged.
    """
    path = run.evaluation / "results.json"
    found = {step: runs.noted(run, step) for step in STEPS}
    evaluation = read_json(path) if path.exists() else None
    try:
        return {
            **empty(),
            "run": run.name,
            # Made-up data teach nothing about real ones either.
            "tiny": config.is_tiny or config.data.source == TINY,
            "configuration": _configuration(config),
            "evaluation": evaluation,
            "steps": {name: _step(name, noted) for name, noted in found.items() if noted},
        }
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{run.record_file} lacks {error}: another version of this project wrote it, or it is "
            "damaged.",
            "Run that step again.",
        ) from error


def step(results: Results, name: str) -> dict[str, Any] | None:
    """What a step noted; None where it has not run."""
    found: dict[str, Any] | None = results["steps"].get(name)
    return found


def result(results: Results, name: str) -> dict[str, Any] | None:
    """What a step found; None where it has not run."""
    noted = step(results, name)
    return noted["result"] if noted else None


def _configuration(config: Config) -> dict[str, Any]:
    """The settings that a figure depends on."""
    content = config.model_dump(mode="json")
    names = ("task", "model", "tiny", "adapter", "train", "preference", "report")
    kept = {name: content[name] for name in names}
    kept["preference"]["pairs"] = "file" if config.preference.pairs else None
    if config.at(config.model.base).is_dir():  # a folder's place says nothing elsewhere
        kept["model"]["base"] = Path(config.model.base).name
    kept["hub_repo"] = config.export.hub_repo
    return kept


def _step(name: str, noted: dict[str, Any]) -> dict[str, Any]:
    keys = ("at", "seconds", "hardware", "versions", "git")
    return {**{key: noted[key] for key in keys}, "result": _SUMMARIES[name](noted["result"])}


def _data(found: dict[str, Any]) -> dict[str, Any]:
    keys = ("origin", "counts", "records", "duplicates", "leaked", "families", "lengths")
    return {**{key: found[key] for key in keys}, "test_hash": found["test_hash"]}


def _train(found: dict[str, Any]) -> dict[str, Any]:
    main = found["main"]
    stages = [main["sft"], *([main["dpo"]] if main["dpo"] else [])]
    return {
        "stages": [{k: v for k, v in one.items() if k != "adapter"} for one in stages],
        "pairs": main["pairs"],
        "seconds": main["seconds"],
        "processes": main["processes"],
        "rows": main["rows"],
        "others": sorted(found["others"]),
    }


def _export(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "versions": [{k: v for k, v in one.items() if k != "path"} for one in found["versions"]]
    }


def _merge(found: dict[str, Any]) -> dict[str, Any]:
    keys = ("max_logit_difference", "saved_logit_difference", "same_choice", "dtype", "bytes")
    return {key: found[key] for key in keys}


def _bench(found: dict[str, Any]) -> dict[str, Any]:
    keys = ("model", "streams", "requests", "errors", "first_token_p50_ms", "first_token_p95_ms")
    return {key: found[key] for key in (*keys, "requests_per_s", "tokens_per_s")}


def _evaluate(found: dict[str, Any]) -> dict[str, Any]:
    return {"verdict": found["verdict"]}


_SUMMARIES = {
    "data": _data,
    "train": _train,
    "evaluate": _evaluate,
    "merge": _merge,
    "export": _export,
    "bench": _bench,
}
