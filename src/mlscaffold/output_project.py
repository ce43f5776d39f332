"""Results of the commands for a project that is there, as text."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .account import File
    from .adopt import AdoptResult
    from .diff import DiffResult
    from .forecast import Version
    from .requirements import Pin
    from .status import StatusResult
    from .undo import UndoResult
    from .update import UpdateResult

_SHOWN = 40  # paths of one kind; --json has all
_MEANING = {
    "conflict": "in conflict: you and the template changed the same place",
    "stays deleted": "deleted by you, changed by the template: they stay deleted",
    "merged": "merged: your changes and the template's",
    "moved": "moved by the template",
    "added": "new from the template",
    "updated": "the template's, which you had not changed",
    "removed": "removed by the template, which you had not changed",
}
"""What happens to files, the most important last read first."""


def status_text(result: StatusResult) -> str:
    """Version, news, answers and files."""
    at = f"{result.template} {result.version}"
    if result.behind:
        count = _count(len(result.behind), "release")
        head = f"{at}, {count} behind {result.newest}: mlscaffold diff shows what would change."
    else:
        head = f"{at}, the newest."
    blocks = [head, *_news(result.behind)]
    if result.answers:
        rows = [f"  {key}: {value!r}" for key, value in result.answers.items()]
        blocks.append("\n".join(["Answers that are not the defaults", *rows]))
    kinds = (("Changed", result.changed), ("Removed", result.removed), ("Added", result.added))
    differing = [_paths(f"{name} since then", paths) for name, paths in kinds if paths]
    blocks += differing or ["No file differs from what the template made."]
    return "\n\n".join([*blocks, *_notes(result.notes)])


def diff_text(result: DiffResult) -> str:
    """The patch, then what it means."""
    if not result.files:
        return "\n".join([_nothing(result.template, result.after), *_notes(result.notes)])
    hunks = [f"{each.path}:{each.line}\n{each.text}" for each in result.hunks]
    return "\n\n".join(
        [
            result.patch.rstrip("\n"),
            _headline(result.template, result.before, result.after),
            *_news(result.news),
            *_files(result.files),
            *(["Conflicts", *hunks] if hunks else []),
            *_kept(result.untouched, result.pins),
            *([f"To be made again: {', '.join(result.locks)}"] if result.locks else []),
            *_notes(result.notes),
        ]
    )


def update_text(result: UpdateResult) -> str:
    """What happened to each file, and what to do next."""
    if not result.files and not result.locks:
        return "\n".join([_nothing(result.template, result.after), *_notes(result.notes)])
    locks = [
        f"  {each.path}: {each.what}"
        + (f" ({each.reason}). Make it again: {each.command}" if each.reason else "")
        for each in result.locks
    ]
    return "\n\n".join(
        [
            _headline(result.template, result.before, result.after),
            *_files(result.files),
            *_kept(result.untouched, result.pins),
            *(["\n".join(["Lock files", *locks])] if locks else []),
            *_notes(result.notes),
            _next(result),
        ]
    )


def undo_text(result: UndoResult) -> str:
    """What came back, what went, and what stays."""
    stopped = ", which had been stopped before it was done" if result.was_stopped else ""
    blocks = [f"Took back `mlscaffold {result.command}`{stopped}."]
    if result.restored:
        blocks.append(_paths("As before again", result.restored))
    if result.removed:
        blocks.append(_paths("Removed, as it had been added", result.removed))
    if result.kept:
        blocks.append(_paths("Not touched, as it is yours", result.kept))
    if result.aside:
        blocks.append(f"Your later edits are in {result.aside}.")
    if result.repository_removed:
        blocks.append("The repository that it made is gone.")
    return "\n\n".join(blocks)


def adopt_text(result: AdoptResult) -> str:
    """The base, and how near it is."""
    total = result.same + len(result.changed) + len(result.missing)
    near = f"{result.same} of its {total} files are the same here"
    blocks = [f"The base is now {result.template} {result.version}: {near}."]
    blocks += [_paths("Other here", result.changed)] if result.changed else []
    blocks += [_paths("Not here; updates leave them out", result.missing)] if result.missing else []
    done = f"Committed as {result.commit[:9]}." if result.commit else "Staged: git commit keeps it."
    return "\n\n".join([*blocks, *_notes(result.notes), done])


def _headline(template: str, before: str, after: str) -> str:
    return f"{template} {before}" + (f" to {after}" if after != before else "")


def _nothing(template: str, version: str) -> str:
    return f"Nothing to do: the project is at {template} {version} with these answers."


def _news(versions: Iterable[Version]) -> list[str]:
    return [
        "\n".join([each.name, *(f"  {line}".rstrip() for line in each.notes.splitlines())])
        for each in versions
    ]


def _files(files: Sequence[File]) -> list[str]:
    blocks = []
    for what, meaning in reversed(_MEANING.items()):
        found = [each for each in files if each.what == what]
        if found:
            shown = [_file(each) for each in found]
            blocks.append(_paths(meaning[0].upper() + meaning[1:], shown))
    return blocks


def _file(file: File) -> str:
    where = f"{file.before} -> {file.path}" if file.before else file.path
    plain = not file.detail or file.detail.startswith("CONFLICT (content)")
    return where if plain else f"{where}: {file.detail}"


def _kept(untouched: int, pins: Iterable[Pin]) -> list[str]:
    blocks = []
    if untouched:
        blocks.append(f"Yours, left alone: {_count(untouched, 'file')}.")
    rows = [f"  {pin.mine} (the template wants {pin.theirs})" for pin in pins]
    if rows:
        blocks.append("\n".join(["Your versions of dependencies are kept", *rows]))
    return blocks


def _next(result: UpdateResult) -> str:
    if result.conflicts:
        paths = shlex.join([each.path for each in result.conflicts][:3])
        return "\n".join(
            [
                f"{_count(len(result.conflicts), 'file')} in conflict. Either",
                f"  edit them (or git mergetool), then: git add {paths} && git commit",
                "or take all of it back: mlscaffold undo",
            ]
        )
    if result.commit:
        return f"Committed as {result.commit[:9]}. mlscaffold undo takes it back."
    return "Staged: git commit keeps it, mlscaffold undo takes it back."


def _paths(title: str, paths: Sequence[str]) -> str:
    more = [f"  and {len(paths) - _SHOWN} more"] if len(paths) > _SHOWN else []
    return "\n".join([f"{title} ({len(paths)})", *(f"  {path}" for path in paths[:_SHOWN]), *more])


def _notes(notes: Iterable[str]) -> list[str]:
    return [f"note: {note}" for note in notes]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
