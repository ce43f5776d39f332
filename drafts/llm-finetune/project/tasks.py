"""Make this project's environment and run its work in it, with nothing but Python and a network.

    python3 tasks.py demo       the whole road on a tiny model, no account and no GPU needed
    python3 tasks.py test       the tests
    python3 tasks.py install    only make the environment (.venv)
    python3 tasks.py lock       resolve the dependencies anew into requirements/ (needs uv)
    python3 tasks.py run ...    the project's command line with the arguments that follow

The environment lies in .venv. It holds torch, in the build that fits this machine, and the versions
of requirements/dev.txt, checked by their hashes. `install --torch WHAT`, or TORCH=WHAT in the
environment, chooses the build:

    auto             cpu where no NVIDIA driver is found, else the one with CUDA (the default)
    default          whatever your package index gives (on Linux: with CUDA)
    cpu, cu130, ...  a folder of PyTorch's own index, see pytorch.org/get-started
    torch==2.13.0    a requirement of your own, from your package index

uv makes it where uv is installed, venv and pip where not. Standard library only.
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
REQUIREMENTS = ROOT / "requirements"
LOCK = REQUIREMENTS / "dev.txt"
LOCKS = {
    "serve.txt": "--extra serve",
    "dev.txt": "--extra train --extra serve --extra track --extra qlora --group dev",
}
RESOLVE = (
    "uv pip compile pyproject.toml {extras} --excludes requirements/excluded.txt --universal "
    "--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header "
    "--quiet --output-file requirements/{lock}"
)
STAMP = VENV / ".installed"
TORCH_INDEX = "https://download.pytorch.org/whl/"
WINDOWS_CUDA = "cu128"  # the package index has no build with CUDA for Windows


def main(arguments: list[str]) -> int:
    """Do what the first argument says and return the exit code."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    tasks = {
        "demo": lambda: command_line("demo", *rest),
        "test": lambda: call(PYTHON, "-m", "pytest", *rest),
        "run": lambda: command_line(*rest),
    }
    if verb == "install" and (not rest or (len(rest) == 2 and rest[0] == "--torch")):
        return install(rest[1] if rest else None)
    if verb == "lock" and not rest:
        return lock()
    if verb not in tasks:
        print(__doc__)
        return 0 if verb in {"-h", "--help"} else 2
    return install() or tasks[verb]()


def install(torch: str | None = None) -> int:
    """Make .venv hold torch and the locked versions; nothing to do when it already does."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    oldest = re.search(r'requires-python = ">=3\.(\d+)', project)
    if oldest and sys.version_info < (3, int(oldest[1])):
        print(f"Python 3.{oldest[1]} or newer is needed, this is {sys.version.split()[0]}.")
        return 1
    wanted = hashlib.sha256(LOCK.read_bytes() + project.encode()).hexdigest()
    if torch is None and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return 0
    began = time.monotonic()
    uv = shutil.which("uv")
    print(f"Making .venv with {'uv' if uv else 'venv and pip (with uv it would be faster)'} ...")
    if uv:
        make = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)]
        # pip compiles what it installs; so does uv when asked, or the first run would pay for it.
        add = [uv, "pip", "install", "--compile-bytecode", "--python", str(PYTHON)]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        add = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    code = (
        call(*make)
        or call(*add, *torch_arguments(torch or os.environ.get("TORCH", "auto"), project))
        # The lock is complete but for torch, so nothing may be added to what it names.
        or call(*add, "--no-deps", "--require-hashes", "-r", str(LOCK))
        # The build backend is in the lock too, so that nothing unchecked is downloaded here.
        or call(*add, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    )
    if code:
        print(
            "The environment could not be made: see above. Is there a network? Then run this "
            "again, perhaps with another build of torch (--torch, see tasks.py --help)."
        )
        return 1
    STAMP.write_text(wanted, encoding="utf-8")
    print(f"Installed in {time.monotonic() - began:.0f} s.")
    return 0


def torch_arguments(choice: str, project: str) -> list[str]:
    """What to give to `pip install` for that choice; the range stands in pyproject.toml."""
    if choice.startswith("torch"):
        return [choice]
    found = re.search(r'"(torch[<>=!~][^"]*)"', project)
    requirement = found[1] if found else "torch"
    if choice == "auto":
        has_gpu = shutil.which("nvidia-smi") is not None
        if sys.platform == "darwin":  # there is one build for it
            choice = "default"
        elif has_gpu:
            choice = WINDOWS_CUDA if os.name == "nt" else "default"
        else:
            choice = "cpu"
    return (
        [requirement] if choice == "default" else [requirement, "--index-url", TORCH_INDEX + choice]
    )


def lock() -> int:
    """Write requirements/*.txt anew; a version that a lock already names stays if it still fits."""
    if not shutil.which("uv"):
        print("Locks are made by uv: install it (https://docs.astral.sh/uv/), then run this again.")
        return 1
    codes = [
        call(*RESOLVE.format(extras=extras, lock=lock).split()) for lock, extras in LOCKS.items()
    ]
    return max(codes)


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
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
