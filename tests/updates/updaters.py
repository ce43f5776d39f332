"""The two who update a project in this process: `mlscaffold update` and plain `copier update`."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from mlscaffold import origin, store
from mlscaffold.errors import MlscaffoldError

from .tree import git
from .verdict import Told

if TYPE_CHECKING:
    from mlscaffold.releases import Release
    from mlscaffold.render import Rendered


class RefusedError(Exception):
    """The update was refused, in a sentence."""


Updater = Callable[[Path], Told]


def ours(version: str) -> Updater:
    """`mlscaffold update --to VERSION --defaults`, off-line."""
    from mlscaffold.update import update

    def run(project: Path) -> Told:
        try:
            result = update(project, {}, to=version, offline=True)
        except MlscaffoldError as error:
            raise RefusedError(str(error)) from error
        return Told(
            "\n".join(result.notes),
            [each.path for each in result.locks],
            [each.path for each in result.conflicts],
            [each.path for each in result.files],
        )

    return run


@contextmanager
def renders_kept(folder: Path) -> Iterator[None]:
    """Render each release once for the same answers, and copy that afterwards.

    A render takes more than half of an update, and is the same each time.
    """
    render = origin.BuiltIn.render
    kept: dict[str, tuple[Path, Rendered]] = {}

    def copied(
        self: origin.BuiltIn,
        version: str,
        dest: Path,
        recorded: Mapping[str, Any],
        given: Mapping[str, Any],
        **options: bool,
    ) -> Rendered:
        key = repr((version, sorted(recorded.items()), sorted(given.items()), options))
        if key not in kept:
            into = folder / str(len(kept))
            kept[key] = (into, render(self, version, into, recorded, given, **options))
        shutil.copytree(kept[key][0], dest, symlinks=True)
        return kept[key][1]

    folder.mkdir()
    with patch.object(origin.BuiltIn, "render", copied):
        yield


def copiers(version: str) -> Updater:
    """`copier update --vcs-ref VERSION --defaults`."""
    from copier import run_update
    from copier.errors import UserMessageError

    def run(project: Path) -> Told:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run_update(
                    project,
                    vcs_ref=f"v{version}",
                    defaults=True,
                    overwrite=True,  # it refuses to run in a process without
                    quiet=True,
                )
        except UserMessageError as error:
            raise RefusedError(str(error)) from error
        except Exception as error:  # noqa: BLE001 - of which it has many
            return Told(crash=f"{type(error).__name__}: {' '.join(str(error).split())}")
        return Told()

    return run


def copier_project(dest: Path, before: Release, template: Path) -> None:
    """Make a project of a release with `copier copy` from a repository, committed.

    Args:
        dest: The folder to make.
        before: The release.
        template: Where to put the repository.
    """
    from copier import run_copy

    store.build(before.template, template)
    git(template, "symbolic-ref", "HEAD", "refs/heads/main")
    git(template, "update-ref", "refs/heads/main", before.commit)
    run_copy(
        str(template),
        dest,
        data={"copyright_year": "2026"},
        vcs_ref=before.tag,
        defaults=True,
        quiet=True,
    )
    git(dest, "init", "--quiet")
    git(dest, "add", "--all")
    git(dest, "commit", "--quiet", "-m", "Start")
    git(dest, "gc", "--quiet")
