"""The links of README.md and docs/ lead to files, and to headings in them, that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..conftest import write

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(<?([^)>\s]*)|^\[[^\]]+\]: *(\S+)|(?:href|src)=\"([^\"]*)\"", re.MULTILINE)


def text_of(document: Path) -> str:
    """What is prose: without blocks of code."""
    return re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """Fragments that hosts of Markdown give a document's headings; a repeated one is counted."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?) *$", text_of(document), re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        repeats = (f"{anchor}-{number}" for number in range(1, len(found) + 1))
        found.add(next(name for name in (anchor, *repeats) if name not in found))
    return found


def broken(document: Path) -> list[str]:
    """The relative links that lead nowhere."""
    return [
        link
        for link in ("".join(groups) for groups in LINK.findall(text_of(document)))
        if not re.match(r"[a-z]+:", link) and not leads_somewhere(document, link)
    ]


def leads_somewhere(document: Path, link: str) -> bool:
    """Whether a relative link's file exists, and in it the heading."""
    name, _, fragment = link.partition("#")
    target = document.parent / name if name else document
    if not fragment:
        return bool(name) and target.exists()
    return target.is_file() and fragment in anchors(target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    assert broken(document) == []


def test_readme_links_to_every_page() -> None:
    linked = {"".join(groups).partition("#")[0] for groups in LINK.findall(text_of(DOCUMENTS[0]))}
    assert {path.relative_to(ROOT).as_posix() for path in DOCUMENTS[1:]} <= linked


def test_a_broken_link_is_found(work: Path) -> None:
    write(
        work,
        {
            "a.md": (
                "# One `two`, three\n## Again\n## Again\n"
                "[](#one-two-three) [](#again-1) [](b.md#b) [](b.md) [](https://x.example/y)\n"
                "[](#gone) [](#again-2) [](c.md) ![](c.png) [](b.md#code) []()\n"
                '<img src="d.png">\n[ref]: e.md\n```\n[](in-code.md)\n```\n'
            ),
            "b.md": "# B\n```sh\n# code\n```\n",
        },
    )
    found = ["#gone", "#again-2", "c.md", "c.png", "b.md#code", "", "d.png", "e.md"]
    assert broken(work / "a.md") == found
