"""The two ways to update the same project: `mlscaffold update`, and plain `copier update`.

A `World` is one project, made from one small template, and what an update did to it.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT_S = 120
FIRST = "v1.0.0"
GIT_CONFIG = "[user]\n  name = User\n  email = user@example.org\n[advice]\n  detachedHead = false\n"


@dataclass(frozen=True)
class Side:
    """A tool that makes and updates projects.

    Attributes:
        name: Its command.
        make: Arguments that make a project; `{template}`, `{version}` and `{project}` are filled.
        update: Arguments that update the project in the working directory.
    """

    name: str
    make: tuple[str, ...]
    update: tuple[str, ...]

    def command(self, arguments: Sequence[str], **values: object) -> list[str]:
        """The command line with its values filled in."""
        return [sys.executable, "-m", self.name, *(each.format(**values) for each in arguments)]


OURS = Side(
    "mlscaffold",
    ("new", "{template}", "{project}", "--defaults", "--vcs-ref", "{version}"),
    ("update", ".", "--defaults", "--to", "{version}"),
)
COPIER = Side(
    "copier",
    ("copy", "--quiet", "--defaults", "--vcs-ref", "{version}", "{template}", "{project}"),
    ("update", "--defaults", "--vcs-ref", "{version}", "."),
)
SIDES = {side.name: side for side in (OURS, COPIER)}


@dataclass(frozen=True)
class Run:
    """What a process said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def crashed(self) -> bool:
        """Whether it ended in a traceback, which mlscaffold writes to its log."""
        return "Traceback" in self.err or "This is a bug" in self.err

    @property
    def text(self) -> str:
        """All that it said."""
        return self.out + self.err


State = dict[str, object]


@dataclass
class World:
    """One project, and everything around it in a folder of its own.

    Attributes:
        folder: The folder; `home` in it is the user's.
        side: Who updates.
        template: The template's repository.
        version: The tag to update to.
        project: The project's folder; its repository may reach further up.
        env: The environment that processes get.
    """

    folder: Path
    side: Side
    template: Path
    version: str
    project: Path
    env: dict[str, str] = field(default_factory=dict)

    def git(self, *args: str, cwd: Path | None = None, check: bool = True) -> str:
        """git as the user runs it, in the project; bytes that are not UTF-8 are replaced."""
        done = subprocess.run(
            ["git", *args],
            cwd=cwd or self.project,
            env=base_environment(self.folder),
            capture_output=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        if check and done.returncode:
            raise AssertionError(done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace")

    def commit(self) -> None:
        """Commit everything that is not ignored."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "Mine")

    def path(self, name: str) -> Path:
        """A file of the project."""
        return self.project / name

    def read(self, name: str) -> bytes:
        """The content of a file; empty where there is none."""
        path = self.path(name)
        return path.read_bytes() if path.is_file() else b""

    def write(self, name: str, content: bytes) -> None:
        """Write a file and the folders above it."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def replace(self, name: str, old: bytes, new: bytes) -> None:
        """Replace text in a file; it must be there."""
        content = self.read(name)
        assert old in content, (name, old)
        self.write(name, content.replace(old, new))

    def configure(self, text: str) -> None:
        """Add to the user's own git configuration."""
        with (self.folder / "home" / ".gitconfig").open("a") as file:
            file.write(text)

    def run(self, *arguments: str, cwd: Path | None = None) -> Run:
        """Run a command of this side."""
        done = subprocess.run(
            self.side.command(arguments or self.side.update, version=self.version),
            cwd=cwd or self.project,
            env=base_environment(self.folder) | self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        out, err = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
        return Run(done.returncode, out, err)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the update in a process group of its own."""
        return subprocess.Popen(
            self.side.command(self.side.update, version=self.version),
            cwd=self.project,
            env=base_environment(self.folder) | self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def kill_after(self, seconds: float) -> None:
        """Start the update, and kill it and what it started."""
        process = self.start()
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=TIMEOUT_S)

    def state(self, *, ignored: bool = True) -> State:
        """Files with their modes, index, HEAD and branches: what has to be as before.

        Args:
            ignored: Count files outside of git too.
        """
        root = Path(self.git("rev-parse", "--show-toplevel", check=False).strip() or self.project)
        listed = self.git("ls-files", "-z", cwd=root, check=False).split("\0")
        return {
            "files": {
                path: content for path, content in files(root).items() if ignored or path in listed
            },
            "index": self.git("ls-files", "--stage", "-v", "-z", cwd=root, check=False),
            "refs": self.git("show-ref", "--head", cwd=root, check=False),
            "branch": self.git("symbolic-ref", "-q", "HEAD", cwd=root, check=False),
        }

    def unmerged(self) -> set[str]:
        """Paths with stages of a conflict in the index, relative to the project."""
        lines = self.git("ls-files", "--unmerged", "-z", check=False).split("\0")
        return {line.partition("\t")[2] for line in lines if line}

    def staged(self) -> bytes:
        """The user's side of every conflict, one after the other."""
        lines = self.git("ls-files", "--unmerged", "-z", check=False).split("\0")
        blobs = [line.split()[1] for line in lines if line.partition("\t")[0].endswith(" 2")]
        return b"".join(
            subprocess.run(
                ["git", "cat-file", "blob", blob],
                cwd=self.project,
                env=base_environment(self.folder),
                capture_output=True,
                check=True,
                timeout=TIMEOUT_S,
            ).stdout
            for blob in blobs
        )

    def copy(self, name: str) -> World:
        """The same world again, in a folder beside this one."""
        folder = self.folder.with_name(f"{self.folder.name}-{name}")
        shutil.copytree(self.folder, folder, symlinks=True)
        project = folder / self.project.relative_to(self.folder)
        again = World(folder, self.side, self.template, self.version, project, dict(self.env))
        again.git("status")  # the copy's times are not those in the index
        return again


def base_environment(folder: Path) -> dict[str, str]:
    """The environment of a user whose home is `folder`/home."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("GIT_", "COPIER_", "XDG_", "MLSCAFFOLD_"))
    }
    home = str(folder / "home")
    return kept | {"HOME": home, "USERPROFILE": home, "GIT_CONFIG_NOSYSTEM": "1"}


def files(root: Path) -> dict[str, object]:
    """Everything under a folder outside .git: content and mode of files, targets of links."""
    found: dict[str, object] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if name.parts[0] == ".git":
            continue
        if path.is_symlink():
            found[name.as_posix()] = path.readlink().as_posix()
        elif path.is_file():
            found[name.as_posix()] = (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
    return found


def make_template(
    folder: Path, first: Mapping[str, bytes], later: Mapping[str, Callable[[Path], None]]
) -> Path:
    """A template's repository with the version 1.0.0, and others made of it.

    Args:
        folder: The folder to make.
        first: Files of version 1.0.0.
        later: What makes each other tag of it, in the template's folder.
    """
    home = World(folder.parent, COPIER, folder, FIRST, folder)
    (folder.parent / "home").mkdir(exist_ok=True)
    home.configure(GIT_CONFIG)
    folder.mkdir()
    home.git("init", "-q", "-b", "main")
    for name, content in first.items():
        home.write(name, content)
    (folder / "project" / "run.sh").chmod(0o755)
    (folder / "project" / "link").symlink_to("README.md")
    home.git("add", "-A", "--force")  # .gitignore is the project's, not the template's
    home.git("commit", "-q", "-m", "First")
    home.git("tag", FIRST)
    for tag, change in later.items():
        home.git("checkout", "-q", FIRST)
        change(folder / "project")
        home.git("add", "-A", "--force")
        home.git("commit", "-q", "--allow-empty", "-m", f"Version {tag}")
        home.git("tag", tag)
    home.git("checkout", "-q", "main")
    return folder


def make_project(side: Side, folder: Path, template: Path) -> Path:
    """A project at version 1.0.0, committed; its folder of everything is returned."""
    project = folder / "project"
    (folder / "home").mkdir(parents=True)
    world = World(folder, side, template, FIRST, project)
    world.configure(GIT_CONFIG)
    values = {"template": template, "project": project, "version": FIRST}
    done = subprocess.run(
        side.command(side.make, **values),
        cwd=folder,
        env=base_environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if side is COPIER:
        world.git("init", "-q", "-b", "main")
        world.git("add", "-A", "--force")
        world.git("commit", "-q", "-m", "Start")
    return folder
