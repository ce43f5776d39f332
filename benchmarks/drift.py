"""Drift of a million rows against a million, 15 columns: the template's against evidently's.

    python benchmarks/drift.py PROJECT --evidently PYTHON [--python PYTHON] [--rounds 3]

PROJECT is a generated mlops-project and --python the interpreter of its environment. evidently
needs an environment of its own (`evidently==0.7.*` with `pandas<3`: it does not import beside
pandas 3.1).
Both read the same two Parquet files (1,200 rows a day), each in a process of its own, in turn.
Ours is the code that `monitor` runs: bins in DuckDB, then PSI, KS, Wasserstein and the chance of
each by permutations of days. evidently's is the default report of its data drift preset. The aims
are at most 0.1 of its time, and 200 MB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from paired import Run, compare, run

ROWS, COLUMNS, ROWS_A_DAY = 1_000_000, 15, 1200
NAMES = tuple(f"f{i}" for i in range(COLUMNS))
SHIFTED = "f0"
AIM_RATIO, AIM_MB = 0.1, 200


def generate(root: str) -> None:
    """Two Parquet files of skewed and normal columns; one column of the second is shifted."""
    np, pl = import_module("numpy"), import_module("polars")
    rng = np.random.default_rng(0)
    for name, start in (("reference", "2020-01-01"), ("current", "2023-01-01")):
        days = (np.arange(ROWS) // ROWS_A_DAY).astype("timedelta64[D]")
        columns = {"issue_time": (np.datetime64(start) + days).astype("datetime64[us]")}
        for i, column in enumerate(NAMES):
            columns[column] = rng.gamma(2, 10, ROWS) if i % 3 else rng.normal(0, 1, ROWS)
        if name == "current":
            columns[SHIFTED] += 0.7
        pl.DataFrame(columns).write_parquet(Path(root, f"{name}.parquet"))


def ours(root: str, package: str) -> None:
    """The check of the generated project."""
    profile = import_module(f"{package}.monitor.profile")
    drift = import_module(f"{package}.monitor.drift")
    before, now = (f"'{Path(root, name)}.parquet'" for name in ("reference", "current"))
    with profile.open_database() as connection:
        edges = profile.quantile_edges(connection, before, NAMES, "issue_time")
        counts = [
            profile.count_bins(connection, files, edges, "issue_time") for files in (before, now)
        ]
    check = drift.compare("data drift", *counts, threshold=0.2, alpha=0.01, block_days=7)
    found = [finding.name for finding in check.findings if finding.alarm]
    if found != [SHIFTED]:
        sys.exit(f"{SHIFTED} was shifted, {found} was found")


def evidently(root: str) -> None:
    """Its default report, as its documentation shows it; the page is written too."""
    pandas = import_module("pandas")
    preset = import_module("evidently.presets").DataDriftPreset()
    report = import_module("evidently").Report([preset])
    before, now = (
        pandas.read_parquet(Path(root, f"{name}.parquet"), columns=list(NAMES))
        for name in ("reference", "current")
    )
    report.run(reference_data=before, current_data=now).save_html(str(Path(root, "evidently.html")))


def main() -> None:
    """Print the ratio of time and both peaks; exit 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--evidently", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    source = options.project.resolve() / "src"
    package = next(path.parent.name for path in source.glob("*/cli.py"))
    env = {**os.environ, "PYTHONPATH": str(source), "DO_NOT_TRACK": "1"}
    peaks: list[float] = []
    with tempfile.TemporaryDirectory() as root:
        # Not resolved: a virtual environment's python is a link, and only the link knows it.
        mine = [str(options.python.absolute()), __file__]
        theirs = [str(options.evidently.absolute()), __file__]
        subprocess.run([*mine, "generate", root], env=env, check=True)

        def run_ours() -> Run:
            found = run([*mine, "ours", root, package], env=env)
            peaks.append(found.peak_mib * 1.048576)
            return found

        ratio = compare(
            "drift 1M x 1M x 15",
            run_ours,
            lambda: run([*theirs, "evidently", root], env=env),
            options.rounds,
        )
    print(f"our peak {max(peaks):.0f} MB (aim {AIM_MB}), ratio {ratio:.3f} (aim {AIM_RATIO})")
    sys.exit(0 if ratio <= AIM_RATIO and max(peaks) <= AIM_MB else 1)


if __name__ == "__main__":
    steps: dict[str, Callable[..., None]] = {
        step.__name__: step for step in (generate, ours, evidently)
    }
    if sys.argv[1:] and sys.argv[1] in steps:
        steps[sys.argv[1]](*sys.argv[2:])
    else:
        main()
