"""One environment for each set of dependencies, shared by all projects that lock the same ones."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

CACHE = Path(__file__).parents[1] / ".cache" / "environments"


def project_python(project: Path) -> Path:
    """Python of the environment that holds what `project`'s requirements/dev.txt locks.

    The project itself is not in it: put its `src` on PYTHONPATH. The environment is made at the
    first call, with uv where uv is installed, and kept for the next run.
    """
    lock = project / "requirements" / "dev.txt"
    key = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = CACHE / key
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / f"{key}.lock"):
        if not (folder / "complete").exists():
            uv = shutil.which("uv")
            if uv:
                make = [uv, "venv", "--clear", "--python", sys.executable, str(folder)]
                # Compiled once: a project's tests start dozens of processes that import from it.
                add = [uv, "pip", "install", "--compile-bytecode", "--python", str(python)]
            else:
                make = [sys.executable, "-m", "venv", "--clear", str(folder)]
                add = [str(python), "-m", "pip", "install"]
            subprocess.run(make, check=True)
            subprocess.run([*add, "--quiet", "--require-hashes", "-r", str(lock)], check=True)
            (folder / "complete").touch()
    return python
