"""Results as text or as versioned JSON: the same for every command.

JSON is one object: `schema` (raised when a field changes its meaning or goes), `command`, `ok`, and
`result` or `error`.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalog import Template
    from .check import File
    from .demo import DemoResult
    from .errors import MlscaffoldError
    from .new import NewResult, Plan
    from .show import ShowResult

SCHEMA = 1


def to_json(command: str, *, result: object = None, error: MlscaffoldError | None = None) -> str:
    """A result, or an error, as one JSON object."""
    import json

    document: dict[str, Any] = {"schema": SCHEMA, "command": command, "ok": error is None}
    if error is None:
        document["result"] = result
    else:
        document["error"] = {
            "kind": type(error).__name__,
            "what": error.what,
            "where": error.where,
            "hint": error.hint,
            "exit_code": error.exit_code,
        }
    return json.dumps(document, indent=2, default=_plain, ensure_ascii=True)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)


def error_text(error: MlscaffoldError) -> str:
    """What is wrong, where, and what to do, on one line each."""
    lines = [f"error: {error.what}"]
    if error.where:
        lines.append(f"where: {error.where}")
    if error.hint:
        lines.append(f"to do: {error.hint}")
    return "\n".join(lines)


def list_text(templates: Sequence[Template]) -> str:
    """One paragraph a template."""
    blocks = [
        f"{each.name}  {each.version}\n  {each.title}\n  {each.summary}" for each in templates
    ]
    blocks.append("`mlscaffold show TEMPLATE` tells more, `mlscaffold new TEMPLATE` makes one.")
    return "\n\n".join(blocks)


def show_text(result: ShowResult) -> str:
    """Questions, skills and the tree."""
    import json

    head = [
        f"{result.name}  {result.version}".rstrip(),
        *filter(None, [result.title, result.summary]),
    ]
    asked = ["Questions"]
    for each in (question for question in result.questions if not question.hidden):
        asked.append(f"  {each.key} ({each.type}){': ' + each.help if each.help else ''}")
        if each.choices:
            asked.append(f"      one of: {', '.join(each.choices)}")
        default = "(none)" if each.default is None else json.dumps(each.default, ensure_ascii=False)
        follows = " (follows other answers)" if each.computed else ""
        asked.append(f"      default: {default}{follows}")
    blocks = ["\n".join(head), "\n".join(asked)]
    if result.skills:
        width = max(len(skill.name) for skill in result.skills)
        blocks.append(
            "\n".join(
                [
                    "Skills it shows",
                    *(f"  {each.name:<{width}}  {each.where}" for each in result.skills),
                ]
            )
        )
    if result.files:
        blocks.append("Files with default answers\n" + tree_text(result.files))
    else:
        blocks.append("The files depend on answers that have no default.")
    return "\n\n".join(blocks)


def tree_text(files: Iterable[File]) -> str:
    """Files as an indented tree with sizes, folders first named where they begin."""
    lines: list[str] = []
    before: list[str] = []
    for file in files:
        *folders, name = file.path.split("/")
        shared = 0
        while before[shared : shared + 1] == folders[shared : shared + 1] != []:
            shared += 1
        lines += [f"  {'  ' * depth}{folders[depth]}/" for depth in range(shared, len(folders))]
        label = f"  {'  ' * len(folders)}{name}"
        lines.append(f"{label:<60} {size_text(file.size):>9}")
        before = folders
    return "\n".join(lines)


def size_text(size: int) -> str:
    """Bytes in the unit that reads best."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def plan_text(plan: Plan) -> str:
    """The summary before anything is written."""
    from .answers import shown

    rows = shown(plan.answers)
    width = max((len(key) for key, _ in rows), default=0)
    lines = [f"  {key:<{width}}  {value}" for key, value in rows]
    total = size_text(sum(file.size for file in plan.files))
    return "\n".join(["", *lines, "", f"{len(plan.files)} files ({total}) in {plan.destination}"])


def new_text(result: NewResult, steps: Sequence[str]) -> str:
    """What was made and what to type next."""
    total = size_text(sum(file.size for file in result.files))
    version = f" {result.version}" if result.version else ""
    count = f"{len(result.files)} files, {total}, from {result.template}{version}"
    notes = [f"note: {note}" for note in result.notes]
    if result.dry_run:
        return "\n".join(
            [tree_text(result.files), "", f"Would make {result.destination}: {count}.", *notes]
        )
    lines = [f"Made {result.destination}: {count}."]
    if result.commit:
        author = (
            " by mlscaffold, since git has no user.name and user.email"
            if result.stand_in_identity
            else ""
        )
        lines.append(f"First commit {result.commit[:9]}{author}.")
    following = ["", "Next:", *(f"  {step}" for step in steps)] if steps else []
    return "\n".join([*lines, *notes, *following])


def demo_text(result: DemoResult) -> str:
    """Where the report is and how to serve."""
    lines = [f"The project: {result.destination}"]
    if result.report:
        lines.append(f"The report:  {result.report}")
    if result.serve:
        lines.append(f"Serve it:    {change_folder(result.destination)} && {result.serve}")
    if result.address:
        lines.append(f"Then look:   {result.address}")
    return "\n".join(lines)


def next_steps(template: Template | None, result: NewResult) -> list[str]:
    """Commands to type: into the project, unless we are there, then what the template names."""
    values = step_values(result)
    own = [step.format_map(values) for step in template.next_steps] if template else []
    looks = ["git log --stat", "git status"] if result.commit else ["cat README.md"]
    inside = result.destination == Path.cwd()
    return [*([] if inside else [change_folder(result.destination)]), *(own or looks)]


def step_values(result: NewResult) -> dict[str, str]:
    """What the commands in a template's metadata may name in braces."""
    answers = {key: str(value) for key, value in result.answers.items()}
    return {"python": python_name(), **answers}


def change_folder(folder: Path) -> str:
    """The `cd` command that leads to `folder` from here, quoted for the system's shell."""
    try:
        shown = str(folder.relative_to(Path.cwd()))
    except (ValueError, OSError):
        shown = str(folder)
    if shown.startswith("-"):
        shown = f"./{shown}"
    quoted = subprocess.list2cmdline([shown]) if os.name == "nt" else shlex.quote(shown)
    return f"cd {quoted}"


def python_name() -> str:
    """The name that starts Python in a shell here."""
    return "python" if shutil.which("python") or sys.platform == "win32" else "python3"
