"""The environment that Copier runs in: nothing of the user's git in it, nothing of Copier's left.

Copier starts git through plumbum, which has a copy of the process environment of its own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import git
from .mirror import mirror

if TYPE_CHECKING:
    from .catalog import Source


@contextmanager
def isolated(source: Source, *, programs: bool) -> Iterator[None]:
    """Have Copier run git as we do, and find what it wants to fetch in our mirror of it.

    Args:
        source: The template.
        programs: Whether hooks may run, as a trusted template's tasks may expect.
    """
    from plumbum import local

    with local.env():  # plumbum keeps a copy of the environment; it is put back at the end
        for key in [key for key in local.env.keys() if key.startswith("GIT_")]:  # noqa: SIM118 - not a mapping
            del local.env[key]
        local.env.update(git.environment(), GIT_ALLOW_PROTOCOL=git.PROTOCOLS)
        if source.builtin:
            # Our templates are plain folders. Copier would still start git once a file to look for
            # a repository around them: where PATH leads nowhere it does not find any.
            local.env["PATH"] = os.devnull
            yield
            return
        git.require()
        if source.folder:
            local.env.update(git.configuration({}, programs=programs))
            yield
            return
        found = mirror(source.url)
        instead = {f"url.{found.path.as_posix()}.insteadOf": found.url}
        local.env.update(git.configuration(instead, programs=programs))
        with _without_cache():
            yield


@contextmanager
def _without_cache() -> Iterator[None]:
    """Give Copier a new folder for its own mirrors: what it fetches is on this machine already."""
    name = "COPIER_CACHE_DIR"
    before = os.environ.get(name)
    with tempfile.TemporaryDirectory(prefix="mlscaffold-", ignore_cleanup_errors=True) as folder:
        os.environ[name] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before
