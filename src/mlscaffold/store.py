"""Files of released templates: a bare repository a template, in the user's cache.

    <cache>/store/<template>.git      every release, built from the bundles in the release log
    <cache>/store/<template>.lock     held while one is read or built

The store can be lost at any time. What it gives is checked against the release log; when that
fails, for whatever reason, it is built anew from the bundles. Where that cannot be done there is
one for the length of the call.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from . import catalog, releases, trees, workspace
from .errors import GitError, InputError, MlscaffoldError, TemplateError
from .git import git

if TYPE_CHECKING:
    from .releases import Release

_WAIT_S = 60.0  # for another process to build the store, which takes it a second


def cache_folder() -> Path | None:
    """The folder for what can be made again; None where nothing can be written.

    `MLSCAFFOLD_CACHE` names another than the system's.
    """
    try:
        if named := os.environ.get("MLSCAFFOLD_CACHE"):
            folder = Path(named).expanduser().absolute()
        else:
            from platformdirs import user_cache_path

            folder = user_cache_path("mlscaffold", appauthor=False)
        if not folder.is_absolute():  # the user has no home: "~" is left as it is
            return None
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError):
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


@contextmanager
def at_version(source: catalog.Source, version: str | None) -> Iterator[catalog.Source]:
    """A template of ours at a released version; its files are there until the context ends.

    Args:
        source: The template; it stays what it is when `version` is None or its own.
        version: A release, with or without a leading `v`; None for the files that are here.

    Raises:
        InputError: There is no such release, or the template is a third party's.
        TemplateError: The release cannot be unpacked.
        GitError: git is missing.
    """
    if version is None:
        yield source
        return
    if source.builtin is None:
        raise InputError(
            "Only built-in templates have releases of ours.",
            "--version",
            "For another, name a tag of its repository: --vcs-ref TAG.",
        )
    if source.builtin.version == version.removeprefix("v"):
        yield source
        return
    release = releases.find(source.builtin.name, version)
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as scratch:
        folder = unpack(release, Path(scratch, release.template))
        yield replace(source, url=str(folder), builtin=catalog.at_release(release, folder))


def unpack(release: Release, into: Path) -> Path:
    """Write the template's files, as they were at `release`, in the new folder `into`; returns it.

    Raises:
        TemplateError: The bundles that came with mlscaffold are damaged.
        GitError: git is missing.
        OSError: `into` cannot be written.
    """
    _require_git()
    if cache := cache_folder():
        # What stops it, a full disk say or another run that takes too long, may not stop the other.
        with suppress(MlscaffoldError, OSError):
            return _from_cache(cache / "store", release, into)
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as scratch:
        store = build(release.template, Path(scratch, "store.git"))
        return _checked(store, release, into)


def _from_cache(root: Path, release: Release, into: Path) -> Path:
    """Unpack from the store in `root`, building it when it is not there or not right."""
    from filelock import FileLock

    root.mkdir(exist_ok=True)
    store = root / f"{release.template}.git"
    with FileLock(root / f"{release.template}.lock", timeout=_WAIT_S):
        with suppress(MlscaffoldError, OSError):
            return _checked(store, release, into)
        _sweep(root, store)
        beside = build(release.template, root / f"{store.name}.{token_hex(4)}")
        if os.path.lexists(store):
            store.rename(root / f"{store.name}.{token_hex(4)}")
        beside.rename(store)
        _sweep(root, store)
        return _checked(store, release, into)


def _sweep(root: Path, store: Path) -> None:
    """Remove stores half built or replaced; whoever calls holds the lock."""
    for path in root.glob(f"{store.name}.*"):
        if path.is_dir() and not path.is_symlink():
            workspace.remove(path)
        else:
            path.unlink()


def build(name: str, store: Path) -> Path:
    """Make a bare repository of every release of a template in the new folder `store`.

    Raises:
        TemplateError: A bundle is missing, damaged, or not what the log says.
    """
    plain = ("--quiet", "--bare", "--template=", "--object-format=sha1")
    git(store.parent, "init", *plain, str(store))
    for release in releases.log(name):
        try:
            right = sha256(release.path.read_bytes()).hexdigest() == release.bundle
        except FileNotFoundError:
            right = False
        if not right:
            raise _damaged(release)
        try:
            run(store, "bundle", "unbundle", str(release.path))
            # Also what makes the commit count as present for the next bundle.
            run(store, "update-ref", f"refs/tags/{release.tag}", release.commit)
        except GitError as error:
            raise _damaged(release) from error
    return store


def run(store: Path, *args: str, stdin: str = "", **extra: str) -> str:
    """Git in a store, whoever owns it, whatever the user's settings say of bare repositories."""
    return git(store, *args, stdin=stdin, extra={"GIT_DIR": str(store), **extra})


def _checked(store: Path, release: Release, into: Path) -> Path:
    """Write a release's files from a store, and see that they are those of the log."""
    with ExitStack() as undo:
        into.mkdir()
        undo.callback(workspace.remove, into)
        write_tree(store, release.commit, into)
        if trees.digest(into, modes=False) != release.digest:
            raise _damaged(release)
        undo.pop_all()
    return into


def write_tree(store: Path, commit: str, into: Path) -> None:
    """Write the files of a commit in the empty folder `into`, byte for byte.

    No checkout: that would apply a template's own .gitattributes to its files.

    Raises:
        GitError: The store has no such commit, or not all of it.
    """
    listing = run(store, "ls-tree", "-r", "-z", commit)
    entries = [entry.partition("\t") for entry in listing.split("\0") if entry]
    heads = [head.split() for head, _, _ in entries]  # mode, type, id
    blobs = run(store, "cat-file", "--batch", stdin="".join(f"{head[2]}\n" for head in heads))
    rest = blobs.encode("utf-8", "surrogateescape")
    position = 0
    for (mode, _, _), (_, _, name) in zip(heads, entries, strict=True):
        start = rest.index(b"\n", position) + 1
        _, kind, *size = rest[position:start].split()  # "<id> blob <size>" or "<id> missing"
        if kind != b"blob":
            raise GitError(f"git cat-file failed: {name} is {kind.decode()}.", str(store))
        end = start + int(size[0])
        position = end + 1
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = rest[start:end]
        if mode == "120000":
            path.symlink_to(os.fsdecode(content))
        else:
            path.write_bytes(content)
            if mode == "100755":
                path.chmod(0o755)


def _require_git() -> None:
    import shutil

    if shutil.which("git") is None:
        raise GitError(
            "git was not found.", "", "Releases are kept in git: install it (https://git-scm.com)."
        )


def _damaged(release: Release) -> TemplateError:
    return TemplateError(
        f"Release {release.version} of {release.template} is damaged.",
        str(release.path),
        "Install mlscaffold again.",
    )
