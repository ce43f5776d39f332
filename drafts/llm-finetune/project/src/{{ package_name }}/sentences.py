"""Results of steps in sentences, for people: what `data` and `train` print."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .data.prepare import Prepared
    from .train.stage import StageResult


def of_data(result: "Prepared") -> list[str]:
    """How many rows went where, what was left out, and what may hurt."""
    counts = ", ".join(f"{count} {part}" for part, count in result.counts.items())
    left_out = {
        "refused": len(result.refused),
        "duplicates": result.duplicates,
        "too long": result.long,
        "leaked": result.leaked,
    }
    dropped = ", ".join(f"{count} {why}" for why, count in left_out.items() if count)
    made_up = " (made up)" if result.made_up else ""
    return [
        f"{result.records} records of {result.origin.name}{made_up}: {counts} rows.",
        *([f"Left out: {dropped}."] if dropped else []),
        f"The test set is frozen: {result.test_hash[:12]}.",
        *(f"Note: {warning}" for warning in result.warnings),
        f"Card: {result.path / 'DATA_CARD.md'}",
    ]


def of_stage(stage: "StageResult") -> list[str]:
    """Steps, losses, speed and memory of one stage of a training."""
    share = stage.trained_parameters / stage.parameters
    ended = ", stopped early" if stage.stopped_early else ""
    resumed = f", resumed at step {stage.resumed_at}" if stage.resumed_at else ""
    validation = (
        f", validation {stage.validation_loss:.3f}" if stage.validation_loss is not None else ""
    )
    memory = (
        f", at most {stage.peak_memory_bytes / 2**30:.1f} GiB" if stage.peak_memory_bytes else ""
    )
    return [
        f"{stage.name}: {stage.steps} steps ({stage.epochs:.1f} epochs{ended}{resumed}) in "
        f"{stage.seconds:.0f} s, {stage.tokens_per_second:.0f} tokens/s{memory}.",
        f"Loss {stage.loss:.3f}{validation}; {stage.trained_parameters:,} of "
        f"{stage.parameters:,} parameters trained ({share:.2%}).",
    ]
