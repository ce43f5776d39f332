"""Checks of a saved adapter: its base, its layers, its chat template, its reference for DPO."""

import json
from pathlib import Path
from typing import Any

from .finding import Finding, failed, passed

MARGIN = 0.05
"""The largest reward margin before the first update that still counts as about 0."""


def template(base: Any, saved: Any) -> Finding:
    """The template saved with the adapter must be the one that was trained with."""
    name = "saved chat template"
    if not saved.chat_template:
        return failed(
            name,
            "none was saved beside the adapter, so whoever serves it must guess",
            "Save the tokenizer into the adapter's folder: train again.",
        )
    if saved.chat_template != base.chat_template:
        return failed(
            name,
            "it differs from the base model's, with which the adapter was trained",
            "Copy the template back, or train again with the new one.",
        )
    return passed(name, "the one that was trained with")


def base_path(adapter: Path) -> Finding:
    """The base model must be named by an id or an absolute folder."""
    name = "base of the adapter"
    content = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    base = content.get("base_model_name_or_path") or ""
    looks_relative = base.startswith(".") or base.count("/") != 1
    if not base or (looks_relative and not Path(base).is_absolute()):
        return failed(
            name,
            f"adapter_config.json names its base model {base!r}, which means another folder on "
            "another machine",
            "Write the Hub's id or an absolute folder there, or train again.",
        )
    return passed(name, base)


def targets(model: Any) -> Finding:
    """Every linear layer that was to be trained has an adapter with weights that moved."""
    import torch

    name = "target modules"
    moved = untouched = 0
    for key, parameter in model.named_parameters():
        if "lora_B" in key:
            if torch.count_nonzero(parameter):
                moved += 1
            else:
                untouched += 1
    if not moved:
        return failed(
            name,
            "no adapter weight has moved from zero: the adapter changes nothing",
            "Look at adapter.targets and train.learning_rate.",
        )
    still = f", and {untouched} that did not move" if untouched else ""
    return passed(name, f"{moved} layers whose adapter moved from zero{still}")


def finite(model: Any) -> Finding:
    """No adapter weight may be infinite or no number."""
    import torch

    name = "finite weights"
    for key, parameter in model.named_parameters():
        if "lora_" in key and not bool(torch.isfinite(parameter).all()):
            return failed(
                name, f"{key} is not finite", "Lower train.learning_rate and train again."
            )
    return passed(name, "every adapter weight is a number")


def first_margin(margin: float | None) -> Finding | None:
    """DPO's reward margin before the first update; None where there was no second stage."""
    name = "reward margin at step 0"
    if margin is None:
        return None
    if abs(margin) > MARGIN:
        return failed(
            name,
            f"it is {margin:.3f} and should be about 0: the reference is not the model that DPO "
            "began with",
            "Start DPO from the tuned adapter itself, with a frozen copy of it as the reference.",
        )
    return passed(name, f"{margin:.4f}, so the reference is the model that DPO began with")
