"""Third-party templates: fetched once, there ever after; their tags are their versions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from mlscaffold import mirror as mirrors
from mlscaffold import store, tags
from mlscaffold.catalog import Source, locate
from mlscaffold.errors import InputError, TemplateError
from mlscaffold.mirror import fetch_url, mirror
from mlscaffold.render import render

from ..conftest import BASIC, Cli, git, snapshot, write


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("MLSCAFFOLD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def another_process() -> Callable[[], None]:
    """What a new process does not know of the one before."""

    def forget() -> None:
        mirrors.mirror.cache_clear()
        mirrors._temporary_root.cache_clear()

    forget()
    return forget


def release(folder: Path, tag: str, *, note: str = "", **files: str) -> str:
    """Commit files in a template's repository under a tag; returns the commit's id."""
    write(folder, files)
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", f"Change for {tag}")
    git(folder, "tag", tag, *(("-m", note) if note else ()))
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def theirs(template: Callable[..., Path]) -> Path:
    """A template with the versions 1.0.0 and 2.0.0."""
    folder = template("theirs.git")
    release(folder, "v1.0.0")
    release(folder, "v2.0.0", **{"project/later.txt": "later\n"})
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(theirs: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """The template's address over HTTP, and what ends the server."""
    git(theirs, "update-server-info")
    # What a forge serves at this path is the bare repository.
    handler = partial(_Quiet, directory=str(theirs / ".git"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    (theirs / ".git" / "theirs.git").symlink_to(theirs / ".git")

    def stop() -> None:
        if thread.is_alive():
            server.shutdown()
            server.server_close()
            thread.join(timeout=10)

    yield f"http://127.0.0.1:{server.server_port}/theirs.git", stop
    stop()


@pytest.mark.parametrize(
    "address",
    [
        "gh:owner/name",
        "gh:/owner/name",
        "gh:owner/name.git",
        "gl:group/sub/name",
        "git@example.org:owner/name.git",
        "git+https://example.org/name",
        "git+ssh://git@example.org/name.git",
        "git+file:///some/where",
        "git://example.org/name",
        "https://github.com/owner/name",
        "https://gitlab.com/owner/name.git",
        "https://example.org/name.git",
        "file:///some/where.git",
    ],
)
def test_git_is_given_what_copier_would_give_it(address: str) -> None:
    """Else Copier would not find the mirror in place of the address."""
    from copier._vcs import get_repo

    assert fetch_url(address) == get_repo(address)


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% ran",
        "git+ext::sh -c touch% ran",
        "fd::17",
        "--upload-pack=touch ran",
        "git+--upload-pack=touch ran",
        "-x",
        "",
        "https://example.org/a\nb.git",
    ],
)
def test_an_address_that_runs_a_program_is_refused(address: str, work: Path) -> None:
    with pytest.raises(InputError, match="is not the address of a template"):
        mirror(address)
    assert list(work.iterdir()) == []


def test_a_protocol_that_is_not_allowed_is_refused(cache_folder: Path) -> None:
    with pytest.raises(TemplateError, match="transport 'gopher' not allowed"):
        mirror("git+gopher://127.0.0.1/x.git")
    assert not list(cache_folder.glob("mirrors/*.git"))


def test_once_fetched_it_renders_without_its_server(
    served: tuple[str, Callable[[], None]], work: Path, another_process: Callable[[], None]
) -> None:
    address, stop = served
    source = locate(address)
    assert mirror(address).note == ""
    stop()
    another_process()
    copy = mirror(address)
    assert "cannot be reached" in copy.note
    assert "its copy of 20" in copy.note
    assert tags.versions(copy) == ("v1.0.0", "v2.0.0")
    commit = tags.resolve(copy, "v1.0.0")
    rendered = render(source, work / "old", {}, vcs_ref=commit)
    assert (rendered.version, rendered.commit) == ("v1.0.0", commit)
    recorded = yaml.safe_load((work / "old" / ".copier-answers.yml").read_text())
    assert (recorded["_commit"], recorded["_src_path"]) == ("v1.0.0", address)
    assert not (work / "old" / "later.txt").exists()
    newest = render(source, work / "new", {})
    assert (newest.version, newest.notes) == ("v2.0.0", (copy.note,))
    assert (work / "new" / "later.txt").exists()


def test_never_fetched_and_out_of_reach_is_a_sentence(
    served: tuple[str, Callable[[], None]], cache_folder: Path
) -> None:
    address, stop = served
    stop()
    with pytest.raises(TemplateError, match="cannot be fetched: git says") as caught:
        mirror(address)
    assert "network" in caught.value.hint
    assert not list(cache_folder.glob("mirrors/*.[gn]*"))


def test_a_new_release_is_seen_by_the_next_process_only(
    theirs: Path, another_process: Callable[[], None]
) -> None:
    address = f"git+file://{theirs}"
    assert tags.newest(mirror(address)) == "v2.0.0"
    release(theirs, "v2.1.0")
    git(theirs, "tag", "-d", "v1.0.0")
    git(theirs, "checkout", "-q", "-b", "trunk")
    head = release(theirs, "unversioned")
    assert tags.newest(mirror(address)) == "v2.0.0"
    another_process()
    assert tags.versions(mirror(address)) == ("v2.0.0", "v2.1.0")
    assert tags.resolve(mirror(address), "HEAD") == head


def test_a_password_in_an_address_stays_off_the_disk(
    theirs: Path, cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Path
) -> None:
    """The user's own configuration of git says where an address leads; here, to a folder."""
    config = tmp_path / "gitconfig"
    forge = "https://me:hush@github.com/"
    config.write_text(f'[url "{theirs.parent}/"]\n  insteadOf = {forge}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    address = f"{forge}theirs.git"
    assert mirror(address).url == address
    assert render(Source(address, address), work / "x", {}).version == "v2.0.0"
    for path in cache_folder.rglob("*"):
        assert not path.is_file() or b"hush" not in path.read_bytes()


@pytest.mark.parametrize("harm", ["objects", "refs", "file", "killed"])
def test_a_damaged_mirror_is_fetched_anew(
    theirs: Path, another_process: Callable[[], None], harm: str
) -> None:
    path = mirror(f"file://{theirs}").path
    if harm == "file":
        mirrors.workspace.remove(path)
        path.write_text("in the way")
    elif harm == "killed":
        write(path.with_suffix(".new"), {"HEAD": "half"})
    else:
        mirrors.workspace.remove(path / harm)
        (path / "packed-refs").unlink(missing_ok=harm == "refs")
    another_process()
    copy = mirror(f"file://{theirs}")
    assert copy.note == ""
    assert tags.versions(copy) == ("v1.0.0", "v2.0.0")
    assert not path.with_suffix(".new").exists()


def test_where_nothing_can_be_written_it_is_fetched_for_this_run(
    theirs: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "cache_folder", lambda: None)
    address = f"file://{theirs}"
    assert mirror(address).path.is_dir()
    assert render(Source(address, address), work / "x", {}).version == "v2.0.0"
    assert not store.cache_folder() or not list(store.cache_folder().glob("mirrors/*"))  # type: ignore[union-attr]


def test_copiers_own_cache_is_left_alone(theirs: Path, work: Path, tmp_path: Path) -> None:
    render(locate(f"git+file://{theirs}"), work / "x", {})
    assert not list((tmp_path / "home").rglob("*.git"))


def test_hooks_and_line_endings_of_the_user_do_not_reach_a_render(
    theirs: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = write(tmp_path / "hooks", {"post-checkout": f"#!/bin/sh\ntouch {work}/ran\n"})
    (hook / "post-checkout").chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n  hooksPath = {hook}\n  autocrlf = true\n  safecrlf = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    for name, address in [("a", f"file://{theirs}"), ("b", str(theirs))]:
        render(locate(address), work / name, {})
        assert (work / name / "later.txt").read_bytes() == b"later\n"
    assert not (work / "ran").exists()


def test_a_bundle_is_mirrored_too(theirs: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "theirs.bundle"
    git(theirs, "bundle", "create", "-q", str(bundle), "--all", "HEAD")
    assert tags.versions(mirror(str(bundle))) == ("v1.0.0", "v2.0.0")


def test_a_folder_is_read_where_it_is(theirs: Path, cache_folder: Path) -> None:
    copy = mirror(str(theirs))
    assert copy.path == theirs / ".git"
    assert tags.versions(copy) == ("v1.0.0", "v2.0.0")
    assert not list(cache_folder.glob("mirrors/*"))
    bare = theirs.with_name("bare")
    git(theirs, "clone", "-q", "--bare", ".", str(bare))
    assert tags.versions(mirror(str(bare))) == ("v1.0.0", "v2.0.0")


def test_a_folder_without_versions_says_why(template: Callable[..., Path], tmp_path: Path) -> None:
    plain = template("plain")
    git(tmp_path, "init", "-q")  # a repository around it is not its own
    with pytest.raises(TemplateError, match="is no git repository") as caught:
        mirror(str(plain))
    assert "git init" in caught.value.hint
    git(plain, "init", "-q")
    with pytest.raises(TemplateError, match="has no commit"):
        mirror(str(plain))
    release(plain, "nightly")
    copy = mirror(str(plain))
    assert tags.versions(copy) == ()
    with pytest.raises(TemplateError, match="no versions"):
        tags.newest(copy)


def test_versions_are_ordered_as_numbers_without_pre_releases(theirs: Path) -> None:
    for tag in ("v10.0.0", "9.1", "v11.0.0rc1", "v11.0.0.dev3", "nightly", "release-12"):
        git(theirs, "tag", tag)
    copy = mirror(str(theirs))
    assert tags.versions(copy) == ("v1.0.0", "v2.0.0", "9.1", "v10.0.0")
    assert tags.newest(copy) == "v10.0.0"
    assert tags.versions(copy, "v11.0.0rc1")[-1] == "v11.0.0rc1"


def test_a_reference_becomes_a_commit(theirs: Path) -> None:
    copy = mirror(f"file://{theirs}")
    first = git(theirs, "rev-parse", "v1.0.0").strip()
    second = git(theirs, "rev-parse", "HEAD").strip()
    assert tags.resolve(copy, "v1.0.0") == tags.resolve(copy, first[:8]) == first
    assert tags.resolve(copy, "main") == tags.resolve(copy, "HEAD") == second
    # What Copier records of a commit between two tags.
    assert tags.resolve(copy, f"v1.0.0-1-g{second[:7]}") == second


@pytest.mark.parametrize(
    "ref", ["--all", "-n1", "nosuch", "", "v1.0.0..v2.0.0", "HEAD@{1}", "v1.0.0:x", "a b", "v1\n"]
)
def test_what_is_no_reference_is_refused(theirs: Path, ref: str) -> None:
    with pytest.raises(InputError, match="no version, branch or commit") as caught:
        tags.resolve(mirror(f"file://{theirs}"), ref)
    assert "v1.0.0, v2.0.0" in caught.value.hint


def test_a_version_tells_what_it_changed(theirs: Path) -> None:
    (theirs / "more.txt").write_text("")
    git(theirs, "add", "-A")
    git(theirs, "commit", "-q", "-m", "Add more")
    release(theirs, "v3.0.0", note="Release v3.0.0")
    release(theirs, "v4.0.0", note="Faster by half\n\nAnd smaller too.")
    copy = mirror(str(theirs))
    assert tags.notes(copy, "v1.0.0") == ""
    assert tags.notes(copy, "v3.0.0", "v2.0.0") == "- Add more\n- Change for v3.0.0"
    assert tags.notes(copy, "v4.0.0", "v3.0.0") == "Faster by half\n\nAnd smaller too."


@pytest.mark.parametrize(
    ("migrations", "since", "needed"),
    [
        ("{version: v1.0.0, command: touch ran}", "v0.9.0", True),
        ("{version: v1.0.0, command: touch ran}", "v1.0.0", False),
        ("{version: v1.0.0, before: [touch ran]}", "v0.9.0", True),
        ("{version: v1.0.0, command: touch ran}", "0123abc", True),
        ("touch ran", "v9.9.9", True),
        ("touch ran", "", False),
    ],
)
def test_migrations_that_are_not_over_need_trust(
    theirs: Path, work: Path, migrations: str, since: str, needed: bool
) -> None:
    config = BASIC["copier.yml"] + f"_migrations: [{migrations}]\n"
    release(theirs, "v3.0.0", **{"copier.yml": config})
    source = locate(f"file://{theirs}")
    if needed:
        with pytest.raises(TemplateError, match="has migrations") as caught:
            render(source, work / "x", {}, since=since)
        assert "--trust" in caught.value.hint
    told = render(source, work / "y", {}, since=since, trust=True).notes
    assert any("not run" in note for note in told) is needed
    assert not (work / "y" / "ran").exists()


def test_a_project_updates_when_its_template_is_out_of_reach(
    theirs: Path, work: Path, cli: Cli
) -> None:
    address = f"file://{theirs}"
    assert cli("new", address, "x", "--defaults", "--vcs-ref", "v1.0.0").returncode == 0
    away = theirs.rename(theirs.with_name("away"))
    done = cli("update", "x", "--defaults")
    assert done.returncode == 0, done.stderr
    assert "cannot be reached" in done.stdout + done.stderr
    assert (work / "x" / "later.txt").read_text() == "later\n"
    recorded = yaml.safe_load((work / "x" / ".copier-answers.yml").read_text())
    assert (recorded["_commit"], recorded["_src_path"]) == ("v2.0.0", address)
    assert away.is_dir()


def test_an_update_that_would_run_tasks_needs_trust(theirs: Path, work: Path, cli: Cli) -> None:
    assert cli("new", str(theirs), "x", "--defaults").returncode == 0
    config = BASIC["copier.yml"] + "_tasks: [touch ran]\n"
    release(theirs, "v3.0.0", **{"copier.yml": config})
    before = snapshot(work / "x")
    done = cli("update", "x", "--defaults")
    assert (done.returncode, snapshot(work / "x")) == (1, before)
    assert "tasks" in done.stderr
    assert "--trust" in done.stderr
    assert cli("update", "x", "--defaults", "--trust").returncode == 0


def test_an_update_that_would_migrate_needs_trust(theirs: Path, work: Path, cli: Cli) -> None:
    assert cli("new", str(theirs), "x", "--defaults").returncode == 0
    config = BASIC["copier.yml"] + "_migrations: [{version: v3.0.0, command: touch ran}]\n"
    release(theirs, "v3.0.0", **{"copier.yml": config})
    before = snapshot(work / "x")
    done = cli("update", "x", "--defaults")
    assert (done.returncode, snapshot(work / "x")) == (1, before)
    assert "migrations" in done.stderr
