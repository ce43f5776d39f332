"""Write docs/templates/<name>.md from the questions, so that the reference cannot grow stale.

python tools/reference.py           write them
python tools/reference.py --check   exit 1 when one is not what would be written
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlscaffold import catalog
from mlscaffold.show import ShowResult, show

if TYPE_CHECKING:
    from mlscaffold.render import Question

ROOT = Path(__file__).resolve().parents[1]


def page(template: ShowResult) -> str:
    """The reference of one template as Markdown."""
    rows = [_row(question) for question in template.questions]
    skills = [f"| {skill.name} | `{skill.where}` |" for skill in template.skills]
    files = [str(file.path) for file in template.files]
    lines = [
        f"# `{template.name}`",
        "",
        f"{template.title}. {template.summary}",
        "",
        "Written by `tools/reference.py` from the template's questions: edit those, not this page.",
        "",
        "## Questions",
        "",
        "Answer them at the prompts, or with `-d KEY=VALUE` or `--data-file answers.yml`.",
        "",
        "| key | what it asks | choices | default |",
        "|---|---|---|---|",
        *rows,
        "",
        "## Skills that the project shows",
        "",
        "| skill | where |",
        "|---|---|",
        *skills,
        "",
        "## Files that default answers make",
        "",
        "```text",
        *files,
        "```",
        "",
    ]
    return "\n".join(lines)


def _row(question: Question) -> str:
    choices = ", ".join(f"`{choice}`" for choice in question.choices) or question.type
    default = (
        "worked out"
        if question.computed
        else f"`{json.dumps(question.default, ensure_ascii=False)}`"
    )
    cells = [f"`{question.key}`", question.help, choices, default]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    """Write or check every built-in template's page."""
    stale = []
    for template in catalog.load_all():
        path = ROOT / "docs" / "templates" / f"{template.name}.md"
        text = page(show(catalog.locate(template.name)))
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path.relative_to(ROOT).as_posix())
    if stale:
        print(f"Stale: {', '.join(stale)}. Run: python tools/reference.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
