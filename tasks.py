"""What a fresh clone needs, with nothing but Python: `demo` or `test`.

Makes .venv beside this file, installs what requirements/ has locked (with uv where it is there,
else with pip) and this checkout, and runs the rest in it. Every command is shown before it runs.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit("mlscaffold needs Python 3.11 or newer. Try: python3.11 tasks.py")

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
USAGE = """usage: python3 tasks.py TASK [ARGUMENTS]

  demo [DEST]  make an mlops-project, install it and run it end to end
  test [...]   run the tests; arguments go to pytest
  lint         ruff and mypy
  lock         resolve requirements/*.txt again (needs uv)
"""


def main(arguments: list[str]) -> None:
    """Run one task."""
    task, *rest = arguments or ["help"]
    if task == "demo":
        install("run")
        run(PYTHON, "-m", "mlscaffold", "demo", *rest)
    elif task == "test":
        install("dev")
        run(PYTHON, "-m", "pytest", *rest, folder=ROOT)
    elif task == "lint":
        install("dev")
        run(PYTHON, "-m", "ruff", "format", "--check", ".", folder=ROOT)
        run(PYTHON, "-m", "ruff", "check", ".", folder=ROOT)
        run(PYTHON, "-m", "mypy", folder=ROOT)
    elif task == "lock":
        lock()
    else:
        sys.exit(USAGE)


def install(name: str) -> None:
    """Have .venv hold requirements/<name>.txt and this checkout, unless it does already."""
    locked = ROOT / "requirements" / f"{name}.txt"
    metadata = ROOT / "pyproject.toml"
    wanted = hashlib.sha256(locked.read_bytes() + metadata.read_bytes()).hexdigest()
    stamp = VENV / f"installed-{name}"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    uv = shutil.which("uv")
    if not PYTHON.exists():
        make_environment(uv)
    pip = [uv, "pip", "install", "--python", PYTHON] if uv else [PYTHON, "-m", "pip", "install"]
    hint = "It could not be installed. Is there a network, and room on the disk?"
    run(*pip, "--quiet", "--require-hashes", "-r", locked, hint=hint)
    run(*pip, "--quiet", "--no-deps", "--no-build-isolation", "-e", ROOT, hint=hint)
    stamp.write_text(wanted)


def make_environment(uv: str | None) -> None:
    """Make .venv, with the Python that runs this."""
    if uv:
        run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV)
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        fail("This Python has no venv or ensurepip. Debian, Ubuntu: sudo apt install python3-venv")
    run(sys.executable, "-m", "venv", "--clear", VENV, hint="The environment could not be made.")


def lock() -> None:
    """Resolve the requirements for every platform, with hashes and without index addresses."""
    uv = shutil.which("uv") or fail("`lock` needs uv: https://docs.astral.sh/uv/")
    what = ["--universal", "--generate-hashes", "--python-version", "3.11"]
    how = ["--quiet", "--no-emit-index-url", "--no-annotate", "--no-header"]
    for name, *source in (
        ("run", "pyproject.toml", "--group", "build"),
        ("dev", "pyproject.toml", "--group", "dev"),
        ("lint", "requirements/lint.in"),
    ):
        output = f"requirements/{name}.txt"
        run(uv, "pip", "compile", *source, *what, *how, "-o", output, folder=ROOT)


def run(*command: str | Path, folder: Path | None = None, hint: str = "") -> None:
    """Show a command and run it; end with its exit code when it fails."""
    words = [str(word) for word in command]
    print("+", subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words), flush=True)
    try:
        code = subprocess.run(words, cwd=folder, check=False).returncode
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        fail(f"{words[0]}: {error.strerror}")
    if code:
        fail(hint, code)


def fail(message: str, code: int = 1) -> NoReturn:
    """Stop with a sentence."""
    if message:
        print(f"error: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
