"""The days on which contenders are compared: the newest ones, unseen by every one of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from .. import CLI
from ..config import Settings
from ..errors import NotReadyError
from ..models.bundle import Bundle
from ..training.evaluate import Evaluator
from ..training.resample import CONFIDENCE
from ..training.samples import Samples, read_training
from ..training.splits import MIN_HOLDOUT_DAYS


@dataclass(frozen=True)
class Holdout:
    """The compared hours, and the evaluator whose bootstrap draws all contenders share."""

    samples: Samples
    evaluator: Evaluator
    note: str
    """Says so when the span was shortened because a contender was trained on its beginning."""


def unseen(settings: Settings, bundles: Iterable[Bundle]) -> Holdout:
    """The last `holdout_days` of the warehouse, less what any of `bundles` was trained on.

    Raises NotReadyError when the warehouse is missing or too few unseen days are left.
    """
    samples, _ = read_training(settings)
    last = samples.days[-1]
    first = last - (settings.train.holdout_days - 1)
    latest = max(bundles, key=trained_until)
    seen = np.datetime64(trained_until(latest))
    note = ""
    if seen >= first:
        label = f"{latest.info['name']} (version {latest.info['version']})"
        note = f"Only days after {seen} are compared: {label} was trained on those up to it."
        first = seen + 1
    kept = samples.between(first, last)
    if len(kept.days) < MIN_HOLDOUT_DAYS:
        raise NotReadyError(
            f"Only {len(kept.days)} labelled days are unseen by every model, "
            f"and {MIN_HOLDOUT_DAYS} are needed. {note}".strip(),
            f"Collect newer days, then run: {CLI} features, {CLI} promote.",
        )
    train = settings.train
    evaluator = Evaluator(
        samples=kept,
        threshold=float(latest.info["alert_threshold"]),
        level=CONFIDENCE,
        block_days=train.block_days,
        draws=train.bootstrap_samples,
        seed=train.seed,
    )
    return Holdout(kept, evaluator, note)


def trained_until(bundle: Bundle) -> date:
    """Last issue day of a bundle's training rows."""
    return datetime.fromisoformat(str(bundle.info["trained_on"]["end"])).date()
