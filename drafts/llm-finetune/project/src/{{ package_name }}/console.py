"""What a run looks like from outside: progress bars, results (text or JSON), errors, exit codes."""

import json
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.text import Text
from typer import Exit

from . import log
from .causes import explained
from .clock import Clock, clock_for
from .errors import NotReadyError, ProjectError

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from .config import Config

SCHEMA = 1

logger = logging.getLogger(__name__)


_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
}
"""What keeps the libraries' bars and remarks out of ours, unless the user has set it."""


def _quieten(*, offline: bool) -> None:
    """Set what libraries read when they are imported, which is later than this."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    for library in ("peft", "transformers", "trl"):  # what they will change in their next version
        warnings.filterwarnings("ignore", category=FutureWarning, module=rf"{library}\.")


class Command:
    """One call of a verb: configuration, clock, progress, output, and errors as exit codes.

    Exit codes: 0 done, 1 the user's input or environment, 2 usage, 3 something to look at (a check
    that failed, a stale report), 130 Ctrl-C.
    """

    def __init__(
        self,
        *,
        recipe: str | None = None,
        run: str | None = None,
        assignments: Sequence[str] = (),
        finished: bool = False,
        as_json: bool = False,
        verbose: bool = False,
    ) -> None:
        """`finished`: the configuration is that of an earlier run, the last if `run` is None."""
        self.as_json = as_json
        self._stdout = sys.stdout
        self._choice = (recipe, run, tuple(assignments), finished)
        self._verbose = verbose
        self._out = Console(highlight=False, soft_wrap=True)
        self._error = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bars: Bars | None = None
        self._log_file: Path | None = None
        self.config: Config
        self.clock: Clock

    def __enter__(self) -> Self:
        """Read the configuration; what goes wrong here is reported like any other error."""
        try:
            self.config = self._configured()
            self.clock = clock_for()
        except ProjectError as error:
            self._fail(error)
        _quieten(offline=self.config.offline)
        if self.as_json:  # some libraries print: nothing of theirs may stand before the JSON
            sys.stdout = sys.stderr
        self._log_file = log.configure(self.config.logs_dir, verbose=self._verbose)
        return self

    def _configured(self) -> "Config":
        from dotenv import load_dotenv

        from .loading import find_root, load_config
        from .runs import chosen

        recipe, run, assignments, finished = self._choice
        root = find_root(Path.cwd())
        # Tokens in .env are for the libraries too; what the environment has already wins.
        load_dotenv(root / ".env")
        if not finished:
            return load_config(root, recipe=recipe, assignments=assignments, run=run)
        project = load_config(root, assignments=assignments)
        of = chosen(project, run)
        return load_config(root, base=of.config_file, assignments=assignments, run=of.name)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the bars; turn an error into a sentence and an exit code."""
        self._stop_bars()
        sys.stdout = self._stdout
        if error is None or isinstance(error, SystemExit | Exit):
            return
        if isinstance(error, Exception) and not isinstance(error, ProjectError):
            error = explained(error) or error
        if isinstance(error, ProjectError):
            logger.error(error.message, extra={"kind": type(error).__name__, "hint": error.hint})
            self._fail(error)
        if isinstance(error, KeyboardInterrupt):
            self._error.print("Stopped. What was finished is kept; run it again.")
            sys.exit(130)
        if isinstance(error, Exception):
            logger.error("unexpected error", exc_info=(type(error), error, trace))
            self._error.print(
                Text(f"This is a bug: {type(error).__name__}: {error}\nDetails: {self._log_file}")
            )
            sys.exit(1)

    def _fail(self, error: ProjectError) -> None:
        if self.as_json:
            content = {"error": error.message, "hint": error.hint, "kind": type(error).__name__}
            content = {"schema": SCHEMA, "ok": False, **content}
            print(json.dumps(content, ensure_ascii=False), file=self._stdout)
        else:
            label = "Not ready" if isinstance(error, NotReadyError) else "Error"
            self._error.print(Text.assemble((f"{label}: ", "bold red"), error.message))
            if error.hint:
                self._error.print(Text(error.hint))
        sys.exit(error.exit_code)

    def progress(self, label: str, done: int, total: int) -> None:
        """Show a bar on a terminal; pipes and JSON stay clean."""
        if self.as_json or not self._error.is_terminal:
            return
        if self._bars is None:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bars

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bars = Bars(*columns, TimeElapsedColumn(), console=self._error, transient=True)
            self._bars.start()
        for task in self._bars.tasks:
            if task.description == label:
                self._bars.update(task.id, completed=done, total=total)
                return
        self._bars.add_task(label, completed=done, total=total)

    def _stop_bars(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def say(self, text: str) -> None:
        """A line of the result, for people only."""
        if not self.as_json:
            self._stop_bars()
            self._out.print(Text(text))

    def show(self, result: Any, *lines: str) -> None:
        """The result of a use case: its lines for people, its fields as JSON for programs."""
        if not self.as_json:
            for line in lines:
                self.say(line)
            return
        fields = asdict(result) if is_dataclass(result) and not isinstance(result, type) else result
        now = self.clock.now().isoformat(timespec="seconds")
        content = {"schema": SCHEMA, "ok": True, "at": now, "result": fields}
        print(json.dumps(content, ensure_ascii=False, default=str), file=self._stdout)
