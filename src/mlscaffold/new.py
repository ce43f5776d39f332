"""`mlscaffold new`: render, check, commit, put in place in one step.

Nothing is seen at the destination before all of it is there; whatever goes wrong, what was there
before is there after.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__, git, new_journal, placement, project, recorded, renders, repo, workspace
from .answers import slug
from .check import File, check
from .errors import DeclinedError, InputError, TargetError, TemplateError
from .render import Rendered, render
from .target import Target, inspect, is_licence, nearest_folder

if TYPE_CHECKING:
    from .catalog import Source


@dataclass(frozen=True)
class Plan:
    """What is about to be written, for the user to confirm."""

    source: Source
    destination: Path
    answers: dict[str, Any]
    files: tuple[File, ...]


@dataclass(frozen=True)
class NewResult:
    """What `new` made, or with `dry_run` would make.

    Attributes:
        template: What the user asked for.
        version: The template's version; empty where it has none.
        source: The folder or address that it came from.
        destination: The project's folder.
        files: Every file written, with its size in bytes; a licence that was there already is not
            among them.
        answers: The answers it was made with, without secret ones.
        commit: Id of the first commit; empty without git.
        stand_in_identity: Whether the commit's author is ours for want of the user's.
        kept: Licence files that were there and stayed.
        dry_run: Nothing was written.
        notes: What the user should know.
    """

    template: str
    version: str
    source: str
    destination: Path
    files: tuple[File, ...]
    answers: dict[str, Any]
    commit: str = ""
    stand_in_identity: bool = False
    kept: tuple[str, ...] = ()
    dry_run: bool = False
    notes: tuple[str, ...] = ()


def new(
    source: Source,
    dest: Path | None,
    given: Mapping[str, Any],
    *,
    defaults: bool = False,
    interactive: bool = False,
    confirm: Callable[[Plan], bool] = lambda _: True,
    trust: bool = False,
    vcs_ref: str | None = None,
    with_git: bool = True,
    dry_run: bool = False,
) -> NewResult:
    """Make a project from a template.

    Args:
        source: The template.
        dest: Its folder; None for one in the working directory named after `project_name`.
        given: Answers by key.
        defaults: Take the default of every question not in `given`.
        interactive: Whether there is somebody to ask.
        confirm: Asked once, with everything rendered and checked and nothing written.
        trust: Let a third party's template run code.
        vcs_ref: Tag, branch or commit of a third party's template.
        with_git: Make a repository with a first commit, or a commit in the one that is there.
        dry_run: Render and check elsewhere, and write nothing.

    Raises:
        MlscaffoldError: See `errors`; the destination is as it was.
    """
    if with_git:
        git.require()
    target = _target(source, dest)
    answered = partial(render, source, given=given, defaults=defaults, interactive=interactive)
    render_into = partial(answered, trust=trust, vcs_ref=vcs_ref)
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="mlscaffold-") as scratch:
            tree = Path(scratch, target.path.name if target else "project")
            rendered = render_into(tree, tasks=False)
            return _finish(source, tree, rendered, _named(target, rendered), dry_run=True)
    with workspace.staging(target) as stage:
        rendered = render_into(stage.tree)
        target = _named(target, rendered)
        workspace.normalise_modes(stage.tree)
        result = _finish(source, stage.tree, rendered, target, trust=trust)
        if not confirm(Plan(source, target.path, rendered.answers, result.files)):
            raise DeclinedError("You said no: nothing was written.")
        _keep(source, stage.tree)
        # What a task made and .gitignore names, an environment say, is not the template's.
        return _put(stage, target, result, with_git=with_git, ignored=not trust)


def _target(source: Source, dest: Path | None) -> Target | None:
    """The destination, cleared of what dead runs left; None when the answers will name it."""
    if dest is None:
        workspace.sweep(Path.cwd())
        return None
    with suppress(OSError, ValueError, RuntimeError):  # a bad path is for inspect() to refuse
        path = dest.expanduser().resolve()
        for folder in {path, nearest_folder(path)}:
            workspace.sweep(folder)
    target = inspect(dest)
    if source.folder and target.path.is_relative_to(source.folder):
        raise TargetError(
            "The destination lies inside the template.",
            str(target.path),
            "Choose a folder outside it.",
        )
    return target


def _named(target: Target | None, rendered: Rendered) -> Target:
    """The target itself, or the one that the answers name; it must not exist."""
    if target is not None:
        return target
    name = slug(str(rendered.answers.get("project_name", "")))
    if not name:
        raise InputError(
            "The template does not say how to name the folder.",
            "",
            "Give it: mlscaffold new TEMPLATE DEST.",
        )
    path = Path.cwd() / name
    if os.path.lexists(path):
        raise TargetError(
            "The folder named after the project exists already.",
            str(path),
            "Give another: mlscaffold new TEMPLATE DEST.",
        )
    return inspect(path)


def _finish(
    source: Source,
    tree: Path,
    rendered: Rendered,
    target: Target,
    *,
    trust: bool = False,
    dry_run: bool = False,
) -> NewResult:
    """Check the tree and say what it is."""
    if not tree.is_dir():
        raise TemplateError("The template made no files.", source.url, "Is it a Copier template?")
    checked = check(
        tree,
        keys=rendered.keys,
        answers=rendered.answers,
        strict=source.builtin is not None,
        trust=trust,
    )
    written = tuple(file for file in checked.files if not _is_kept(file.path, target))
    return NewResult(
        template=source.spec,
        version=rendered.version,
        source=source.address,
        destination=target.path,
        files=written,
        answers=rendered.answers,
        kept=target.licences,
        dry_run=dry_run,
        notes=rendered.notes + checked.notes,
    )


def _keep(source: Source, tree: Path) -> None:
    """Keep the render of a template of ours, for the first `status` or `update` to be quick."""
    if source.builtin:
        record = recorded.read(tree / project.ANSWERS_FILE)
        renders.keep(renders.key(record.address, record.version, record.answers), tree)


def _is_kept(path: str, target: Target) -> bool:
    """Whether the licence that is there stays in place of the rendered file `path`."""
    return bool(target.licences) and is_licence(path)


def _put(
    stage: workspace.Staging, target: Target, result: NewResult, *, with_git: bool, ignored: bool
) -> NewResult:
    """Commit the render where nobody sees it, then put it in place."""
    for path in list(stage.tree.iterdir()):
        if _is_kept(path.name, target):
            path.unlink()
        elif path.name == ".git" and target.repository:  # a task's, where there is one already
            workspace.remove(path)
    made: repo.Commit | None = None
    if with_git and target.repository:
        made = repo.commit_tree(
            target.repository, stage.tree, stage.root / "index", _message(result), ignored=ignored
        )
    elif with_git:
        for name in target.licences:
            shutil.copy2(target.path / name, stage.tree / name)
        made = repo.first_commit(stage.tree, _message(result), ignored=ignored)
        new_journal.write(stage.tree, target, made.id)
    if made and target.repository:
        record = new_journal.begin(stage.root, stage.tree, target, made.id)
        placement.merge(stage.root, stage.tree, target, made.id)
        new_journal.finish(record, target)
    elif target.exists:
        placement.merge(stage.root, stage.tree, target)
    else:
        placement.place(stage.tree, target)
    return replace(
        result,
        commit=made.id if made else "",
        stand_in_identity=made.stand_in_identity if made else False,
        notes=result.notes + _notes(target, result, with_git=with_git),
    )


def _message(result: NewResult) -> str:
    version = f" {result.version}" if result.version else ""
    made_by = f"Made by mlscaffold {__version__} from {result.source}."
    return f"Start from {result.template}{version}\n\n{made_by}"


def _notes(target: Target, result: NewResult, *, with_git: bool) -> tuple[str, ...]:
    written = {file.path.lower() for file in result.files} if with_git else set()
    notes = [
        f"{name} was replaced; `git show HEAD~1:{name}` shows yours."
        for name in target.readmes
        if name.lower() in written
    ]
    if target.licences:
        notes.append(f"Your {target.licences[0]} was kept: make the metadata agree with it.")
    outer = repo.enclosing(target.path.parent)
    if outer and with_git and not target.repository:
        notes.append(f"It is a repository inside the repository {outer}; --no-git makes none.")
    return tuple(notes)
