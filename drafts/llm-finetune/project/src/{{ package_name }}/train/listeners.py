"""What listens to a training: progress bar, tracker, and a stop when the loss is lost."""

import math
from typing import Any

from ..errors import ModelError
from ..progress import Progress
from ..tracking.base import Tracker


def listener(label: str, progress: Progress, tracker: Tracker) -> Any:
    """A `TrainerCallback` that passes steps to `progress` and figures to `tracker`.

    Only the main process reports. Training stops with ModelError when the loss is no number.
    """
    from transformers import TrainerCallback

    class Listener(TrainerCallback):
        """Called by the trainer."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """One optimiser step is done."""
            if state.is_world_process_zero:
                progress(label, state.global_step, state.max_steps)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            """Figures of the last steps."""
            figures = {name: float(value) for name, value in (logs or {}).items()}
            loss = figures.get("loss", figures.get("eval_loss", 0.0))
            if not math.isfinite(loss):
                raise ModelError(
                    f"The loss is {loss} at step {state.global_step}.",
                    "Lower train.learning_rate, or train in bfloat16 instead of float16.",
                )
            if state.is_world_process_zero:
                tracker.log(figures, state.global_step)

    return Listener()
