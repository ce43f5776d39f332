"""What the owner changed since the first commit, how many tests there are, which template it is."""

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

from ..config import Settings

GENERATED = ("README.md", "MODEL_CARD.md", "reports", ".copier-answers.yml")
ANSWERS = ".copier-answers.yml"


def project_facts(settings: Settings) -> dict[str, Any]:
    """Template version, tests and changes; None where a part cannot be found out."""
    count, files = count_tests(settings.root / "tests")
    return {
        "template_version": template_version(settings.root),
        "tests": count,
        "test_files": files,
        "changes": changes(settings.root),
    }


def template_version(root: Path) -> str | None:
    """The release that the project was made or last updated from."""
    try:
        answers = (root / ANSWERS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(r"^_commit: *['\"]?([^'\"\s]+)", answers, re.MULTILINE)
    return found[1] if found else None


def count_tests(folder: Path) -> tuple[int, int]:
    """Test functions and the files that hold them; parameters multiply them when they run."""
    count = files = 0
    for path in sorted(folder.rglob("test_*.py")):
        try:
            tree = ast.parse(path.read_bytes())
        except SyntaxError:  # a test under repair does not stop the report
            continue
        names = [
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        found = sum(name.startswith("test") for name in names)
        count, files = count + found, files + bool(found)
    return count, files


def changes(root: Path) -> dict[str, int] | None:
    """Files, lines added and lines removed between the folder's first commit and HEAD.

    None outside git and in a shallow clone, which does not know the first commit.
    """
    try:
        if _git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
            return None
        first = _git(root, "rev-list", "HEAD", "--", ".").split()
        skipped = [f":(exclude){path}" for path in GENERATED]
        lines = _git(root, "diff", "--numstat", first[-1], "HEAD", "--", ".", *skipped).splitlines()
    except (OSError, subprocess.SubprocessError, IndexError):
        return None
    counts = [line.split("\t")[:2] for line in lines]
    added, removed = (
        sum(int(pair[side]) for pair in counts if pair[side].isdigit()) for side in (0, 1)
    )
    return {"files": len(counts), "added": added, "removed": removed}


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments],  # noqa: S607 git is found on the PATH on purpose
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    ).stdout
