"""Commits hold what was rendered, whatever git's configuration says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlscaffold import repo

from ..conftest import git, write


def test_the_first_commit_holds_every_file_even_ignored_ones(work: Path) -> None:
    write(work, {".gitignore": "*.log\n", "a.log": "x", "sub/b": "y"})
    made = repo.first_commit(work, "Start")
    assert git(work, "ls-files").split() == [".gitignore", "a.log", "sub/b"]
    assert git(work, "rev-parse", "HEAD").strip() == made.id
    assert git(work, "branch", "--show-current").strip() == "main"
    assert git(work, "status", "--porcelain") == ""


def test_without_an_identity_ours_stands_in_and_nothing_is_configured(work: Path) -> None:
    write(work, {"a": ""})
    assert repo.first_commit(work, "Start").stand_in_identity
    assert git(work, "log", "--format=%an %ae").strip() == "mlscaffold mlscaffold@localhost"
    assert "user" not in (work / ".git" / "config").read_text()


@pytest.mark.parametrize("how", ["config", "environment"])
def test_the_users_identity_counts(work: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(work, {"a": ""})
    if how == "config":
        Path(os.environ["HOME"], ".gitconfig").write_text(
            "[user]\nname = Ada\nemail = ada@example.org\n[init]\ndefaultBranch = trunk\n"
        )
    else:
        for name in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
            monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
    assert not repo.first_commit(work, "Start").stand_in_identity
    assert git(work, "log", "--format=%an %ae %cn").strip() == "Ada ada@example.org Ada"
    if how == "config":
        assert git(work, "branch", "--show-current").strip() == "trunk"


def test_no_setting_of_the_user_changes_the_bytes_or_runs_code(work: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hook = write(hooks, {"pre-commit": "#!/bin/sh\ntouch ran\nexit 1\n"}) / "pre-commit"
    hook.chmod(0o755)
    (tmp_path / "excludes").write_text("*.txt\n")
    Path(os.environ["HOME"], ".gitconfig").write_text(
        f"[core]\nhooksPath = {hooks}\nexcludesFile = {tmp_path}/excludes\n"
        "autocrlf = true\nsafecrlf = true\n"
        "[commit]\ngpgSign = true\n[gpg]\nprogram = false\n"
    )
    (work / "a.txt").write_bytes(b"one\ntwo\r\n")
    repo.first_commit(work, "Start")
    assert not (work / "ran").exists()
    assert git(work, "-c", "core.autocrlf=false", "cat-file", "-s", "HEAD:a.txt").strip() == "9"


def test_the_repository_around_a_folder_is_found_without_git(work: Path) -> None:
    assert repo.enclosing(work) is None
    (work / ".git").mkdir()
    assert repo.enclosing(work / "a" / "b") == work
