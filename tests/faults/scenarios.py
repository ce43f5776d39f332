"""Items 10-32 of the fault plan: what a user has, what the template does, and whose work is left.

Each is told once and happens to a project of either side.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .sides import FIRST, OURS, Run, World

# What became of the user's work.
KEPT = "kept"  # it is there, and so is what the template changed
CONFLICT = "conflict"  # both are there, and git says so
WHOLE = "whole-file conflict"  # every line of the file is in it
REPORTED = "reported"  # the user's decision stands and the output names it
NOT_TOLD = "kept, not told"  # the user's decision stands
REFUSED = "refused"  # nothing was changed, and a sentence says why
UPDATED = "updated"  # the update was made as it should be
BACK = "one undo away"  # as it was, or it can be had back with one command
LOST = "lost"
OVERWRITTEN = "overwritten"
ACCEPTED = "accepted"  # it should have been refused
HALF = "half done"
CRASH = "traceback"
BOTH = "both ran"
HOOKS_RAN = "hooks ran"
BLOCKED = "does not update"

BAD = frozenset({LOST, OVERWRITTEN, ACCEPTED, HALF, CRASH, BOTH, HOOKS_RAN, BLOCKED})
WORDS = BAD | {KEPT, CONFLICT, WHOLE, REPORTED, NOT_TOLD, REFUSED, UPDATED, BACK}


def text(name: str, lines: int = 20) -> bytes:
    """Lines that are like no other file's."""
    return b"".join(b"%s line %d\n" % (name.encode(), number) for number in range(1, lines + 1))


STRANGE = ("docs/with space.md", "docs/-n", "docs/[x].md", "docs/\u00e9.md")
ANSWERS = "project/{{ _copier_conf.answers_file }}.jinja"
TEMPLATE: dict[str, bytes] = {
    "copier.yml": (
        b"_subdirectory: project\n_preserve_symlinks: true\n"
        b"project_name: {type: str, default: Demo}\n"
    ),
    ANSWERS: b"# not by hand\n{{ _copier_answers | to_nice_yaml -}}\n",
    "project/README.md.jinja": b"# {{ project_name }}\n" + text("readme"),
    "project/.gitignore": b".env\n*.local\nlogs/\n",
    "project/.env": b"TOKEN=default\n" + text("env"),
    "project/logs/keep.log": text("log"),
    "project/settings.cfg": text("settings"),
    "project/src/app.py": text("app"),
    "project/src/util.py": text("util"),
    "project/config": text("config"),
    "project/logo.bin": bytes(range(256)) * 4,
    "project/run.sh": b"#!/bin/sh\n" + text("run"),
    "project/pyproject.toml": (
        b'[project]\nname = "demo"\nversion = "0.1.0"\ndependencies = [\n'
        b'  "httpx>=0.27",\n  "numpy>=1.26",\n  "rich>=13",\n]\n' + b"# end\n"
    ),
    **{f"project/{name}": text(name) for name in STRANGE},
}


@dataclass(frozen=True)
class Scenario:
    """One thing that can happen.

    Attributes:
        id: Its number in the fault plan, and a letter where there are several.
        title: What the user has and what the template does.
        wanted: What must become of it.
        template: Makes the new version, in the `project` folder of the template.
        user: What the user does before the update.
        judge: What became of it, after the update.
        update: Runs the update, where it is not one plain run.
    """

    id: str
    title: str
    wanted: str
    template: Callable[[Path], None]
    user: Callable[[World], None]
    judge: Callable[[World, Run], str]
    update: Callable[[World], Run] = World.run


SCENARIOS: list[Scenario] = []


def run(scenario: Scenario, world: World) -> tuple[str, Run]:
    """Let a scenario happen; returns what became of the user's work, and what the update said."""
    scenario.user(world)
    before = world.state()
    done = scenario.update(world)
    if done.crashed:
        return CRASH, done
    if done.code not in (0, 3) and world.state() == before:
        return REFUSED, done
    return scenario.judge(world, done), done


# What the two sides do ----------------------------------------------------------------------------


def edits(*names: str) -> Callable[[Path], None]:
    """The template changes a line near the end of files."""

    def change(folder: Path) -> None:
        for name in names:
            path = folder / name
            content = path.read_bytes()
            assert b"line 18\n" in content
            path.write_bytes(content.replace(b"line 18\n", b"line 18 of the template\n"))

    return change


THEIRS = b"line 18 of the template"
README = "README.md.jinja"


def mine(*names: str) -> Callable[[World], None]:
    """The user changes a line near the start of files, and commits."""

    def change(world: World) -> None:
        for name in names:
            world.replace(name, b"line 3\n", b"line 3 of mine\n")
        world.commit()

    return change


MINE = b"line 3 of mine"


def nothing(_: World) -> None:
    """The user does nothing."""


def fate(*names: str, whole: bool = True) -> Callable[[World, Run], str]:
    """What became of the user's line in files; the worst of them.

    Args:
        names: Files that the user changed.
        whole: The template's line has to be there too.
    """

    def judge(world: World, done: Run) -> str:
        found = {_fate(world, done, name, whole=whole) for name in names}
        return next(each for each in (LOST, CONFLICT, BLOCKED, KEPT) if each in found)

    return judge


def _fate(world: World, done: Run, name: str, *, whole: bool) -> str:
    somewhere = {path for path in files_of(world) if MINE in world.read(path)}
    if name in world.unmerged() or any(b"<<<<<<<" in world.read(path) for path in somewhere):
        return CONFLICT if somewhere or MINE in world.staged() else LOST
    if not somewhere:
        return LOST
    if done.code == 3:
        return CONFLICT
    return KEPT if not whole or any(THEIRS in world.read(path) for path in somewhere) else BLOCKED


def files_of(world: World) -> list[str]:
    """Files in the project's folder, outside .git."""
    found = (path.relative_to(world.project) for path in world.project.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if path.parts[0] != ".git")


def updated(world: World, _: Run) -> str:
    """Whether the template's change has arrived and the user's is still there."""
    if MINE not in world.read("src/app.py"):
        return LOST
    return UPDATED if THEIRS in world.read("README.md") else BLOCKED


def not_refused(_: World, done: Run) -> str:
    """What should have been refused was not."""
    return ACCEPTED if done.code == 0 else HALF


_plain = edits(README)


def scenario(
    id_: str,
    title: str,
    wanted: str,
    template: Callable[[Path], None] = _plain,
    judge: Callable[[World, Run], str] = updated,
    update: Callable[[World], Run] = World.run,
) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Add what the user does to the scenarios."""

    def add(user: Callable[[World], None]) -> Callable[[World], None]:
        SCENARIOS.append(Scenario(id_, title, wanted, template, user, judge, update))
        return user

    return add


# 10-12: what git does not see ---------------------------------------------------------------------


def _ignored(world: World, _: Run) -> str:
    return KEPT if world.read(".env").startswith(b"TOKEN=mine\n") else OVERWRITTEN


@scenario(
    "10",
    "an ignored `.env` that you filled in; the template changes its own",
    KEPT,
    edits(".env", README),
    _ignored,
)
def _(world: World) -> None:
    world.git("rm", "--cached", "-q", "--", ".env")
    world.replace(".env", b"TOKEN=default", b"TOKEN=mine")
    world.commit()


def _adds(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(text("added"))

    return change


def _untouched(name: str) -> Callable[[World, Run], str]:
    def judge(world: World, _: Run) -> str:
        return KEPT if world.read(name) == b"mine alone\n" else OVERWRITTEN

    return judge


@scenario(
    "11a",
    "an ignored file of yours stands where the template adds one",
    REFUSED,
    _adds("secrets.local"),
    _untouched("secrets.local"),
)
def _(world: World) -> None:
    world.write("secrets.local", b"mine alone\n")


@scenario(
    "11b",
    "an untracked file of yours stands where the template adds one",
    REFUSED,
    _adds("added.txt"),
    _untouched("added.txt"),
)
def _(world: World) -> None:
    world.write("added.txt", b"mine alone\n")


def _hidden(flag: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.git("update-index", flag, "src/app.py")
        world.replace("src/app.py", b"line 3\n", b"line 3 of mine\n")

    return change


for _id, _flag in (("12a", "skip-worktree"), ("12b", "assume-unchanged")):
    SCENARIOS.append(
        Scenario(
            _id,
            f"your edit is hidden from git by `{_flag}`; the template changes the file",
            REFUSED,
            edits("src/app.py"),
            _hidden(f"--{_flag}"),
            fate("src/app.py", whole=False),
        )
    )


# 13-16: both sides change a file ------------------------------------------------------------------


def _removes(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _renames(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        edits(old)(folder)
        (folder / old).rename(folder / new)

    return change


SCENARIOS += [
    Scenario(
        "13",
        "you edited a file; the template deletes it",
        CONFLICT,
        _removes("src/util.py"),
        mine("src/util.py"),
        fate("src/util.py"),
    ),
    Scenario(
        "14",
        "you edited a file; the template renames and changes it",
        KEPT,
        _renames("src/util.py", "src/helpers.py"),
        mine("src/util.py"),
        fate("src/helpers.py"),
    ),
]


def _binary(world: World, done: Run) -> str:
    if world.read("logo.bin").startswith(b"\0mine"):
        return CONFLICT if "logo.bin" in world.unmerged() or done.code == 3 else KEPT
    return CONFLICT if world.staged().startswith(b"\0mine") else OVERWRITTEN


def _other_binary(folder: Path) -> None:
    (folder / "logo.bin").write_bytes(b"\0theirs" + bytes(range(256)))


@scenario("15a", "you replaced a binary file; the template changes others", KEPT, judge=_binary)
@scenario(
    "15b", "you and the template replaced the same binary file", CONFLICT, _other_binary, _binary
)
def _(world: World) -> None:
    world.write("logo.bin", b"\0mine" + bytes(range(256)))
    world.commit()


@scenario(
    "16a",
    "you edited a tracked file that `.gitignore` matches; the template changes it",
    KEPT,
    edits("logs/keep.log"),
    fate("logs/keep.log"),
)
def _(world: World) -> None:
    world.git("add", "-f", "logs/keep.log")
    mine("logs/keep.log")(world)


@scenario(
    "16b",
    "the same with your own global excludes",
    KEPT,
    edits("settings.cfg"),
    fate("settings.cfg"),
)
def _(world: World) -> None:
    (world.folder / "home" / "ignore").write_text("*.cfg\n")
    world.configure(f"[core]\n  excludesFile = {world.folder}/home/ignore\n")
    mine("settings.cfg")(world)


# 17-22: shapes of files ---------------------------------------------------------------------------


def _crlf(world: World, done: Run) -> str:
    content = world.read("src/app.py")
    found = fate("src/app.py")(world, done)
    if found == CONFLICT:
        return WHOLE
    return found if b"\n" not in content.replace(b"\r\n", b"") else OVERWRITTEN


@scenario(
    "17a",
    "your checkout has CRLF (`core.autocrlf`); both change a file",
    KEPT,
    edits("src/app.py"),
    _crlf,
)
def _(world: World) -> None:
    world.configure("[core]\n  autocrlf = true\n")
    mine("src/app.py")(world)
    for path in world.git("ls-files", "-z").split("\0"):
        if path and not world.path(path).is_symlink():
            world.path(path).unlink()
    world.git("checkout", "-q", "--", ".")
    assert b"\r\n" in world.read("src/app.py")


@scenario(
    "17b",
    "you turned a file to CRLF and edited it; the template changes it",
    KEPT,
    edits("src/app.py"),
    _crlf,
)
def _(world: World) -> None:
    world.write("src/app.py", world.read("src/app.py").replace(b"\n", b"\r\n"))
    world.replace("src/app.py", b"line 3\r\n", b"line 3 of mine\r\n")
    world.git("config", "core.autocrlf", "false")
    world.commit()


@scenario(
    "18",
    "you and the template added the same path",
    CONFLICT,
    _adds("added.txt"),
    fate("added.txt"),
)
def _(world: World) -> None:
    world.write("added.txt", b"line 3 of mine\n" * 5)
    world.commit()


def _to_folder(folder: Path) -> None:
    (folder / "config").unlink()
    (folder / "config").mkdir()
    (folder / "config" / "base.toml").write_bytes(text("base"))


def _folder_there(world: World, _: Run) -> str:
    there = world.read("config/base.toml") == text("base")
    return UPDATED if there and MINE in world.read("src/app.py") else LOST


SCENARIOS += [
    Scenario(
        "19a",
        "a file becomes a folder in the template",
        UPDATED,
        _to_folder,
        mine("src/app.py"),
        _folder_there,
    ),
    Scenario(
        "19b",
        "a file that you edited becomes a folder in the template",
        CONFLICT,
        _to_folder,
        mine("config"),
        fate("config"),
    ),
]


def _stays_away(world: World, done: Run) -> str:
    if world.read("src/util.py"):
        return CONFLICT if "src/util.py" in world.unmerged() else OVERWRITTEN
    return REPORTED if "src/util.py" in done.text else NOT_TOLD


@scenario(
    "20", "you deleted a file; the template changes it", REPORTED, edits("src/util.py"), _stays_away
)
def _(world: World) -> None:
    world.path("src/util.py").unlink()
    world.commit()


def _modes(world: World, _: Run) -> str:
    executable = os.access(world.path("src/app.py"), os.X_OK)
    plain = not os.access(world.path("run.sh"), os.X_OK)
    link = world.path("link")
    linked = link.is_symlink() and link.readlink() == Path("src/app.py")
    arrived = THEIRS in world.read("src/app.py") and THEIRS in world.read("run.sh")
    if not (executable and plain and linked):
        return LOST
    return KEPT if arrived else BLOCKED


@scenario(
    "21",
    "you changed executable bits and a symbolic link; the template the contents",
    KEPT,
    edits("src/app.py", "run.sh"),
    _modes,
)
def _(world: World) -> None:
    world.path("src/app.py").chmod(0o755)
    world.path("run.sh").chmod(0o644)
    world.path("link").unlink()
    world.path("link").symlink_to("src/app.py")
    world.commit()


SCENARIOS.append(
    Scenario(
        "22",
        "names with a space, `-n`, `[x]`, `\u00e9`; both change the files",
        KEPT,
        edits(*STRANGE),
        mine(*STRANGE),
        fate(*STRANGE),
    )
)


# 23, 24: interrupted ------------------------------------------------------------------------------

KILLS = 20


def _killed(world: World) -> Run:
    """Kill the update at moments of its length, most near the end where files are written.

    The first that leaves a mess counts.
    """
    before = world.state()
    whole = world.copy("whole")
    began = time.monotonic()
    done = whole.run()
    length = time.monotonic() - began
    after = whole.state()
    if done.code:
        return done
    for number in range(KILLS):
        victim = world.copy(f"killed-{number}")
        victim.kill_after(length * (1 - 0.7 * (number / KILLS) ** 2))
        if victim.state() in (before, after):
            continue
        if world.side is OURS and victim.run("undo", ".").code == 0 and victim.state() == before:
            continue
        return Run(0, HALF, "")
    return Run(0, BACK, "")


def _two(world: World) -> Run:
    """Two updates of one project at once."""
    whole = world.copy("whole")
    whole.run()
    processes = [world.start() for _ in range(2)]
    said = [b"".join(each.communicate()).decode("utf-8", "replace") for each in processes]
    codes = sorted(each.returncode for each in processes)
    if any("Traceback" in each for each in said):
        return Run(1, "", said[0] + said[1])
    right = codes == [0, 1] and world.state() == whole.state()
    return Run(0, UPDATED if right else BOTH if codes == [0, 0] else HALF, said[0] + said[1])


def _as_said(_: World, done: Run) -> str:
    return done.out if done.out in (BACK, HALF, UPDATED, BOTH) else BLOCKED


SCENARIOS += [
    Scenario(
        "23",
        f"the update is killed (SIGKILL, at {KILLS} moments)",
        BACK,
        edits(README, "src/util.py", "run.sh"),
        mine("src/app.py"),
        _as_said,
        _killed,
    ),
    Scenario(
        "24",
        "two updates at once: one is made, the other refused",
        UPDATED,
        edits(README),
        mine("src/app.py"),
        _as_said,
        _two,
    ),
]


# 25: the state of the repository ------------------------------------------------------------------


@scenario("25a", "uncommitted changes", REFUSED, edits("src/app.py"), not_refused)
def _(world: World) -> None:
    world.replace("src/app.py", b"line 3\n", b"line 3 of mine\n")


@scenario("25b", "a merge under way", REFUSED, judge=not_refused)
def _(world: World) -> None:
    mine("src/app.py")(world)
    world.git("checkout", "-q", "-b", "other", "HEAD~1")
    world.write("other.txt", b"other\n")
    world.commit()
    world.git("merge", "-q", "--no-commit", "--no-ff", "main")


@scenario("25c", "a repository without a commit", REFUSED, judge=not_refused)
def _(world: World) -> None:
    world.git("update-ref", "-d", "HEAD")
    world.git("rm", "-r", "-q", "--cached", ".")


@scenario("25d", "a detached HEAD", UPDATED)
def _(world: World) -> None:
    mine("src/app.py")(world)
    world.git("checkout", "-q", "--detach")


@scenario("25e", "no repository", REFUSED, judge=not_refused)
def _(world: World) -> None:
    world.path(".git").rename(world.folder / "elsewhere.git")


@scenario("25f", "a project in a subfolder of a larger repository", UPDATED)
def _(world: World) -> None:
    inner = world.project / "inner"
    inner.mkdir()
    for name in {path.partition("/")[0] for path in world.git("ls-files", "-z").split("\0")} - {""}:
        world.git("mv", "-k", "--", name, "inner/")
    world.write("README.md", b"# outer\n")
    world.project = inner
    mine("src/app.py")(world)


# 26-28: the user's git ----------------------------------------------------------------------------


@scenario("26", "`GIT_DIR` and `GIT_INDEX_FILE` point elsewhere", UPDATED)
def _(world: World) -> None:
    mine("src/app.py")(world)
    elsewhere = world.folder / "elsewhere"
    elsewhere.mkdir()
    world.git("init", "-q", cwd=elsewhere)
    world.env = {
        "GIT_DIR": str(elsewhere / ".git"),
        "GIT_INDEX_FILE": str(elsewhere / "index"),
    }


def _no_hook(world: World, done: Run) -> str:
    return HOOKS_RAN if (world.folder / "ran").exists() else updated(world, done)


@scenario("27", "hooks of yours for every repository (`core.hooksPath`)", UPDATED, judge=_no_hook)
def _(world: World) -> None:
    mine("src/app.py")(world)
    hooks = world.folder / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "post-checkout", "post-index-change", "commit-msg", "post-commit"):
        hook = hooks / name
        hook.write_text(f"#!/bin/sh\ntouch '{world.folder}/ran'\n")
        hook.chmod(0o755)
    world.configure(f"[core]\n  hooksPath = {hooks}\n")


@scenario("28a", "`core.autocrlf` and `core.safecrlf` are set", UPDATED)
def _(world: World) -> None:
    mine("src/app.py")(world)
    world.configure("[core]\n  autocrlf = true\n  safecrlf = true\n")


@scenario("28b", "`core.autocrlf = input` and `core.safecrlf`, with a CRLF file", UPDATED)
def _(world: World) -> None:
    world.write("notes.txt", b"windows\r\n" * 3)
    mine("src/app.py")(world)
    world.configure("[core]\n  autocrlf = input\n  safecrlf = true\n")


# 29, 30: the answers file -------------------------------------------------------------------------

FILE = ".copier-answers.yml"


def _answers(change: Callable[[bytes], bytes | None]) -> Callable[[World], None]:
    def edit(world: World) -> None:
        content = change(world.read(FILE))
        if content is None:
            world.path(FILE).unlink()
        else:
            world.write(FILE, content)
        world.commit()

    return edit


def _entry(key: bytes, value: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        lines = [line for line in content.splitlines() if not line.startswith(key + b":")]
        return b"\n".join([*lines, key + b": " + value, b""])

    return change


for _id, _what, _change in (
    ("29a", "is missing", lambda _: None),
    ("29b", "is empty", lambda _: b""),
    ("29c", "is a list", lambda _: b"- one\n- two\n"),
    (
        "29d",
        "holds conflict markers",
        lambda text: b"<<<<<<< HEAD\n" + text + b"=======\n" + text + b">>>>>>> theirs\n",
    ),
    (
        "29e",
        "holds `!!python/object`",
        lambda text: text + b"x: !!python/object/apply:os.getcwd []\n",
    ),
):
    SCENARIOS.append(
        Scenario(
            _id, f"the answers file {_what}", REFUSED, edits(README), _answers(_change), not_refused
        )
    )

for _id, _what, _key, _value in (
    ("30a", "`_commit` names no version", b"_commit", b"v7.7.7"),
    ("30b", "`_commit` looks like an option", b"_commit", b"--upload-pack=touch"),
    (
        "30c",
        "`_src_path` is `ext::...`, which runs a command",
        b"_src_path",
        b"git+ext::sh -c touch% ran",
    ),
):
    SCENARIOS.append(
        Scenario(_id, _what, REFUSED, edits(README), _answers(_entry(_key, _value)), not_refused)
    )


@scenario(
    "30d",
    "`_src_path` was swapped for another template with the same tags",
    REFUSED,
    judge=not_refused,
)
def _(world: World) -> None:
    other = world.folder / "other"
    world.git("clone", "-q", str(world.template), str(other), cwd=world.folder)
    for tag in (FIRST, world.version):
        world.git("checkout", "-q", tag, cwd=other)
        (other / "project" / "README.md.jinja").write_bytes(b"# another\n" + tag.encode())
        world.git("commit", "-q", "-a", "-m", "Another", cwd=other)
        world.git("tag", "-f", tag, cwd=other)
    _answers(_entry(b"_src_path", str(other).encode()))(world)


# 31, 32 -------------------------------------------------------------------------------------------


@scenario("31", "an update to an older version", REFUSED, judge=not_refused)
def _(world: World) -> None:
    done = world.run()
    assert done.code == 0, done
    world.commit()
    world.version = FIRST


def _bounds(folder: Path) -> None:
    path = folder / "pyproject.toml"
    path.write_bytes(
        path.read_bytes().replace(b"numpy>=1.26", b"numpy>=2.1").replace(b"rich>=13", b"rich>=14")
    )


def _pins(world: World, done: Run) -> str:
    content = world.read("pyproject.toml")
    if b'"numpy==1.26.4"' not in content:
        return LOST
    if done.code == 3 or b"<<<<<<<" in content:
        return CONFLICT
    return KEPT if b'"rich>=14"' in content else BLOCKED


@scenario("32", "you pinned a dependency; the template moves its bounds", KEPT, _bounds, _pins)
def _(world: World) -> None:
    world.replace("pyproject.toml", b'"numpy>=1.26"', b'"numpy==1.26.4"')
    world.commit()


SCENARIOS.sort(key=lambda each: each.id)
VERSIONS = {each.id: f"v2.{number}.0" for number, each in enumerate(SCENARIOS)}
