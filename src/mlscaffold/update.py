"""`mlscaffold update` and `mlscaffold set`: merge another render into a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import locks, place, project
from .errors import UsageError
from .forecast import Forecast, forecast

if TYPE_CHECKING:
    from .account import File
    from .locks import LockFile
    from .project import Project
    from .requirements import Pin


@dataclass(frozen=True)
class UpdateResult:
    """What `update` or `set` did.

    Attributes:
        project: The project's folder.
        template: Name or address of its template.
        before: The version it was at.
        after: The version it is at.
        files: What happened to each file that the merge concerned.
        untouched: How many files that you changed or added stayed as they were.
        pins: Versions of dependencies that you set and that the template has moved.
        locks: What became of lock files that were not right any more.
        answers: The answers now, without secret ones.
        commit: Id of the commit, empty when there is none.
        notes: What the user should know.
    """

    project: Path
    template: str
    before: str
    after: str
    files: tuple[File, ...]
    untouched: int
    pins: tuple[Pin, ...]
    locks: tuple[LockFile, ...]
    answers: dict[str, Any]
    commit: str = ""
    notes: tuple[str, ...] = ()

    @property
    def conflicts(self) -> tuple[File, ...]:
        """The files in conflict."""
        return tuple(each for each in self.files if each.what == "conflict")


def update(
    path: Path,
    given: Mapping[str, Any],
    *,
    to: str | None = None,
    interactive: bool = False,
    commit: bool = False,
    trust: bool = False,
    offline: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> UpdateResult:
    """Merge a newer version of its template into a project.

    Args:
        path: The project, or a folder in it.
        given: Answers that are to change, and answers to new questions.
        to: The version; None for the newest.
        interactive: Ask the new questions; otherwise they take their defaults.
        commit: Commit what merged without conflict; otherwise it is staged.
        trust: Let a third party's template run code.
        offline: Do not resolve dependencies again.
        say: Told what takes long.

    Raises:
        MlscaffoldError: See `errors`; nothing was written.
    """
    found = project.find(path)
    project.refuse_unready(found)
    with forecast(found, given, to=to, interactive=interactive, trust=trust, say=say) as seen:
        return _put("update", found, seen, commit=commit, offline=offline, say=say)


def set_answers(
    path: Path,
    given: Mapping[str, Any],
    *,
    commit: bool = False,
    trust: bool = False,
    offline: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> UpdateResult:
    """Merge the render of the same version with other answers into a project; as `update`."""
    if not given:
        raise UsageError("Which answer?", "--data", "Give one: mlscaffold set -d KEY=VALUE.")
    found = project.find(path)
    project.refuse_unready(found)
    with forecast(found, given, same_version=True, trust=trust, say=say) as seen:
        return _put("set", found, seen, commit=commit, offline=offline, say=say)


def _put(
    command: str,
    found: Project,
    seen: Forecast,
    *,
    commit: bool,
    offline: bool,
    say: Callable[[str], None],
) -> UpdateResult:
    """Put a forecast in place."""
    merge, settled = locks.settle(seen, found, offline=offline, say=say)
    made = ""
    if merge.changes or merge.stages:
        message = _message(command, seen) if commit and not merge.stages else None
        made = place.apply(found, merge, command, message=message).commit
    return UpdateResult(
        found.folder,
        seen.origin.name,
        seen.record.version,
        seen.version,
        seen.files,
        seen.untouched,
        seen.pins,
        settled,
        seen.answers,
        made,
        seen.notes,
    )


def _message(command: str, seen: Forecast) -> str:
    name, version = seen.origin.name, seen.version
    if command == "set":
        changed = [
            f"{key} = {value!r}"
            for key, value in seen.answers.items()
            if seen.record.answers.get(key) != value
        ]
        return f"Change answers of {name} {version}\n\n" + "\n".join(changed)
    notes = [each.notes for each in seen.news if each.notes]
    return "\n\n".join([f"Update {name} from {seen.record.version} to {version}", *notes])
