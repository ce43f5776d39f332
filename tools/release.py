"""Cut a release of a template from what is committed.

python tools/release.py TEMPLATE VERSION

The release is a commit whose tree is `templates/TEMPLATE` at HEAD, on top of the release before it.
It is written as a git bundle under releases/ and added to the log there; nothing else is changed,
and what was released before never is. The same HEAD gives the same commit, by whomever and whenever
it is cut.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from mlscaffold import releases, store, trees
from mlscaffold.errors import InputError, MlscaffoldError, TargetError, TemplateError
from mlscaffold.git import git
from mlscaffold.output import error_text
from mlscaffold.releases import Release

ROOT = Path(__file__).resolve().parents[1]
USAGE = "usage: python tools/release.py TEMPLATE VERSION"
MATRIX = "tests/templates/test_matrix.py"
_NAME, _EMAIL = "mlscaffold", "releases@mlscaffold.invalid"
_HEADER = "# Written by tools/release.py. Releases are only ever added, at the end.\n"


def cut(root: Path, template: str, version: str) -> Release:
    """Write a release into the log of the repository `root`.

    Raises:
        InputError: There is no such template, or the version is not one that can come next.
        TargetError: What would be released is not what is committed.
        TemplateError: It has no change notes, or does not pass the matrix.
        GitError: git failed.
    """
    if releases.releases_root() != root / "releases":
        raise TargetError(
            "mlscaffold is not installed from this checkout.",
            str(releases.releases_root()),
            "Install it here first: pip install -e .",
        )
    _refuse_version(template, version)
    folder = root / "templates" / template
    if not git(root, "ls-tree", "HEAD", f"templates/{template}/copier.yml"):
        raise InputError(f"HEAD has no template called {template!r}.", str(folder))
    if changed := git(root, "status", "--porcelain", "--untracked-files=all", "--", "templates"):
        raise TargetError(
            f"There are uncommitted changes: {changed.splitlines()[0][3:]}.",
            str(root / "templates"),
            "Commit them first: a release is what is committed.",
        )
    notes = _notes(folder / "CHANGELOG.md", version)
    _refuse_red_matrix(root, template)
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as scratch:
        return _write(root, template, version, notes, Path(scratch))


def _refuse_version(template: str, version: str) -> None:
    if not releases.is_release(version):
        raise InputError(
            f"{version!r} is not a release as PEP 440 has it.", "", "Numbers joined by dots: 0.1.0."
        )
    newest = releases.newest(template)
    if newest and releases.order(version) <= releases.order(newest.version):
        there = any(each.version == version for each in releases.log(template))
        what = "exists" if there else "is not newer than the newest"
        raise InputError(
            f"Release {version} of {template} {what}; the newest is {newest.version}.",
            "",
            "A release is never changed: choose a newer version.",
        )


def _notes(path: Path, version: str) -> str:
    """What the change log says of a version: the text below its heading."""
    text = path.read_text("utf-8") if path.is_file() else ""
    sections = re.split(r"^## +", text, flags=re.MULTILINE)[1:]
    for section in sections:
        heading, _, body = section.partition("\n")
        if heading.split()[:1] == [version] and body.strip():
            return body.strip()
    raise TemplateError(
        f"The change log does not tell what {version} brings.",
        str(path),
        f"Write a section `## {version}`: users read it before they update.",
    )


def _refuse_red_matrix(root: Path, template: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own tests
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", MATRIX],
        cwd=root,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    if done.returncode:
        raise TemplateError(
            f"Template {template} does not pass the matrix.", str(root / MATRIX), "See above."
        )


def _write(root: Path, template: str, version: str, notes: str, scratch: Path) -> Release:
    """Commit and bundle in `scratch`, then write the two files of the release."""
    before = releases.newest(template)
    repository = store.build(template, scratch / "store.git")
    objects = git(root, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    (repository / "objects" / "info" / "alternates").write_text(objects, "utf-8")

    tree = git(root, "rev-parse", f"HEAD:templates/{template}").strip()
    found = _digest(repository, tree, scratch / "files")
    if found != trees.digest(root / "templates" / template, modes=False):
        raise TargetError(
            "The template's folder holds files that git ignores, or has converted.",
            str(root / "templates" / template),
            "See git status --ignored; .gitattributes there may not convert line endings.",
        )
    seconds = int(git(root, "show", "--no-patch", "--format=%ct", "HEAD"))
    signature: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        signature |= {f"GIT_{role}_NAME": _NAME, f"GIT_{role}_EMAIL": _EMAIL}
        signature[f"GIT_{role}_DATE"] = f"{seconds} +0000"
    parents = ("-p", before.commit) if before else ()
    message = ("-m", f"{template} {version}", "-m", notes)
    commit = store.run(repository, "commit-tree", tree, *parents, *message, **signature).strip()

    bundle = scratch / "bundle"
    store.run(repository, "update-ref", f"refs/tags/v{version}", commit)
    above = (f"^{before.tag}",) if before else ()
    one_thread = ("-c", "pack.threads=1")  # several pack differently every time
    store.run(repository, *one_thread, "bundle", "create", str(bundle), f"v{version}", *above)
    content = bundle.read_bytes()
    date = datetime.fromtimestamp(seconds, UTC).date().isoformat()
    number = sha256(content).hexdigest()
    release = Release(template, version, commit, found, date, notes, number)
    release.path.parent.mkdir(parents=True, exist_ok=True)
    release.path.write_bytes(content)
    log = release.path.with_name(releases.LOG)
    text = log.read_text("utf-8") if log.exists() else _HEADER
    log.write_text(text + _entry(release), "utf-8", newline="\n")
    return release


def _digest(repository: Path, tree: str, folder: Path) -> str:
    folder.mkdir()
    store.write_tree(repository, tree, folder)
    return trees.digest(folder, modes=False)


def _entry(release: Release) -> str:
    """A release as TOML."""
    notes = release.notes.replace("\\", "\\\\").replace('"""', '""\\"')
    notes = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", notes)
    return f'''
[[release]]
version = "{release.version}"
date = {release.date}
commit = "{release.commit}"
digest = "{release.digest}"
bundle = "{release.bundle}"
notes = """
{notes}
"""
'''


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Cut a release and tell what was written."""
    if len(arguments) != 2:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        release = cut(root, *arguments)
    except MlscaffoldError as error:
        print(error_text(error), file=sys.stderr)
        return error.exit_code
    size = release.path.stat().st_size
    name = f"{release.template} {release.version}"
    print(f"Cut {name}, commit {release.commit[:10]}: {release.path} ({size} bytes) and its log.")
    print("Commit them now; once others have them they are never changed:")
    print(f"  git add releases/{release.template} && git commit -m 'Release {name}'")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
