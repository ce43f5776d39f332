"""Whole processes compared in pairs: A B A B ..., wall time and peak memory of each.

Pairs are run one after the other, so that what slows the machine for a while slows both; the ratio
is that of a pair, and the median of the ratios is what counts.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One process: seconds of wall time, peak resident memory in MiB of it or a child of it."""

    seconds: float
    peak_mib: float


def run(
    command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Run:
    """Run a process to its end; it must succeed."""
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(
                f"{command} failed: {process.stderr.read().decode() if process.stderr else ''}"
            )
    return Run(seconds, usage.ru_maxrss / (1 if sys.platform != "darwin" else 1024) / 1024)


def compare(name: str, ours: Callable[[], Run], theirs: Callable[[], Run], rounds: int) -> float:
    """Run both in turn, print one line, and return the median ratio of wall time."""
    ours(), theirs()  # the first run fills caches for both
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    ratios = sorted(mine.seconds / other.seconds for mine, other in pairs)
    median = statistics.median(ratios)
    seconds = [statistics.median(each[i].seconds for each in pairs) for i in (0, 1)]
    peaks = [max(each[i].peak_mib for each in pairs) for i in (0, 1)]
    print(
        f"{name:<28} {median:5.2f} x ({ratios[0]:.2f} to {ratios[-1]:.2f}, {rounds} pairs)"
        f"   {seconds[0]:.3f} s against {seconds[1]:.3f} s"
        f"   peak {peaks[0]:.1f} MiB against {peaks[1]:.1f} MiB ({peaks[0] - peaks[1]:+.1f})"
    )
    return median


def prepare() -> dict[str, str]:
    """The environment to measure in: byte code is compiled and may be used."""
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-j", "0", *_packages()],
        check=False,
        stdout=subprocess.DEVNULL,
    )
    dropped = {"PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME"}
    return {key: value for key, value in os.environ.items() if key not in dropped}


def _packages() -> list[str]:
    import sysconfig

    return [sysconfig.get_path("purelib"), str(Path(__file__).resolve().parents[1] / "src")]


def script(name: str) -> str:
    """A console script of the environment that runs this."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        sys.exit(f"{path} is missing: install mlscaffold and copier in this environment first.")
    return str(path)
