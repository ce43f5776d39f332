"""Whether runs of one test suite came out the same: `python outcomes.py RUN.xml RUN.xml ...`.

Takes the files of pytest's --junitxml. Prints how many tests each run had and how long it took,
then every test that not all runs have, or that ended differently; exit code 1 if there is any.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

NOT_PASSED = ("failure", "error", "skipped")


def outcomes(report: Path) -> dict[str, str]:
    """How each test ended, by its name."""
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        found[name] = next((kind for kind in NOT_PASSED if case.find(kind) is not None), "passed")
    return found


def seconds(report: Path) -> float:
    """How long a run took."""
    return sum(float(suite.get("time", 0)) for suite in ElementTree.parse(report).iter("testsuite"))


def differences(first: dict[str, str], other: dict[str, str]) -> list[str]:
    """What ended differently in two runs."""
    return [
        f"{name}: {first.get(name, 'absent')}, then {other.get(name, 'absent')}"
        for name in sorted(first.keys() | other.keys())
        if first.get(name) != other.get(name)
    ]


def main(reports: list[Path]) -> int:
    """Compare the first run with each other one."""
    runs = [outcomes(report) for report in reports]
    for report, run in zip(reports, runs, strict=True):
        counts = ", ".join(f"{number} {kind}" for kind, number in Counter(run.values()).items())
        print(f"{report.stem}: {counts}, {seconds(report):.0f} s")
    found = [line for other in runs[1:] for line in differences(runs[0], other)]
    print("\n".join(found) or "The same result each time.")
    return 1 if found or not runs[0] else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
