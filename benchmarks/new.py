"""`new --defaults` with its first commit beside `copier copy --defaults` of the same template.

Copier copies from a local git repository that holds the template and a tag, as it would from its
author's. The aim: at most 1.15 x the time, at most 10 MiB more memory.

    python benchmarks/new.py [ROUNDS] [TEMPLATE]
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from paired import Run, compare, prepare, run, script

from mlscaffold import catalog


def main(rounds: int = 9, name: str = "mlops-project") -> None:
    """Print one line."""
    env = prepare()
    template = catalog.load(name)
    numbers = itertools.count()
    with tempfile.TemporaryDirectory() as folder:
        source = git_copy(template.path, Path(folder, "template"))

        def ours() -> Run:
            dest = Path(folder, f"ours-{next(numbers)}")
            return run([script("mlscaffold"), "new", name, dest, "--defaults"], env=env)

        def theirs() -> Run:
            dest = Path(folder, f"theirs-{next(numbers)}")
            return run([script("copier"), "copy", "--defaults", "--quiet", source, dest], env=env)

        compare(f"new {name}", ours, theirs, rounds)


def git_copy(template: Path, dest: Path) -> Path:
    """The template as a git repository with one release."""
    shutil.copytree(template, dest, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    identity = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org"]
    for command in (
        ["init", "-q"],
        ["add", "-A", "-f"],
        ["commit", "-q", "-m", "One"],
        ["tag", "v1.0.0"],
    ):
        subprocess.run(["git", *identity, *command], cwd=dest, check=True)
    return dest


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
