"""From nothing to a drift report: `new`, the installation and `demo`, timed one by one.

    python benchmarks/first_run.py [--pip] [--runs 3]

`new` makes an mlops-project with default answers; `tasks.py install` makes its environment (with uv
where it is installed; `--pip` hides uv); `demo` runs everything. A first run that is not counted
warms the package cache. Peak memory is that of the largest process of `demo` together with its
service, sampled from /proc. The aims are 90 s for all three with uv, and 30 s and 1 GB for `demo`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path


def tree_memory(root: int) -> int:
    """Resident bytes of a process and all its descendants, now (Linux)."""
    children: dict[int, list[int]] = {}
    sizes: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # it ended while we looked
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        sizes[int(entry.name)] = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    total, todo = 0, [root]
    while todo:
        process = todo.pop()
        total += sizes.get(process, 0)
        todo += children.get(process, [])
    return total


def timed(command: list[str], cwd: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds and peak MB of a command with everything it starts."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, tree_memory(process.pid))
            time.sleep(0.05)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    error = process.communicate()[1]
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{error.decode()[-2000:]}")
    return time.monotonic() - began, peak / 1e6


def main() -> None:
    """Print the median and the range of each step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pip", action="store_true", help="hide uv from the installation")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()

    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    uv = shutil.which("uv")
    if options.pip and uv:
        folders = environment["PATH"].split(os.pathsep)
        environment["PATH"] = os.pathsep.join(f for f in folders if not Path(f, "uv").exists())
    rows: dict[str, list[float]] = {"new": [], "install": [], "demo": [], "all": [], "demo MB": []}
    for number in range(options.runs + 1):
        with tempfile.TemporaryDirectory() as folder:
            here, project = Path(folder), Path(folder, "project")
            new = [sys.executable, "-m", "mlscaffold", "new", "mlops-project", str(project)]
            tasks = [sys.executable, "tasks.py"]
            seconds = [timed([*new, "--defaults"], here, environment)[0]]
            seconds.append(timed([*tasks, "install"], project, environment)[0])
            demo, memory = timed([*tasks, "demo"], project, environment)
        if number:  # the first warms the caches
            measured = [*seconds, demo, sum(seconds) + demo, memory]
            for values, value in zip(rows.values(), measured, strict=True):
                values.append(value)
    installer = "pip" if options.pip or not uv else "uv"
    print(f"{options.runs} runs, installed with {installer}, {os.cpu_count()} cores")
    for name, values in rows.items():
        unit = "MB" if name.endswith("MB") else "s"
        print(
            f"{name:8} {statistics.median(values):7.1f} {unit}"
            f"  ({min(values):.1f} to {max(values):.1f})"
        )


if __name__ == "__main__":
    main()
