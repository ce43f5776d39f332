"""The folder of a run: one place for its data, adapters and evidence.

    data/runs/<run>/
      config.yaml    the configuration it was made with
      run.json       what each step did: when, how long, on what hardware, with which versions
      data/          frozen splits and their card
      checkpoints/   to resume from
      adapter/       after supervised fine-tuning; adapter-dpo/ after DPO
      merged/  evaluation/  report/
      seeds/<n>/     the same with another seed; control/ the same with shuffled answers

`RunFolder` names these paths; the functions below find runs and keep their records.
"""

import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

from . import CLI
from .clock import Clock
from .config import Config
from .errors import NotReadyError
from .files import read_json, write_json_atomic, write_text_atomic
from .loading import to_yaml

SCHEMA = 1
LIBRARIES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "bitsandbytes")


@dataclass(frozen=True)
class RunFolder:
    """The paths of a run; none of them need exist yet."""

    path: Path

    @property
    def name(self) -> str:
        """What `--run` calls it."""
        return self.path.name

    @property
    def config_file(self) -> Path:
        """The configuration that it was made with."""
        return self.path / "config.yaml"

    @property
    def record_file(self) -> Path:
        """What each step did."""
        return self.path / "run.json"

    @property
    def data(self) -> Path:
        """Frozen splits and their card."""
        return self.path / "data"

    @property
    def checkpoints(self) -> Path:
        """What a killed training resumes from."""
        return self.path / "checkpoints"

    @property
    def adapter(self) -> Path:
        """The adapter of supervised fine-tuning."""
        return self.path / "adapter"

    @property
    def adapter_dpo(self) -> Path:
        """The adapter after DPO."""
        return self.path / "adapter-dpo"

    @property
    def best_adapter(self) -> Path:
        """The adapter of the last stage that was run."""
        return self.adapter_dpo if self.adapter_dpo.is_dir() else self.adapter

    @property
    def merged(self) -> Path:
        """Base and adapter as one model."""
        return self.path / "merged"

    @property
    def exports(self) -> Path:
        """Quantised and GGUF versions."""
        return self.path / "exports"

    @property
    def evaluation(self) -> Path:
        """Outputs, scores and comparisons on the frozen test set."""
        return self.path / "evaluation"

    @property
    def report(self) -> Path:
        """HTML report and model card."""
        return self.path / "report"

    def replica(self, seed: int) -> "RunFolder":
        """The same training with another seed."""
        return RunFolder(self.path / "seeds" / str(seed))

    @property
    def replicas(self) -> dict[int, "RunFolder"]:
        """Trained replicas by seed."""
        found = (self.path / "seeds").glob("*/adapter")
        seeds = sorted(int(path.parent.name) for path in found)
        return {seed: self.replica(seed) for seed in seeds}

    @property
    def control(self) -> "RunFolder":
        """The same training on shuffled answers."""
        return RunFolder(self.path / "control")

    def require(self, path: Path, step: str) -> Path:
        """`path`, if `step` has made it. Raises NotReadyError that names the step."""
        if not path.exists():
            raise NotReadyError(
                f"Run {self.name} has no {path.relative_to(self.path)} yet.",
                f"First: {CLI} {step} --run {self.name}",
            )
        return path


def folder_of(config: Config) -> RunFolder:
    """The folder of the run that the configuration names."""
    return RunFolder(config.runs_dir / config.run)


def existing(config: Config) -> list[RunFolder]:
    """Every run that has been begun, the last touched first."""
    found = config.runs_dir.glob("*/run.json")
    newest = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    return [RunFolder(path.parent) for path in newest]


def chosen(config: Config, name: str | None) -> RunFolder:
    """The run of that name, or the last touched one. Raises NotReadyError when there is none."""
    runs = existing(config)
    if name is None and runs:
        return runs[0]
    for run in runs:
        if run.name == name:
            return run
    known = ", ".join(run.name for run in runs)
    raise NotReadyError(
        f"There is no run {name}." if name else "There is no run yet.",
        f"There are: {known}." if known else f"First: {CLI} train --recipe smoke",
    )


def begin(config: Config) -> RunFolder:
    """Make the run's folder and keep the configuration in it."""
    run = folder_of(config)
    write_text_atomic(run.config_file, to_yaml(config))
    return run


def record(run: RunFolder, step: str, clock: Clock, payload: Any, *, seconds: float) -> None:
    """Note in run.json what a step (data, train, evaluate, ...) did; the last one of a name stays.

    `payload` is a dataclass or a JSON-ready mapping.
    """
    content = records(run)
    fields = asdict(payload) if is_dataclass(payload) and not isinstance(payload, type) else payload
    content["steps"][step] = {
        "at": clock.now().isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "hardware": hardware(),
        "versions": versions(),
        "git": git_state(run.path),
        "result": fields,
    }
    write_json_atomic(run.record_file, content)


def records(run: RunFolder) -> dict[str, Any]:
    """run.json: `schema`, `run` and, in `steps`, what each step noted; empty before the first."""
    if not run.record_file.exists():
        return {"schema": SCHEMA, "run": run.name, "steps": {}}
    return dict(read_json(run.record_file))


def noted(run: RunFolder, step: str) -> dict[str, Any] | None:
    """What that step noted last, or None where it has not run."""
    found: dict[str, Any] | None = records(run)["steps"].get(step)
    return found


def hardware() -> dict[str, Any]:
    """What figures were measured on: processor, cores, GPU if torch sees one, system, Python."""
    return {
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "gpu": _gpu(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _gpu() -> str | None:
    """The GPUs' name and number; only asked where torch is in use already: its import is slow."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    count = torch.cuda.device_count()
    return f"{count} x {torch.cuda.get_device_name(0)}"


def versions() -> Mapping[str, str]:
    """Versions of the libraries that results depend on, of those that are installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_state(folder: Path) -> dict[str, Any]:
    """Commit of the work tree around `folder` (None outside git), and whether it was changed."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 git is found on the PATH on purpose
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        ).stdout.strip()

    try:
        return {
            "commit": git("rev-parse", "--short=12", "HEAD"),
            "dirty": bool(git("status", "--porcelain")),
        }
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "dirty": False}
