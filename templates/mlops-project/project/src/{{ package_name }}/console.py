"""What a run looks like from outside: progress bars, results (text or JSON), errors, exit codes."""

import json
import logging
import sys
from dataclasses import asdict, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text
from typer import Exit

from . import log
from .clock import Clock, clock_for
from .config import Settings, load_settings
from .errors import NotReadyError, ProjectError, of_the_disk

SCHEMA = 1

logger = logging.getLogger(__name__)


class Run:
    """One run of a verb: settings, clock, progress, output, and errors turned into exit codes.

    Exit codes: 0 done, 1 the user's input or environment, 2 usage, 3 drift to look at, 130 Ctrl-C.
    """

    def __init__(
        self,
        *,
        as_of: str | None = None,
        as_json: bool = False,
        data_dir: Path | None = None,
        verbose: bool = False,
    ) -> None:
        self.as_json = as_json
        self._options = (as_of, data_dir, verbose)
        self._out = Console(highlight=False, soft_wrap=True)
        self._error = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bars: Bars | None = None
        self._begun: set[str] = set()
        self._log_file: Path | None = None
        self.settings: Settings
        self.clock: Clock

    def __enter__(self) -> Self:
        """Read the settings; what goes wrong here is reported like any other error."""
        as_of, data_dir, verbose = self._options
        try:
            self.settings = load_settings(**({"data_dir": data_dir} if data_dir else {}))
            self.clock = clock_for(as_of)
        except ProjectError as error:
            self._fail(error)
        self._log_file = log.configure(self.settings.data_dir / "logs", verbose=verbose)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the bars; turn an error into a sentence and an exit code."""
        self._stop_bars()
        if error is None or isinstance(error, SystemExit | Exit):
            return
        if isinstance(error, Exception) and not isinstance(error, ProjectError):
            error = of_the_disk(error) or error
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
            print(json.dumps({"schema": SCHEMA, "ok": False, **content}, ensure_ascii=False))
        else:
            label = "Not ready" if isinstance(error, NotReadyError) else "Error"
            self._error.print(Text.assemble((f"{label}: ", "bold red"), error.message))
            if error.hint:
                self._error.print(Text(error.hint))
        sys.exit(error.exit_code)

    def progress(self, label: str, done: int, total: int) -> None:
        """Show a bar on a terminal, elsewhere a line where a part begins; nothing beside JSON."""
        if self.as_json:
            return
        if not self._error.is_terminal:
            if done == 0 or label not in self._begun:
                self._begun.add(label)
                self._error.print(Text(f"{label} ({done}/{total})" if total > 1 else label))
            return
        if self._bars is None:
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
        print(json.dumps(content, ensure_ascii=False, default=str))
