"""Items 1-9 of the fault plan, with real processes: what `new` must do when things go wrong."""

from __future__ import annotations

import ast
import json
import os
import random
import resource
import signal
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from mlscaffold.catalog import locate
from mlscaffold.errors import InputError
from mlscaffold.new import new

from ..conftest import Cli, command, git, leftovers, snapshot

# Some seconds of Jinja, after other files are there already.
SLOW = "{% for i in range(4000) %}{% for j in range(4000) %}{% endfor %}{% endfor %}done\n"


def start(*args: str) -> subprocess.Popen[str]:
    """Start `mlscaffold ARGS` and come back when it is rendering."""
    process = subprocess.Popen(
        command(*args),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not list(Path.cwd().glob(".mlscaffold-*/*/src")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


@pytest.fixture
def slow(template: Callable[..., Path]) -> str:
    """A template that takes its time."""
    return str(template(**{"project/src/zz.txt.jinja": SLOW}))


# 1 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_1_stopped_while_rendering_nothing_is_left(
    slow: str, work: Path, number: signal.Signals
) -> None:
    process = start("new", slow, "x", "--defaults")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert (out, err.splitlines()[-1]) == ("", "Stopped: nothing was left behind.")
    assert "Traceback" not in err
    assert list(work.iterdir()) == []


# 2 ------------------------------------------------------------------------------------------------


def test_2_killed_while_rendering_the_next_run_sweeps(
    slow: str, template: Callable[..., Path], work: Path, cli: Cli
) -> None:
    process = start("new", slow, "x", "--defaults")
    process.kill()
    process.communicate()
    assert not (work / "x").exists()
    assert len(leftovers(work)) == 1
    assert cli("new", str(template("other")), "x", "--defaults").returncode == 0
    assert leftovers(work) == []
    assert (work / "x" / "README.md").exists()


def test_2_killed_in_a_folder_that_is_there_the_next_run_sweeps(
    slow: str, work: Path, cli: Cli
) -> None:
    """In a host's repository: nothing of the render is in it, and a second run works."""
    (work / "README.md").write_text("# mine\n")
    git(work, "init", "-q")
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "Initial commit")
    process = start("new", slow, ".", "--defaults")
    process.kill()
    process.communicate()
    assert leftovers(work) == [".mlscaffold-here"]
    quick = slow
    Path(quick, "project/src/zz.txt.jinja").unlink()
    done = cli("new", quick, ".", "--defaults")
    assert (done.returncode, done.stderr.count("error")) == (0, 0)
    assert git(work, "status", "--porcelain") == ""
    assert git(work, "show", "HEAD~1:README.md") == "# mine\n"


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.02])
def test_2_killed_while_merging_the_next_run_restores(
    template: Callable[..., Path], work: Path, cli: Cli, delay: float
) -> None:
    """Some files are in the host's repository: the next run takes them out, then starts anew."""
    path = str(template(**{f"project/file-{number}": "" for number in range(300)}))
    (work / "README.md").write_text("# mine\n")
    git(work, "init", "-q")
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "Initial commit")
    process = subprocess.Popen(command("new", path, ".", "--defaults"), stdout=subprocess.DEVNULL)
    while not (work / ".mlscaffold-here" / "journal.json").exists():
        assert process.poll() is None
    time.sleep(delay)
    process.kill()
    process.wait()
    done = cli("new", path, ".", "--defaults")
    if done.returncode:  # all was there: a git that was under way moves the branch after the kill
        assert "The destination is not empty" in done.stderr
    assert git(work, "status", "--porcelain", "--", "file-*", "README.md") == ""
    assert git(work, "show", "HEAD~1:README.md") == "# mine\n"
    assert git(work, "rev-list", "--count", "HEAD").strip() == "2"


# 3 ------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(work: Path) -> Iterator[Callable[[int], dict[str, object]]]:
    """Make writing more than some bytes in the working directory impossible.

    A small file system where we may mount one, otherwise a limit on the size of a file.
    """
    mounted = False

    def make(size: int) -> dict[str, object]:
        nonlocal mounted
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(work)]
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        if mounted:
            return {}
        limit = size // 4
        return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))}

    yield make
    if mounted:
        os.chdir("/")
        subprocess.run(["umount", str(work)], check=True)


@pytest.mark.parametrize(
    ("payload", "disk"), [(2_000_000, 500_000), (300_000, 400_000)], ids=["render", "commit"]
)
def test_3_a_full_disk_leaves_nothing(
    template: Callable[..., Path],
    work: Path,
    small_disk: Callable[[int], dict[str, object]],
    payload: int,
    disk: int,
) -> None:
    content = random.Random(7).randbytes(payload // 2).hex()
    path = template(**{"project/src/big.txt": content})
    options = small_disk(disk)
    done = subprocess.run(
        command("new", str(path), "x", "--defaults"),
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    assert done.returncode == 1, done.stderr
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    assert list(work.iterdir()) == []


# 4, 5 ---------------------------------------------------------------------------------------------


def test_4_a_target_that_is_a_file_is_refused(
    template: Callable[..., Path], work: Path, cli: Cli
) -> None:
    (work / "x").write_text("mine")
    done = cli("new", str(template()), "x", "--defaults")
    assert (done.returncode, (work / "x").read_text()) == (1, "mine")
    assert "error: The destination is a file." in done.stderr


def test_5_a_target_with_files_is_refused(
    template: Callable[..., Path], work: Path, cli: Cli
) -> None:
    (work / "x").mkdir()
    (work / "x" / "thesis.tex").write_text("mine")
    done = cli("new", str(template()), "x", "--defaults")
    assert done.returncode == 1
    assert "it holds thesis.tex" in done.stderr
    assert snapshot(work) == {"x/thesis.tex": b"mine"}


# 6 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dest", ["x", "."])
def test_6_of_two_runs_for_one_target_one_wins(slow: str, work: Path, dest: str, cli: Cli) -> None:
    first = start("new", slow, dest, "--defaults")
    second = cli("new", slow, dest, "--defaults", "-d", "author=Second")
    out, err = first.communicate(timeout=60)
    codes = sorted([first.returncode, second.returncode])
    assert codes == [0, 1], (err, second.stderr)
    loser = err if first.returncode else second.stderr
    assert "meanwhile" in loser or "Another mlscaffold" in loser or "not empty" in loser
    assert "Traceback" not in loser
    made = work / dest
    assert git(made, "status", "--porcelain") == ""
    assert len(git(made, "log", "--format=%H").split()) == 1
    assert leftovers(work) == []
    assert out.count("Made") + second.stdout.count("Made") == 1


# 7 ------------------------------------------------------------------------------------------------

BAD_NAMES = [
    "..",
    "/x",
    "a/b",
    "a\nb",
    "a\n",
    "\0",
    "CON",
    "",
    "x" * 300,
    "class",
    "json",
    "-x",
    " x",
    "é",
]


def refusal(key: str, name: str) -> str:
    """What `new mlops-project` says of an answer; in this process, since there are many."""
    with pytest.raises(InputError) as caught:
        new(locate("mlops-project"), Path("x"), {key: name}, defaults=True)
    return caught.value.what


@pytest.mark.parametrize("name", BAD_NAMES)
def test_7_a_bad_package_name_is_refused_with_one_message(name: str, work: Path) -> None:
    assert refusal("package_name", name).startswith("package_name: ")
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("name", ["..", "/x", "a/b", "a\nb", "a\n", "\0", "", "x" * 300, "{{7*7}}"])
def test_7_a_bad_project_name_is_refused_with_one_message(name: str, work: Path) -> None:
    assert refusal("project_name", name).startswith("project_name: ")
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("dest", ["..", "/", "a\nb", "CON", "x" * 300])
def test_7_a_bad_destination_is_refused_with_one_message(
    dest: str, template: Callable[..., Path], work: Path, cli: Cli
) -> None:
    done = cli("new", str(template()), dest, "--defaults")
    assert done.returncode == 1, done.stdout
    assert done.stderr.count("error:") == 1
    assert list(work.iterdir()) == []


# 8 ------------------------------------------------------------------------------------------------

LITERALS = [
    "{{7*7}}",
    "{{ package_name }} {% if x %}",
    'O\'Brien "Bo" \'\'\' """',
    "back\\slash \\n \\u0041",
    "🌍 ünï çödé",
    "حيدرآباد",
    "# not: a comment, - nor [a] {list} & *ref !tag %x @y `z`",
    "yes",
    "$HOME ${x} $(y)",
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize(("author", "place"), list(zip(LITERALS[::2], LITERALS[1::2], strict=True)))
def test_8_free_text_stays_as_it_is_and_every_file_parses(
    author: str, place: str, work: Path, cli: Cli
) -> None:
    done = cli(
        *["new", "mlops-project", "x", "--defaults", "--json"],
        *["-d", f"author_name={author}", "-d", f"place_name={place}"],
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["result"]["answers"]["place_name"] == place
    project = work / "x"
    metadata = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    assert metadata["authors"][0]["name"] == author
    assert tomllib.loads((project / "config.toml").read_text("utf-8"))["place"]["name"] == place
    assert (
        yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))["author_name"]
        == author
    )
    assert author in (project / "LICENSE").read_text("utf-8")
    for path in project.rglob("*.py"):
        ast.parse(path.read_bytes())


# 9 ------------------------------------------------------------------------------------------------


def test_9_without_git_it_says_so_and_works_without(work: Path, cli: Cli) -> None:
    nowhere = {"PATH": str(work / "none")}
    done = cli("new", "mlops-project", "x", "--defaults", env=nowhere)
    assert done.returncode == 1
    assert "git was not found" in done.stderr
    assert "--no-git" in done.stderr
    assert list(work.iterdir()) == []
    done = cli("new", "mlops-project", "x", "--defaults", "--no-git", env=nowhere)
    assert done.returncode == 0, done.stderr
    assert not (work / "x" / ".git").exists()


def test_9_without_an_identity_it_commits_all_the_same(
    template: Callable[..., Path], work: Path, cli: Cli
) -> None:
    done = cli("new", str(template()), "x", "--defaults")
    assert done.returncode == 0, done.stderr
    assert "by mlscaffold, since git has no user.name" in done.stdout
    assert git(work / "x", "log", "--format=%ae").strip() == "mlscaffold@localhost"
