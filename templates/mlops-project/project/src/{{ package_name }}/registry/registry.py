"""Which model versions there are, and which one serves.

MLflow's registry holds versions, tags and the aliases `challenger`, `baseline` and `champion`, for
people. The service must not need MLflow: it reads `champion.json` and the bundle that it names.
Of the two, **the pointer is the truth**; the alias `champion` follows it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import CLI
from ..clock import Clock
from ..config import Settings
from ..errors import DataError, RegistryError
from ..files import exclusive, read_json, sha256_file, write_json_atomic
from ..models.bundle import INFO, Bundle, Candidate, copy_bundle, load_bundle
from . import tracking

SCHEMA = 1
CHAMPION, CHALLENGER, BASELINE = "champion", "challenger", "baseline"
BATCH = "trained_with"
"""Tag that the versions of one training share."""


@dataclass(frozen=True)
class ChampionPointer:
    """The content of `champion.json`; `folder` is absolute."""

    version: str
    folder: Path
    bundle_sha256: str
    promoted_at: str
    is_baseline: bool


@dataclass(frozen=True)
class Version:
    """One exported model version."""

    version: str
    name: str
    is_baseline: bool
    created_at: str


@dataclass(frozen=True)
class Registered:
    """The versions that a training run added; `baseline` is the best over its folds."""

    challenger: str
    baseline: str
    baselines: tuple[str, ...]


def locked(settings: Settings) -> AbstractContextManager[None]:
    """The lock that everything which changes the registry holds."""
    return exclusive(settings.models_dir / ".registry.lock", "promote")


def version_folder(settings: Settings, version: str) -> Path:
    """Where the bundle of a version lies."""
    return settings.models_dir / "versions" / version


def register_candidates(
    settings: Settings, clock: Clock, candidates: Sequence[Candidate]
) -> Registered:
    """Register the first learned model and all baselines of `candidates` (the best ones first).

    Each becomes a version of MLflow's registry and a bundle in `models/versions/<version>`; the
    aliases move last, so that a run cut short leaves the former candidates in place. Raises
    RegistryError when one of the two kinds is missing or a version is already taken.
    """
    learned = [candidate for candidate in candidates if not candidate.is_baseline]
    baselines = [candidate for candidate in candidates if candidate.is_baseline]
    if not learned or not baselines:
        raise RegistryError("A learned model and a baseline are needed to register.")
    with locked(settings):
        tags = {BATCH: learned[0].run_id, "registered_at": _stamp(clock)}
        simple = tuple(_add(settings, one, {**tags, "role": BASELINE}) for one in baselines)
        challenger = _add(settings, learned[0], {**tags, "role": CHALLENGER})
        tracking.set_alias(settings, BASELINE, simple[0])
        tracking.set_alias(settings, CHALLENGER, challenger)
    return Registered(challenger, simple[0], simple)


def _add(settings: Settings, candidate: Candidate, tags: dict[str, str]) -> str:
    version = tracking.create_version(settings, candidate, tags)
    folder = version_folder(settings, version)
    if folder.exists():
        raise RegistryError(
            f"{folder} exists, although MLflow's registry has only now made that version.",
            f"{settings.mlflow_db.name} was deleted: delete {settings.models_dir} as well.",
        )
    copy_bundle(candidate.folder, folder, version=version)
    return version


def baselines(settings: Settings) -> tuple[str, ...]:
    """All baselines of the newest training; empty before it."""
    alias = tracking.get_alias(settings, BASELINE)
    rows = {row["version"]: row["tags"] for row in tracking.list_versions(settings)}
    if alias not in rows:
        return ()
    batch = rows[alias].get(BATCH)
    return tuple(
        version
        for version, tags in rows.items()
        if tags.get("role") == BASELINE and tags.get(BATCH) == batch
    )


def versions(settings: Settings) -> list[Version]:
    """All exported versions, oldest first. Raises DataError when a bundle is damaged."""
    found = []
    for path in (settings.models_dir / "versions").glob(f"*/{INFO}"):
        if path.parent.name.isdigit():  # a folder that begins with a dot is still being written
            info = read_json(path)
            found.append(
                Version(
                    version=path.parent.name,
                    name=str(info["name"]),
                    is_baseline=is_baseline(info),
                    created_at=str(info["created_at"]),
                )
            )
    return sorted(found, key=lambda version: int(version.version))


def is_baseline(info: dict[str, Any]) -> bool:
    """Whether a bundle holds a baseline rather than a learned model."""
    return info["kind"] in {"persistence", "climatology"}


def load(settings: Settings, version: str) -> Bundle:
    """The verified bundle of a version. Raises RegistryError when it is missing, else DataError."""
    folder = version_folder(settings, version)
    if not version.isdigit() or not folder.is_dir():
        known = ", ".join(version.version for version in versions(settings)) or "none"
        raise RegistryError(f"There is no model version {version}.", f"Known versions: {known}.")
    return load_bundle(folder)


def champion(settings: Settings) -> ChampionPointer | None:
    """Who serves; None before the first promotion. Raises DataError when the pointer is damaged."""
    path = settings.champion_pointer
    if not path.exists():
        return None
    try:
        content = read_json(path)
        return ChampionPointer(
            version=str(content["version"]),
            folder=settings.models_dir / content["folder"],
            bundle_sha256=str(content["bundle_sha256"]),
            promoted_at=str(content["promoted_at"]),
            is_baseline=bool(content["is_baseline"]),
        )
    except (DataError, KeyError, TypeError):
        raise DataError(
            f"{path} is damaged.",
            f"Name the version that shall serve: {CLI} rollback --to VERSION.",
        ) from None


def point_to(settings: Settings, clock: Clock, bundle: Bundle) -> ChampionPointer:
    """Make a verified bundle the champion: the pointer in one step, then MLflow's alias.

    Raises RegistryError when MLflow's registry does not hold the version.
    """
    version = str(bundle.info["version"])
    if version not in {row["version"] for row in tracking.list_versions(settings)}:
        raise RegistryError(
            f"MLflow's registry does not hold version {version}.",
            f"Bring {settings.mlflow_db} back, or delete {settings.models_dir} and train again.",
        )
    pointer = ChampionPointer(
        version=version,
        folder=bundle.folder,
        bundle_sha256=sha256_file(bundle.folder / INFO),
        promoted_at=_stamp(clock),
        is_baseline=is_baseline(bundle.info),
    )
    content = {
        "schema": SCHEMA,
        "version": version,
        "folder": bundle.folder.relative_to(settings.models_dir).as_posix(),
        "bundle_sha256": pointer.bundle_sha256,
        "promoted_at": pointer.promoted_at,
        "is_baseline": pointer.is_baseline,
    }
    write_json_atomic(settings.champion_pointer, content)
    tracking.set_alias(settings, CHAMPION, version)
    return pointer


def heal(settings: Settings) -> str:
    """Make MLflow's alias follow the pointer again after a crash between the two.

    Returns a sentence on what was done, "" where both agreed.
    """
    pointer = champion(settings)
    alias = tracking.get_alias(settings, CHAMPION)
    if pointer is None or alias == pointer.version:
        return ""
    tracking.set_alias(settings, CHAMPION, pointer.version)
    was = f"version {alias}" if alias else "no version"
    return (
        f"MLflow's alias champion named {was} while version {pointer.version} serves "
        "(an earlier run was cut short): the alias follows again."
    )


def _stamp(clock: Clock) -> str:
    return clock.now().isoformat(timespec="seconds")
