"""git is started in a clean environment, and its errors are sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold import git
from mlscaffold.errors import GitError


def test_the_environment_is_cleared_of_what_redirects_git() -> None:
    given = {
        "GIT_DIR": "x",
        "GIT_INDEX_FILE": "x",
        "GIT_WORK_TREE": "x",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "a.b",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_CONFIG_GLOBAL": "/g",
        "GIT_SSH_COMMAND": "ssh",
        "PATH": "/bin",
    }
    kept = git.environment(given)
    assert {key for key in kept if key in given} == {
        "GIT_AUTHOR_NAME",
        "GIT_CONFIG_GLOBAL",
        "GIT_SSH_COMMAND",
        "PATH",
    }


def test_git_errors_are_sentences(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GitError, match="git rev-parse failed: fatal: not a git repository"):
        git.git(work, "rev-parse", "HEAD")
    monkeypatch.setenv("PATH", str(work))
    with pytest.raises(GitError, match="git was not found") as caught:
        git.git(work, "status")
    assert "--no-git" in caught.value.hint
