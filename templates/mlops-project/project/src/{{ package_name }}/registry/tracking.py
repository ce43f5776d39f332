"""Experiment tracking and model registry: the only module that imports MLflow.

No server is needed: MLflow writes to `mlflow.db` (SQLite) and `mlartifacts/`. To look at it:
`mlflow ui --backend-store-uri sqlite:///data/mlflow.db`.

MLflow's own model flavours are not used. They pickle, and they infer requirements for seconds; a
version of the registry here points to a bundle (`bundle.py`) among the run's artifacts.
"""

import importlib.metadata
import logging
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import runs
from ..clock import Clock
from ..config import Settings
from ..errors import RegistryError
from ..models.bundle import Candidate
from ..usecase import active

BUNDLE = "bundle"
LIBRARIES = ("numpy", "duckdb", "polars", "lightgbm", "scikit-learn", "onnxruntime", "onnxmltools")


@dataclass(frozen=True)
class Run:
    """A finished run of the tracker."""

    run_id: str
    artifact_uri: str


def log_run(
    settings: Settings,
    clock: Clock,
    name: str,
    *,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    curves: Mapping[str, Sequence[float]] | None = None,
    folders: Mapping[str, Path] | None = None,
    parent: str | None = None,
) -> Run:
    """Store one finished run.

    `curves` are metrics with a value a step (training rounds); `folders` maps a place among the
    artifacts to a local folder that is copied there; `parent` is the run that this one belongs to.
    """
    from mlflow.entities import Metric, Param, RunTag

    client = _client(settings)
    started = _milliseconds(clock)
    labels = {**tags, **({"mlflow.parentRunId": parent} if parent else {})}
    run = client.create_run(_experiment(settings), start_time=started, run_name=name, tags=labels)
    run_id = run.info.run_id
    points = [Metric(key, value, started, 0) for key, value in metrics.items()]
    for key, values in (curves or {}).items():
        points += [Metric(key, value, started, step) for step, value in enumerate(values, start=1)]
    client.log_batch(
        run_id,
        metrics=points[:1000],
        params=[Param(key, str(value)) for key, value in params.items()],
        tags=[RunTag(key, value) for key, value in environment(settings).items()],
    )
    for place, folder in (folders or {}).items():
        client.log_artifacts(run_id, str(folder), place)
    client.set_terminated(run_id, end_time=_milliseconds(clock))
    return Run(run_id, run.info.artifact_uri)


def _milliseconds(clock: Clock) -> int:
    """MLflow's form of "now"."""
    return int(clock.now().timestamp() * 1000)


def libraries() -> dict[str, str]:
    """Version of each library that a model depends on."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def environment(settings: Settings) -> dict[str, str]:
    """What a result depends on besides code and data: for the run's tags."""
    commit, dirty = runs.git_state(settings.root)
    return {
        "git_commit": commit or "no git",
        "git_dirty": str(dirty).lower(),
        "python": platform.python_version(),
        "system": platform.platform(),
        **{f"library.{name}": version for name, version in libraries().items()},
    }


def create_version(
    settings: Settings, candidate: Candidate, tags: Mapping[str, str] | None = None
) -> str:
    """Register a candidate's bundle as a new version; returns the version's number as text."""
    from mlflow.exceptions import MlflowException

    client = _client(settings)
    name = active().name
    try:
        client.create_registered_model(name, description=active().title)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise RegistryError(f"MLflow's registry refused {name}: {error.message}") from error
    made = client.create_model_version(
        name,
        source=f"{candidate.artifact_uri}/{BUNDLE}",
        run_id=candidate.run_id,
        tags={"model": candidate.name, "kind": candidate.kind, **(tags or {})},
    )
    return str(made.version)


def tag_version(settings: Settings, version: str, tags: Mapping[str, str]) -> None:
    """Set tags of a version."""
    client = _client(settings)
    for key, value in tags.items():
        client.set_model_version_tag(active().name, version, key, value)


def set_alias(settings: Settings, alias: str, version: str) -> None:
    """Let `alias` point to that version, and to no other."""
    _client(settings).set_registered_model_alias(active().name, alias, version)


def get_alias(settings: Settings, alias: str) -> str | None:
    """Version that `alias` points to; None where there is no such alias, model or database."""
    if not settings.mlflow_db.is_file():
        return None
    for model in _client(settings).search_registered_models():
        if model.name == active().name:
            version = model.aliases.get(alias)
            return None if version is None else str(version)
    return None


def delete_alias(settings: Settings, alias: str) -> None:
    """Remove an alias; nothing happens where there is none."""
    if get_alias(settings, alias) is not None:
        _client(settings).delete_registered_model_alias(active().name, alias)


def list_versions(settings: Settings) -> list[dict[str, Any]]:
    """All versions, oldest first: version, run_id, source, aliases, tags."""
    if not settings.mlflow_db.is_file():
        return []
    found = _client(settings).search_model_versions(f"name='{active().name}'")
    rows = [
        {
            "version": str(version.version),
            "run_id": version.run_id,
            "source": version.source,
            "aliases": sorted(version.aliases),
            "tags": dict(version.tags),
        }
        for version in found
    ]
    return sorted(rows, key=lambda row: int(row["version"]))


def _client(settings: Settings) -> Any:
    """MLflow's client on the project's own database. Raises RegistryError when that is damaged."""
    settings.mlflow_db.parent.mkdir(parents=True, exist_ok=True)
    if settings.mlflow_db.is_file() and not _is_sqlite(settings.mlflow_db):
        raise RegistryError(
            f"{settings.mlflow_db} is not an SQLite database: it is damaged.",
            f"Restore it, or delete it together with {settings.models_dir} and train again.",
        )
    # Set before the import: MLflow reads both as it is imported.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    import mlflow

    for noisy in ("alembic", "mlflow"):  # the first use of a database logs each migration
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It logs the traceback of what it raises anyway, and the CLI tells that in a sentence.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    uri = f"sqlite:///{settings.mlflow_db.resolve().as_posix()}"
    return mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


def _experiment(settings: Settings) -> str:
    """Id of the use case's experiment, made at first use."""
    client = _client(settings)
    name = active().name
    known = client.get_experiment_by_name(name)
    if known is not None:
        return str(known.experiment_id)
    artifacts = settings.artifacts_dir.resolve().as_uri()
    return str(client.create_experiment(name, artifact_location=artifacts))


def _is_sqlite(path: Path) -> bool:
    """Whether the file is empty (SQLite makes it so) or begins as SQLite's format says."""
    with path.open("rb") as handle:
        return handle.read(16) in {b"", b"SQLite format 3\0"}
