"""A project in a repository, and merges of it, without a template."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from mlscaffold import project
from mlscaffold.merge import Merge, merge
from mlscaffold.scratch import Scratch

from .conftest import git

Files = dict[str, bytes | None]  # bytes by path; None removes; link: target below

ANSWERS = {".copier-answers.yml": b"_commit: v1\n"}


def lay(folder: Path, files: Files) -> None:
    """Write, or remove, files of any name; `bytes` that begin with `link:` make a link."""
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if content.startswith(b"link:"):
            path.unlink(missing_ok=True)
            path.symlink_to(os.fsdecode(content[5:]))
            continue
        path.write_bytes(content)
        if content.startswith(b"#!"):
            path.chmod(0o755)


def start(root: Path, files: Files, *options: str, prefix: str = "") -> Path:
    """A repository with one commit of a project's files; returns the project's folder."""
    root.mkdir(exist_ok=True)
    git(root, "init", "-q", "-b", "main", *options)
    lay(root / prefix, {**ANSWERS, **files})
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Start")
    return root / prefix


def forecast(folder: Path, base: Files, new: Files, scratch: Path) -> Merge:
    """The merge of the project's HEAD with a template that goes from `base` to `new`."""
    found = project.find(folder)
    scratch.mkdir()
    ours = Scratch(scratch / "bare", found)
    trees = []
    for name, files in (("base", base), ("new", new)):
        (scratch / name).mkdir()
        lay(scratch / name, {k: v for k, v in {**ANSWERS, **files}.items() if v is not None})
        trees.append(ours.add(scratch / name))
    head = git(folder, "rev-parse", "HEAD^{tree}").strip()
    spliced = [ours.splice(tree, head) for tree in trees]
    return merge(ours, spliced[0], head, spliced[1], "template")


def whole(root: Path, git_dir: Path | None = None) -> dict[str, object]:
    """Everything that must come back: files, folders, modes, links, index bytes, HEAD."""
    git_dir = git_dir or root / ".git"
    found: dict[str, object] = {}
    for where, folders, names in os.walk(root):
        if where == str(root) and ".git" in folders:
            folders.remove(".git")
        for name in (*folders, *names):
            path = Path(where, name)
            status = path.lstat()
            if path.is_symlink():
                found[str(path)] = ("link", str(path.readlink()))
            elif path.is_dir():
                found[str(path)] = "folder"
            else:
                found[str(path)] = (status.st_mode, path.read_bytes())
    index = git_dir / "index"
    found["index"] = hashlib.sha256(index.read_bytes()).hexdigest() if index.exists() else ""
    found["lock"] = (git_dir / "index.lock").exists()
    found["HEAD"] = (git_dir / "HEAD").read_text()
    found["head"] = git(root, "rev-parse", "HEAD")
    return found
