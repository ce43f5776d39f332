"""Which model answers: the champion, reloaded when `champion.json` names another one.

A new champion is read, verified and warmed up beside the old one; then one reference changes, so
every request is answered by one whole model. A pointer or a bundle that is damaged changes nothing:
the old champion goes on, and `problem` says why.
"""

import gc
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec import Struct

from .. import CLI
from ..errors import DataError, ProjectError
from ..files import read_json, sha256_file
from ..models.bundle import INFO, Bundle, load_bundle
from ..provenance import Origin
from ..usecase import UseCase

logger = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


class Predicted(Struct, frozen=True, gc=False):
    """Predictions of n rows in the target's unit with their interval, each (n,)."""

    prediction: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    lead_hours: np.ndarray


class Champion:
    """A verified bundle with what the service asks of it."""

    def __init__(
        self, bundle: Bundle, version: str, lead_column: int, *, is_baseline: bool
    ) -> None:
        self.bundle = bundle
        self.version = version
        self.is_baseline = is_baseline
        self.kind = str(bundle.info["kind"])
        self.source = str(bundle.info["source"])
        self.origins = [Origin(**one) for one in bundle.info.get("origins", [])]
        self.level = float(bundle.info["intervals"]["level"])
        self.threshold = float(bundle.info["alert_threshold"])
        self._lead_column = lead_column

    def predict(self, features: np.ndarray) -> Predicted:
        """Features (n, f) in the bundle's order to predictions (n,) with bounds."""
        prediction = self.bundle.predict(features)
        leads = features[:, self._lead_column]
        lower, upper = self.bundle.interval(prediction, leads)
        return Predicted(prediction, lower, upper, leads)


class ChampionSlot:
    """Holds the champion in use. `refresh` is called by one thread, `current` read by any."""

    def __init__(self, models_dir: Path, pointer: Path, use_case: UseCase) -> None:
        self.current: Champion | None = None
        self.problem: ProjectError | None = ProjectError(
            "No model has been promoted yet.", f"Run `{CLI} promote`."
        )
        self.loads = 0
        self.failures = 0
        self._models_dir = models_dir
        self._pointer = pointer
        self._use_case = use_case
        self._seen: Stamp | None = None

    def refresh(self) -> bool:
        """Load what the pointer names if it has changed; True where the champion changed.

        A pointer that failed is tried again each time: its bundle may still be on its way.
        """
        stamp = stamp_of(self._pointer)
        if stamp is None or (stamp == self._seen and self.problem is None):
            return False
        try:
            champion = self._load()
        except (ProjectError, OSError, ValueError, KeyError, TypeError) as error:
            self._refuse(error, first=stamp != self._seen)
            self._seen = stamp
            return False
        self._seen = stamp
        self.current, self.problem = champion, None
        self.loads += 1
        # The model and the modules stay: taking them out of the collector's sight keeps its pauses
        # short (99th percentile of the answer time); and a request leaves little behind.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)
        logger.info("champion %s (%s) is in use", champion.version, champion.kind)
        return True

    def _load(self) -> Champion:
        try:
            pointer = read_json(self._pointer)
        except DataError as error:
            raise ProjectError(error.message, _AGAIN) from None
        folder = (self._models_dir / pointer["folder"]).resolve()
        if not folder.is_relative_to(self._models_dir.resolve()):
            raise ProjectError("champion.json names a folder outside the models.", _AGAIN)
        if not (folder / INFO).is_file():
            raise ProjectError(f"Version {pointer['version']} is not among the models.", _AGAIN)
        if sha256_file(folder / INFO) != pointer["bundle_sha256"]:
            raise ProjectError(
                f"The bundle of version {pointer['version']} is not the one that was promoted "
                "(its hash differs).",
                _AGAIN,
            )
        bundle = load_bundle(folder, verify=True)
        if bundle.info.get("use_case", self._use_case.name) != self._use_case.name:
            raise ProjectError("The model was trained for another use case.", _RETRAIN)
        if bundle.columns != self._use_case.columns:
            raise ProjectError("The model was trained on other features.", _RETRAIN)
        lead_column = bundle.columns.index(self._use_case.hour_column)
        champion = Champion(
            bundle,
            str(pointer["version"]),
            lead_column,
            is_baseline=bool(pointer.get("is_baseline", False)),
        )
        self._warm_up(champion)
        return champion

    def _warm_up(self, champion: Champion) -> None:
        """Predict once for one row and for many; a model that gives no number is refused."""
        low = np.array([feature.low for feature in self._use_case.features])
        high = np.array([feature.high for feature in self._use_case.features])
        for rows in (1, 100):
            result = champion.predict(np.tile(np.trunc((low + high) / 2), (rows, 1)))
            if not np.isfinite([result.prediction, result.lower, result.upper]).all():
                raise ProjectError("The model does not give finite numbers.", _RETRAIN)

    def _refuse(self, error: Exception, *, first: bool) -> None:
        if not isinstance(error, ProjectError):
            error = ProjectError(f"champion.json is damaged: {error!r}.", _AGAIN)
        self.problem = error
        if first:
            self.failures += 1
            kept = (
                f"version {self.current.version} goes on" if self.current else "there is no other"
            )
            logger.error("the new champion was refused (%s); %s", error.message, kept)


_AGAIN = f"Run `{CLI} promote` (or `{CLI} rollback`) again."
_RETRAIN = f"Run `{CLI} train` and `{CLI} promote`."


class Watcher:
    """A thread that calls `look` every `interval_s` until it is stopped."""

    def __init__(self, look: Callable[[], None], interval_s: float = 1.0) -> None:
        self._look = look
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="champion-watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more, once the look that is under way has ended."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._interval_s):
            try:
                self._look()
            except Exception:  # a thread that dies unseen would never load a champion again
                logger.exception("looking for a new champion failed")


def stamp_of(path: Path) -> Stamp | None:
    """Changes whenever the file is replaced or rewritten; None while there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
