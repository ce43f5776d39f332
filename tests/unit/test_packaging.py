"""The wheel and the sdist carry the templates and work where they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.packaging


def tracked_templates() -> set[str]:
    """Paths of the templates' files, as git has them."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "templates"], cwd=ROOT, capture_output=True, check=True
    )
    return {os.fsdecode(name) for name in done.stdout.split(b"\0") if name} & on_disk()


def on_disk() -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / "templates").rglob("*")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel, built from the sdist, and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        check=True,
    )
    return folder


def test_both_carry_every_file_of_the_templates(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = {
            name.replace("mlscaffold/_templates/", "templates/") for name in archive.namelist()
        }
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked_templates() - in_wheel == set()
    assert tracked_templates() - in_sdist == set()
    assert not [name for name in in_wheel | in_sdist if "__pycache__" in name or ".git/" in name]


@pytest.mark.parametrize("what", ["*.whl", "*.tar.gz"])
def test_what_is_installed_makes_projects(
    built: Path, what: str, tmp_path: Path, work: Path
) -> None:
    """Installed with pip into a fresh environment, beside the dependencies of this one."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    scripts = venv / ("Scripts" if os.name == "nt" else "bin")
    (site,) = venv.glob("Lib/site-packages" if os.name == "nt" else "lib/*/site-packages")
    # Not a .pth: an editable install of mlscaffold here must not pass for the one under test.
    env = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    (package,) = built.glob(what)
    options = ["--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [str(scripts / "python"), "-m", "pip", "install", "-q", *options, str(package)],
        env=env,
        check=True,
    )
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    subprocess.run(
        [str(scripts / "mlscaffold"), "new", "mlops-project", "x", "--defaults"],
        cwd=work,
        check=True,
    )
    assert not [path for path in (work / "x").rglob("*") if path.suffix == ".pyc"]
    assert (work / "x" / ".gitignore").exists()
    found = subprocess.run(
        [str(scripts / "python"), "-c", "import mlscaffold; print(mlscaffold.__file__)"],
        cwd=work,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(found.stdout.strip()).is_relative_to(venv)
