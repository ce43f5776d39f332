"""Make this project's environment and run its work in it, with nothing but Python and a network.

    python3 tasks.py demo       the whole pipeline on simulated data, no account needed
    python3 tasks.py test       the tests
    python3 tasks.py install    only make the environment (.venv)
    python3 tasks.py run ...    the project's command line with the arguments that follow
    python3 tasks.py lock       resolve pyproject.toml into requirements/ anew (needs uv); with
                                --upgrade all versions move, with --upgrade-package NAME that one

The environment lies in .venv and holds the versions of requirements/dev.txt, checked by their
hashes. uv makes it where uv is installed, venv and pip where not. Standard library only.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BINARIES = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BINARIES / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "requirements" / "dev.txt"
STOPPED = 130
"""Exit code after Ctrl-C."""
STAMP = VENV / ".installed"
LOCKS = {"requirements/serve.txt": "", "requirements/dev.txt": "--extra pipeline --group dev"}
RESOLVE = "--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate"


def main(arguments: list[str]) -> int:
    """Do what the first argument says and return the exit code."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    tasks = {
        "install": lambda: 0,
        "demo": lambda: command_line("demo", *rest),
        "test": lambda: call(PYTHON, "-m", "pytest", *rest),
        "run": lambda: command_line(*rest),
    }
    if verb == "lock":
        return lock(*rest)
    if verb not in tasks:
        print(__doc__)
        return 0 if verb in {"-h", "--help"} else 2
    return install() or tasks[verb]()


def install() -> int:
    """Make .venv hold exactly the locked versions; nothing to do when it already does."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    oldest = re.search(r'requires-python = ">=3\.(\d+)', project)
    if oldest and sys.version_info < (3, int(oldest[1])):
        print(f"Python 3.{oldest[1]} or newer is needed, this is {sys.version.split()[0]}.")
        return 1
    wanted = hashlib.sha256(LOCK.read_bytes() + project.encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return 0
    began = time.monotonic()
    uv = shutil.which("uv")
    packages = len(set(re.findall(r"^([\w.-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)))
    how = "uv" if uv else "venv and pip (with uv it would be faster)"
    print(f"Making .venv with {how}: some {packages} packages ...", flush=True)
    if uv:
        make = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)]
        # pip compiles what it installs; so does uv when asked, or the first run would pay for it.
        add = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        add = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    code = (
        wait(*make)
        or wait(*add, "--require-hashes", "-r", str(LOCK))
        # The build backend is in the lock too, so that nothing unchecked is downloaded here.
        or wait(*add, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    )
    if code == STOPPED:
        return code
    if code:
        print(
            "The environment could not be made: see above. Is there a network? Then run this again."
        )
        return 1
    STAMP.write_text(wanted, encoding="utf-8")
    print(f"Installed in {time.monotonic() - began:.0f} s.")
    return 0


def lock(*options: str) -> int:
    """Resolve pyproject.toml for all platforms, with hashes and without index addresses."""
    uv = shutil.which("uv")
    if not uv:
        print("`lock` needs uv: https://docs.astral.sh/uv/getting-started/installation/")
        return 1
    for file, groups in LOCKS.items():
        known = [*groups.split(), *RESOLVE.split(), "--no-header", "--output-file", file]
        code = call(uv, "pip", "compile", "--quiet", "pyproject.toml", *known, *options)
        if code:
            return code
        print(f"Wrote {file}.")
    return 0


def command_line(*arguments: str) -> int:
    """Run the project's own command line in its environment."""
    package = next(ROOT.glob("src/*/cli.py")).parent.name
    interpreter = "python" if os.name == "nt" else "python3"
    # Messages that say what to type next then name the way that works here.
    os.environ.setdefault(f"{package.upper()}_COMMAND", f"{interpreter} tasks.py run")
    return call(PYTHON, "-m", package, *arguments)


def call(*command: "str | Path") -> int:
    """Run a command in the project's folder and return its exit code; Ctrl-C ends it quietly."""
    try:
        return subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        return STOPPED


def wait(*command: str) -> int:
    """`call` for a command that says nothing until it fails: a terminal sees the seconds pass."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        while True:
            try:
                return process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                if sys.stdout.isatty():
                    print(f"\r{time.monotonic() - began:4.0f} s ", end="\r", flush=True)
    except KeyboardInterrupt:
        process.wait()
        return STOPPED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
