"""Third-party templates: bare copies of their repositories.

    <cache>/mirrors/<hash of the address>.git     branches and tags, as of the last time online
    <cache>/mirrors/<hash of the address>.lock    held while it is fetched

A template in a folder of this machine is read where it is. Anything else is fetched once a command;
where it cannot be reached, the copy of last time does, and a note says of when it is.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from . import workspace
from .errors import GitError, InputError, TemplateError
from .git import PROTOCOLS, git
from .store import cache_folder

_SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
_REMOTE = ("git@", "git+", "git://", "ssh://", "http://", "https://", "file://", *_SHORTCUTS)
_WITHOUT_SUFFIX = tuple(_SHORTCUTS.values())  # hosts whose addresses may leave .git out
_ADDRESS = re.compile(r"[^-\x00-\x20:][^\x00-\x1f]*")

# The commit of their HEAD gets a name of ours: which branch it is on is of no interest.
_HEAD = "refs/mlscaffold/head"
_WANTED = (f"+HEAD:{_HEAD}", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
# A connection that stands still is no connection.
_IMPATIENT = ("http.lowSpeedLimit=1", "http.lowSpeedTime=20")
_FETCHED = "fetched"  # file in a mirror whose time is that of the last fetch
_DRAFT = ".new"  # in place of .git, until a mirror is whole
_WAIT_S = 120.0  # for another process to fetch the same


@dataclass(frozen=True)
class Mirror:
    """A template's repository, on this machine.

    Attributes:
        address: As a project records it.
        url: What git would fetch; empty for a repository that is read where it is.
        path: The repository itself: a bare one, or the .git of a folder.
        note: What the user should know; empty when it is as new as can be.
    """

    address: str
    url: str
    path: Path
    note: str = ""

    def git(self, *args: str, stdin: str = "", check: bool = True) -> str:
        """Run git in the repository; as `git.git`."""
        return _git(self.path, *args, stdin=stdin, check=check)


@cache
def mirror(address: str) -> Mirror:
    """The repository of a template, fetched anew at most once in this process.

    Args:
        address: `gh:owner/name`, an URL, a folder that is a repository, or a .bundle.

    Raises:
        InputError: It is no address, or one by which git would run a command.
        TemplateError: It cannot be fetched and never was, or the folder is no repository.
        GitError: git is missing.
    """
    url = fetch_url(address)
    if not address.startswith(_REMOTE) and Path(url).is_dir():
        return Mirror(address, "", _repository(Path(url)))
    root = _root()
    path = root / f"{sha256(url.encode()).hexdigest()}.git"
    from filelock import FileLock, Timeout

    try:
        with FileLock(path.with_suffix(".lock"), timeout=_WAIT_S):
            return Mirror(address, url, path, _refresh(path, url, address))
    except Timeout as error:
        raise TemplateError(
            "Another run has been fetching this template for minutes.",
            address,
            "Wait for it, or end it, and try again.",
        ) from error


def fetch_url(address: str) -> str:
    """What git is given to fetch `address`: shortcuts are written out, as Copier does.

    Raises:
        InputError: It starts like an option, or names a program for git to run (`ext::...`).
    """
    url = address
    for shortcut, host in _SHORTCUTS.items():
        if url.startswith(shortcut):
            url = host + url.removeprefix(shortcut).removeprefix("/")
    url = url.removeprefix("git+")
    if url.startswith(_WITHOUT_SUFFIX) and not url.endswith(".git"):
        url += ".git"
    if not _ADDRESS.fullmatch(url) or "::" in url.partition("/")[0]:
        raise InputError(
            f"{address!r} is not the address of a template.",
            "",
            "Give gh:owner/name, a URL, or a folder.",
        )
    return url if address.startswith(_REMOTE) else str(Path(url).expanduser())


def _git(path: Path, *args: str, stdin: str = "", check: bool = True) -> str:
    allowed = {"GIT_DIR": str(path), "GIT_ALLOW_PROTOCOL": PROTOCOLS}
    return git(path, *args, settings=_IMPATIENT, extra=allowed, stdin=stdin, check=check)


def _repository(folder: Path) -> Path:
    """The git folder of a template's folder, which must be the top of a repository with commits."""
    asked = ("--absolute-git-dir", "--is-bare-repository", "--show-cdup")
    told = git(folder, "rev-parse", *asked, check=False).splitlines()
    hint = "In its folder: git init && git add -A && git commit -m Start && git tag v1.0.0"
    if len(told) < 2 or any(told[2:]) or (told[1] == "true" and Path(told[0]) != folder.resolve()):
        raise TemplateError(
            "The template's folder is no git repository, so there are no versions to update to.",
            str(folder),
            hint,
        )
    path = Path(told[0])
    if not _git(path, "for-each-ref", "--count=1", check=False):
        raise TemplateError("The template's repository has no commit.", str(folder), hint)
    return path


def _root() -> Path:
    """The folder of all mirrors; one for this process where the user's cache cannot be written."""
    if folder := cache_folder():
        with suppress(OSError):
            (folder / "mirrors").mkdir(exist_ok=True)
            return folder / "mirrors"
    return _temporary_root()


@cache
def _temporary_root() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mlscaffold-mirrors-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _refresh(path: Path, url: str, address: str) -> str:
    """Bring the mirror up to date, and return what the user should know of it."""
    _remove(path.with_suffix(_DRAFT))
    if not _is_sound(path):
        _make(path, url, address)
        return ""
    try:
        _fetch(path, url)
    except GitError as error:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(_age(path)))
        said = error.what.removeprefix("git fetch failed: ").removesuffix(".")
        return f"{address} cannot be reached ({said}): its copy of {since} is used."
    return ""


def _make(path: Path, url: str, address: str) -> None:
    """Clone beside, then put in place: a clone that was stopped is never taken for a mirror."""
    beside = path.with_suffix(_DRAFT)
    command = ("clone", "--quiet", "--bare", "--template=", "--", url, str(beside))
    try:
        # The clone, not `init`, finds out what kind of object ids the template has.
        allowed = {"GIT_ALLOW_PROTOCOL": PROTOCOLS}
        git(path.parent, *command, settings=_IMPATIENT, extra=allowed)
        # The address, which may hold a password, does not stay on the disk.
        _git(beside, "config", "--remove-section", "remote.origin")
        _fetch(beside, url)
    except GitError as error:
        _remove(beside)
        if not shutil.which("git"):
            raise
        said = error.what.partition("failed: ")[2] or error.what
        raise TemplateError(
            f"The template cannot be fetched: git says {said!r}.",
            address,
            "Look at the address and the network; once it was fetched, it is there off-line too.",
        ) from error
    _remove(path)
    beside.rename(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        workspace.remove(path)
    else:
        path.unlink(missing_ok=True)


def _fetch(path: Path, url: str) -> None:
    quiet = ("--quiet", "--prune", "--no-write-fetch-head", "--no-recurse-submodules", "--no-tags")
    _git(path, "fetch", *quiet, "--", url, *_WANTED)
    _git(path, "update-ref", "--no-deref", "HEAD", _HEAD)
    (path / _FETCHED).touch()


def _is_sound(path: Path) -> bool:
    """Whether the mirror is there and knows the commits that its names stand for."""
    return bool(
        path.is_dir()
        and _git(path, "rev-parse", "--verify", "--quiet", f"{_HEAD}^{{tree}}", check=False)
        and _git(path, "for-each-ref", "--format=%(objecttype)", check=False)
    )


def _age(path: Path) -> float:
    try:
        return (path / _FETCHED).stat().st_mtime
    except OSError:
        return path.stat().st_mtime
