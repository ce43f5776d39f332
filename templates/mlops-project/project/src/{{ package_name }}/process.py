"""A server as a process of its own, for the time of a `with` block."""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import CLI, ENV_PREFIX
from .clock import Clock
from .errors import ProjectError

_START_TIMEOUT_S = 30.0


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


def cores() -> list[int]:
    """Processors that this process may use; empty where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def pin(process_id: int, core: int | None) -> None:
    """Keep a process and what it starts from now on to one processor; 0 is this process."""
    if sys.platform == "linux" and core is not None:
        os.sched_setaffinity(process_id, {core})


@contextlib.contextmanager
def started(
    module: str,
    clock: Clock,
    *,
    core: int | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[Server]:
    """Run `python -m <package>.<module>` until the block ends; ready when it is entered.

    `environment` are settings without their prefix. Raises ProjectError when it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"SERVE__PORT": str(port), **(environment or {})}
    began = clock.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.{module}", str(port)],
        env=os.environ | {f"{ENV_PREFIX}{name}": value for name, value in own.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        pin(process.pid, core)
        while not _answers(port):
            if process.poll() is not None or clock.monotonic() - began > _START_TIMEOUT_S:
                raise ProjectError(
                    f"The server ({module}) did not start.",
                    f"Run `{CLI} serve` to see why.",
                )
            clock.sleep(0.02)
        yield Server(process, port, clock.monotonic() - began)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
