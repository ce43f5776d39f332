"""The program git: the only module that starts it.

Every call runs with an environment cleared of what points git elsewhere (`GIT_DIR`,
`GIT_INDEX_FILE`, ...), with hooks off and with line-ending conversion off.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from .errors import GitError

# Who the user is, which configuration files count and how to reach a host: the rest of GIT_*
# redirects git.
_KEPT = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
_KEPT_PREFIXES = (
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_SSH",
    "GIT_SSL",
    "GIT_ASKPASS",
    "GIT_HTTP",
    "GIT_PROXY",
)

# Where a template may be fetched from: `ext::` and other helpers run commands.
PROTOCOLS = "file:git:http:https:ssh"

# No call of ours runs a program of the user's or tidies up a repository.
_QUIET = (
    f"core.hooksPath={os.devnull}",
    "core.safecrlf=false",
    "core.fsmonitor=false",
    "commit.gpgSign=false",
    "gc.auto=0",
)
# Bytes stay what they are, whatever the user configured.
_NEUTRAL = (
    f"core.excludesFile={os.devnull}",
    f"core.attributesFile={os.devnull}",
    "core.autocrlf=false",
)


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The process environment without what would send git to another repository."""
    base = os.environ if base is None else base
    kept = {
        key: value
        for key, value in base.items()
        if not key.startswith("GIT_") or key in _KEPT or key.startswith(_KEPT_PREFIXES)
    }
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def configuration(extra: Mapping[str, str], *, programs: bool = False) -> dict[str, str]:
    """The neutral configuration as environment variables, for a git that others start.

    Args:
        extra: Settings beside it.
        programs: Let hooks run and commits be signed, as the user configured.
    """
    ours = (*(() if programs else _QUIET), *_NEUTRAL)
    pairs = [(key, value) for key, _, value in (each.partition("=") for each in ours)]
    variables: dict[str, str] = {}
    for number, (key, value) in enumerate([*pairs, *extra.items()]):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables | {"GIT_CONFIG_COUNT": str(len(pairs) + len(extra))}


def require() -> None:
    """Raise GitError when there is no git."""
    if shutil.which("git") is None:
        raise GitError(
            "git was not found.",
            "",
            "Install git (https://git-scm.com). `mlscaffold new --no-git` does without.",
        )


def git(
    folder: Path,
    *args: str,
    settings: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
    check: bool = True,
    codes: Container[int] = (0,),
    stdin: str = "",
    neutral: bool = True,
) -> str:
    """Run git in `folder` and return what it printed.

    Text is UTF-8; bytes that are not come and go as surrogates, and line endings as they are.

    Args:
        folder: Working directory.
        args: Command and arguments.
        settings: `key=value` configuration beside the neutral one.
        extra: Environment variables beside the cleared environment.
        check: Raise when git fails; otherwise a failure is an empty answer.
        codes: Exit codes that are no failure.
        stdin: What git reads.
        neutral: Ignore what the user configured of line endings, attributes and exclusions; off
            where files of the user's work tree are read or written.

    Raises:
        GitError: git is missing, or failed with `check`; its own words are in the message.
    """
    all_settings = (*_QUIET, *(_NEUTRAL if neutral else ()), *settings)
    options = [part for setting in all_settings for part in ("-c", setting)]
    try:
        done = subprocess.run(
            ["git", *options, *args],
            cwd=folder,
            env=environment() | dict(extra or {}),
            input=stdin.encode("utf-8", "surrogateescape"),
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        require()
        raise GitError("git could not be started.", str(folder)) from error
    if done.returncode not in codes:
        if not check:
            return ""
        words = next(
            (line for line in reversed(_text(done.stderr).splitlines()) if line.strip()),
            f"exit {done.returncode}",
        )
        raise GitError(f"git {args[0]} failed: {words.strip()}", str(folder))
    return _text(done.stdout)


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")
