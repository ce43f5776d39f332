"""`update`, `diff` and `status` of a default project beside `copier update` of the same change.

Both start from a project of the release before the newest, in a repository without further changes.
Copier updates from a local git repository that holds the releases as tags. The aims: `update` at
most 0.7 x the time and no more memory, `diff` no slower than `update`, `status` at most 0.5 s more
than start-up.

    python benchmarks/update.py [ROUNDS] [TEMPLATE]
"""

from __future__ import annotations

import itertools
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from paired import Run, compare, prepare, run, script

from mlscaffold import releases, store


def main(rounds: int = 7, name: str = "mlops-project") -> None:
    """Print a line for each command."""
    if len(releases.log(name)) < 2:
        sys.exit(f"{name} has not two releases yet.")
    before, after = (each.version for each in releases.log(name)[-2:])
    env = prepare()
    numbers = itertools.count()
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        env["MLSCAFFOLD_CACHE"] = str(folder / "cache")
        mine, theirs = _projects(folder, name, before, env)

        def project(of: Path) -> Path:
            """A fresh copy, its index as git has it."""
            copy = folder / f"run-{next(numbers)}"
            shutil.copytree(of, copy, symlinks=True)
            subprocess.run(
                ["git", "status", "--porcelain"], cwd=copy, check=True, capture_output=True
            )
            return copy

        def update(*, cached: bool = True) -> Run:
            if not cached:
                shutil.rmtree(folder / "cache", ignore_errors=True)
            command = [script("mlscaffold"), "update", project(mine), "--to", after]
            return run([*command, "--defaults", "--offline"], env=env)

        def copier_update() -> Run:
            copy = project(theirs)
            command = [
                script("copier"),
                "update",
                "--defaults",
                "--quiet",
                "--vcs-ref",
                f"v{after}",
            ]
            return run([*command, copy], env=env)

        def diff() -> Run:
            return run([script("mlscaffold"), "diff", project(mine), "--to", after], env=env)

        def status() -> Run:
            return run([script("mlscaffold"), "status", mine], env=env)

        def start_up() -> Run:
            return run([script("mlscaffold"), "--version"], env=env)

        compare("update / copier update", update, copier_update, rounds)
        compare("  nothing cached", lambda: update(cached=False), copier_update, rounds)
        compare("diff / update", diff, update, rounds)
        status()
        extra = sorted(status().seconds - start_up().seconds for _ in range(rounds))
        print(
            f"{'status - start-up':<28} {statistics.median(extra):.3f} s"
            f" ({extra[0]:.3f} to {extra[-1]:.3f}, {rounds} pairs)"
        )


def _projects(folder: Path, name: str, version: str, env: dict[str, str]) -> tuple[Path, Path]:
    """The same default project twice: made by us, and by Copier from the releases as tags."""
    mine, theirs = folder / "mine", folder / "theirs"
    command = [script("mlscaffold"), "new", name, str(mine), "--defaults", "--version", version]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    tags = store.build(name, folder / "tags.git")
    command = [script("copier"), "copy", "--defaults", "--quiet", "--vcs-ref", f"v{version}"]
    subprocess.run([*command, str(tags), str(theirs)], env=env, check=True)
    identity = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org"]
    for git in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "One"]):
        subprocess.run(["git", *identity, *git], cwd=theirs, env=env, check=True)
    return mine, theirs


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
