"""Start-up: `--help`, `--version` and `list` beside `copier --help`. The aim: at most 0.5 x.

python benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import sys

from paired import compare, prepare, run, script


def main(rounds: int = 15) -> None:
    """Print one line a command."""
    env = prepare()
    for arguments in (["--help"], ["--version"], ["list"]):
        ours = [script("mlscaffold"), *arguments]
        theirs = [script("copier"), "--help"]
        compare(
            f"mlscaffold {' '.join(arguments)}",
            lambda ours=ours: run(ours, env=env),  # type: ignore[misc]
            lambda theirs=theirs: run(theirs, env=env),  # type: ignore[misc]
            rounds,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
