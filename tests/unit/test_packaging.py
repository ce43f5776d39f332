"""The wheel and the sdist carry templates and releases, and work where they are installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from mlscaffold import catalog, releases
from mlscaffold.output import list_text

ROOT = Path(__file__).parents[2]

DATA = ("templates", "releases")

pytestmark = pytest.mark.packaging


def tracked() -> set[str]:
    """Paths of the templates' and the releases' files, as git has them."""
    done = subprocess.run(
        ["git", "ls-files", "-z", *DATA], cwd=ROOT, capture_output=True, check=True
    )
    return {os.fsdecode(name) for name in done.stdout.split(b"\0") if name} & on_disk()


def on_disk() -> set[str]:
    return {path.relative_to(ROOT).as_posix() for name in DATA for path in (ROOT / name).rglob("*")}


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


def test_both_carry_every_template_and_release(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = {
            re.sub("^mlscaffold/_(templates|releases)/", r"\1/", name)
            for name in archive.namelist()
        }
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked() - in_wheel == set()
    assert tracked() - in_sdist == set()
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
    for release in releases.log("mlops-project"):
        args = ["new", "mlops-project", release.tag, "--defaults", "--version", release.version]
        subprocess.run([str(scripts / "mlscaffold"), *args], cwd=work, check=True)
        recorded = (work / release.tag / ".copier-answers.yml").read_text("utf-8")
        assert f"_commit: {release.tag}\n" in recorded
    listed = subprocess.run(
        [str(scripts / "mlscaffold"), "list"], cwd=work, capture_output=True, text=True, check=True
    )
    # The same files give the same version.
    assert listed.stdout.strip() == list_text(catalog.load_all())
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
