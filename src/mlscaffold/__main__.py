"""Run the command line; every way out of the program is here.

Exit codes: 0 done · 1 the user's input or environment, or a bug of ours · 2 usage · 3 conflicts or
drift to look at · 128 and a signal's number where one stopped us.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from . import cli, output
from .errors import InputError, MlscaffoldError


class _Stopped(BaseException):
    """A signal that asks us to stop: an exception, so that what was begun is cleaned up."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _stop(number: int, _: FrameType | None) -> NoReturn:
    raise _Stopped(number)


def main() -> None:
    """Run the command line and exit."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    try:
        _run()
    except MlscaffoldError as error:
        _fail(error, command)
    except BrokenPipeError:  # the reader of our output has what it wants
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(_from_os_error(error), command)
    except _Stopped as error:
        _say_stopped(error.number, command)
    except Exception as error:  # noqa: BLE001 - the last resort, which says so
        from . import bugs

        typer.echo(bugs.record(error), err=True)
        sys.exit(1)


def _run() -> None:
    if sys.argv[1:] in (["list"], ["list", "--json"]):
        # Typer imports pydantic to convert parameters, which doubles what `list` takes.
        cli.list_(as_json="--json" in sys.argv)
        return
    try:
        cli.app(prog_name="mlscaffold")
    except SystemExit as error:
        if (
            error.code == 128 + signal.SIGINT
        ):  # Ctrl-C at a prompt, which the terminal gives as a key
            raise _Stopped(signal.SIGINT) from error
        raise


def _say_stopped(number: int, command: str) -> NoReturn:
    what = "a project that was made stays" if command == "demo" else "nothing was left behind"
    typer.echo(f"\nStopped: {what}.", err=True)
    sys.exit(128 + number)


def _from_os_error(error: OSError) -> MlscaffoldError:
    """What the system refused, in its own words."""
    hints = {
        28: "Make room and try again.",
        13: "Choose a folder that you may write in.",
        30: "Choose another folder.",
    }
    return InputError(
        f"{error.strerror or error}.", str(error.filename or ""), hints.get(error.errno or 0, "")
    )


def _fail(error: MlscaffoldError, command: str) -> NoReturn:
    if "--json" in sys.argv:
        typer.echo(output.to_json(command, error=error))
    else:
        typer.echo(output.error_text(error), err=True)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
