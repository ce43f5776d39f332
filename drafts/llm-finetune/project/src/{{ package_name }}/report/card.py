"""The model card in the Hub's format: metadata between `---` lines, then blocks.

Keys of the metadata that are not written here (`license`, `language`, ...) are the owner's and
stay; so does the text outside of the blocks.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from .. import NAME
from ..config import HUB_ID
from ..errors import DataError
from . import readme
from .cost import cost
from .markdown import NOT_MEASURED, escape, interval, paragraphs, percent, stamp, table
from .outcome import TINY, label, metric, outcome
from .results import Results, result, step

FRONT = re.compile(r"\A---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*\r?\n", re.DOTALL | re.MULTILINE)
OWN = (
    *("library_name", "pipeline_tag", "base_model", "base_model_relation", "datasets", "tags"),
    "model-index",
)
"""Keys that `report` writes or deletes."""


def blocks(results: Results) -> dict[str, str]:
    """Content of each block of MODEL_CARD.md."""
    return {
        "card-outcome": outcome(results),
        "card-usage": usage(results),
        "card-configuration": readme.configuration(results),
        "card-results": readme.comparison(results),
        "card-slices": slices(results),
        "card-data": readme.data(results),
        "card-cost": cost(results),
    }


def slices(results: Results) -> str:
    """Every slice of the test set."""
    evaluation = results["evaluation"]
    if not evaluation or not evaluation["slices"]:
        return NOT_MEASURED
    rows = [readme.slice_row(one) for one in evaluation["slices"]]
    note = "A slice's verdict stands on its p after Holm's correction for looking at all of them."
    return paragraphs(table(readme.SLICE_HEAD, rows), note, stamp(step(results, "evaluate")))


def usage(results: Results) -> str:
    """How to load what was pushed."""
    settings = results["configuration"]
    if settings is None:
        return NOT_MEASURED
    if results["tiny"]:
        return f"{TINY} There is nothing to load."
    repo = settings["hub_repo"] or "owner/name"
    if _is_merged(results):
        return (
            "```python\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            f'tokenizer = AutoTokenizer.from_pretrained("{repo}")\n'
            f'model = AutoModelForCausalLM.from_pretrained("{repo}")\n```'
        )
    return (
        "```python\nfrom peft import AutoPeftModelForCausalLM\n"
        "from transformers import AutoTokenizer\n\n"
        f'tokenizer = AutoTokenizer.from_pretrained("{repo}")  # holds the trained chat template\n'
        f'model = AutoPeftModelForCausalLM.from_pretrained("{repo}")\n```'
    )


def with_metadata(path: Path, text: str, results: Results) -> str:
    """`text` with the Hub's metadata of these results; `path` only names it in errors.

    Raises DataError when what stands between the `---` lines is no YAML of keys and values.
    """
    found = FRONT.match(text)
    try:
        old = yaml.safe_load(found["yaml"]) if found else None
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise DataError(
            f"The metadata of {path.name} is not valid YAML: {told}.", "Correct it there."
        ) from None
    if old is not None and not isinstance(old, dict):
        raise DataError(f"The metadata of {path.name} has no keys.", "Write it as key: value.")
    kept = {key: value for key, value in (old or {}).items() if key not in OWN}
    content = yaml.safe_dump({**kept, **metadata(results)}, sort_keys=False, allow_unicode=True)
    newline = "\r\n" if "\r\n" in text else "\n"
    front = f"---\n{content}---\n".replace("\n", newline)
    return front + (text[found.end() :] if found else newline + text)


def metadata(results: Results) -> dict[str, Any]:
    """What the Hub reads: base model, datasets, tags, and the figures as a model index."""
    settings = results["configuration"]
    content: dict[str, Any] = {
        "library_name": "transformers" if _is_merged(results) else "peft",
        "pipeline_tag": "text-generation",
    }
    if settings is None:
        return content
    base, origin = settings["model"]["base"], (result(results, "data") or {}).get("origin", {})
    if HUB_ID.fullmatch(base):
        content["base_model"] = base
        content["base_model_relation"] = "finetune" if _is_merged(results) else "adapter"
    if origin.get("kind") == "hub":
        content["datasets"] = [origin["name"]]
    tags = [settings["adapter"]["method"], "sft", settings["task"].replace("_", "-")]
    trained = result(results, "train")
    if trained and len(trained["stages"]) > 1:
        tags.append("dpo")
    content["tags"] = [*tags, "trl", *(["tiny-demo"] if results["tiny"] else [])]
    if results["evaluation"]:
        content["model-index"] = [_index(results, origin)]
    return content


def _is_merged(results: Results) -> bool:
    """The merged model is what is pushed where there is one."""
    return result(results, "merge") is not None


def _index(results: Results, origin: dict[str, Any]) -> dict[str, Any]:
    """Figures of the last system and, beside them, of the base."""
    evaluation, settings = results["evaluation"], results["configuration"]
    last = (evaluation["headline"] or ["base", "base"])[1]
    metrics = []
    for one in evaluation["systems"]:
        if one["name"] in (last, "base"):
            metrics += [_metric(evaluation, one, name, results["tiny"]) for name in one["scores"]]
    metrics.sort(key=lambda found: not str(found["name"]).endswith(f"({label(last)})"))
    name = str(origin.get("name", "own data"))
    dataset = {"name": name, "type": name if origin.get("kind") == "hub" else "private"}
    if origin.get("revision"):
        dataset["revision"] = str(origin["revision"])
    return {
        "name": (settings["hub_repo"] or NAME).split("/")[-1],
        "results": [
            {
                "task": {"type": "text-generation", "name": settings["task"].replace("_", " ")},
                "dataset": {**dataset, "split": "test"},
                "metrics": metrics,
            }
        ],
    }


def _metric(
    evaluation: dict[str, Any], one: dict[str, Any], name: str, tiny: bool
) -> dict[str, Any]:
    said = metric(name)
    if name == evaluation["primary"]:
        bounds = evaluation["intervals"][one["name"]]
        level = f"{100 * evaluation['level']:g} %"
        said += f", {level} interval {interval(bounds['low'], bounds['high'], percent)}"
    if tiny:
        said += ", tiny demo model"
    return {
        "type": name,
        "value": round(one["scores"][name], 4),
        "name": escape(f"{said} ({label(one['name'])})"),
        "verified": False,
    }
