"""A server as a process of its own, for the time of a `with` block."""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import CLI, ENV_PREFIX
from .clock import Clock
from .errors import ProjectError

_START_TIMEOUT_S = 90.0


@dataclass(frozen=True)
class Server:
    """A server process that answers."""

    process: subprocess.Popen[bytes]
    port: int
    start_s: float

    @property
    def memory_mib(self) -> float | None:
        """Resident memory; None where the system does not tell it in /proc."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        except OSError:
            return None
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


@contextlib.contextmanager
def started(
    verb: Sequence[str], clock: Clock, *, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """Run a verb of the command line until the block ends; it answers when the block is entered.

    `environment` are settings without their prefix. Raises ProjectError when it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"SERVE__PORT": str(port), **(environment or {})}
    began = clock.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", str(__package__), *verb],
        env=os.environ | {f"{ENV_PREFIX}{name}": value for name, value in own.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port):
            if process.poll() is not None or clock.monotonic() - began > _START_TIMEOUT_S:
                raise ProjectError(
                    "The server did not start.", f"Run `{CLI} {' '.join(verb)}` to see why."
                )
            clock.sleep(0.1)
        yield Server(process, port, clock.monotonic() - began)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
