"""MLflow: a local SQLite database, or the server that MLFLOW_TRACKING_URI names."""

import os
from collections.abc import Mapping
from typing import Any

from ..config import Config
from .installed import require


class MlflowTracker:
    """One run in an MLflow experiment named after `tracking.project`.

    The client is used instead of `mlflow.start_run`, so that no global state is left behind.
    """

    def __init__(self, config: Config) -> None:
        require("mlflow")
        folder = config.at(config.data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        self._local = f"sqlite:///{(folder / 'mlflow.db').resolve()}"
        self._artifacts = (folder / "mlartifacts").resolve().as_uri()
        self._project = config.tracking.project
        self._run = ""

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        """Begin a run; the experiment is made when it is not there."""
        from mlflow import MlflowClient
        from mlflow.entities import Param

        uri = os.environ.get("MLFLOW_TRACKING_URI")
        self._client = MlflowClient(tracking_uri=uri or self._local)
        known = self._client.get_experiment_by_name(self._project)
        experiment = (
            known.experiment_id
            if known
            else self._client.create_experiment(
                self._project, artifact_location=None if uri else self._artifacts
            )
        )
        self._run = self._client.create_run(experiment, run_name=run).info.run_id
        params = [Param(name, str(value)[:500]) for name, value in settings.items()]
        self._client.log_batch(self._run, params=params[:100])
        self._client.log_batch(self._run, params=params[100:200])

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """All figures of a step in one write."""
        import time

        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value in figures.items()]
        self._client.log_batch(self._run, metrics=metrics)

    def finish(self, figures: Mapping[str, float], *, failed: bool = False) -> None:
        """Log the final figures under `final/` and end the run."""
        for name, value in figures.items():
            self._client.log_metric(self._run, f"final/{name}", value)
        self._client.set_terminated(self._run, "FAILED" if failed else "FINISHED")
