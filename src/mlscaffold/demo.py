"""`mlscaffold demo`: the main job end to end, on a template's embedded default.

What `mlscaffold new mlops-project --defaults` makes, then what its own `tasks.py demo` does in it:
install what it needs and run every step, from collecting data to a served prediction and a drift
report.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import catalog, new, output
from .errors import MlscaffoldError

TEMPLATE = "mlops-project"
DEFAULT_FOLDER = "mlops-demo"


@dataclass(frozen=True)
class DemoResult:
    """What the demo left.

    Attributes:
        destination: The project's folder.
        report: The report that it wrote.
        serve: Command that serves its model, to be typed in the project; may be empty.
        address: Where it is then served; may be empty.
    """

    destination: Path
    report: Path | None
    serve: str
    address: str


def free_folder(name: str = DEFAULT_FOLDER) -> Path:
    """`name` in the working directory, or `name-2`, `name-3`, ... whichever is not taken."""
    candidates = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(path for path in map(Path, candidates) if not os.path.lexists(path))


def demo(
    dest: Path | None,
    *,
    with_git: bool = True,
    child_stdout: int | None = None,
    made: Callable[[new.NewResult], None] = lambda _: None,
) -> DemoResult:
    """Make the demo project and run it; its output goes where ours goes.

    Args:
        dest: Its folder; None for the next free `mlops-demo`.
        with_git: Make it a repository.
        child_stdout: File descriptor for what the steps print; None for our own standard output.
        made: Told once the project is there, before its steps run.

    Raises:
        MlscaffoldError: The project could not be made, or one of its steps failed; it is left to
            look at.
    """
    source = catalog.locate(TEMPLATE)
    result = new.new(source, dest or free_folder(), {}, defaults=True, with_git=with_git)
    made(result)
    # The project makes an environment of its own: ours must not pass for it.
    env = {
        key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONHOME"}
    }
    done = subprocess.run(
        [sys.executable, "tasks.py", "demo"],
        cwd=result.destination,
        env=env,
        stdout=child_stdout,
        check=False,
    )
    if done.returncode:
        raise MlscaffoldError(
            f"The project was made, but its demo stopped with exit code {done.returncode}.",
            str(result.destination),
            "What it said stands above; `python tasks.py demo` in that folder runs it again.",
        )
    ours = catalog.load(TEMPLATE)
    values = output.step_values(result)
    report = result.destination / ours.report.format_map(values)
    return DemoResult(
        result.destination,
        report if report.is_file() else None,
        ours.serve.format_map(values),
        ours.address_served,
    )
