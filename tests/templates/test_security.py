"""What a review would look for, in every file that a project is given (facts that linters miss)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from .conftest import Chosen

UNSAFE_MODULES = {"pickle", "_pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"}
UNSAFE_CALLS = {
    "eval",
    "exec",
    "os.system",
    "os.popen",
    "torch.load",
    "yaml.load",
    "yaml.unsafe_load",
    "pandas.read_pickle",
    "pd.read_pickle",
    "tempfile.mktemp",
}
UNSAFE_ARGUMENTS = (
    ("shell", True),
    ("verify", False),
    ("allow_pickle", True),
    ("weights_only", False),
    ("trust_remote_code", True),
    ("allow_origins", ["*"]),
    ("allow_origin_regex", ".*"),
)
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bhf_[A-Za-z0-9]{30,}|\bsk-[A-Za-z0-9_-]{30,}|(?i:api_key|token|password)\s*[:=]\s*[\"'][^\"'${<]{8,}"
)


def faults(source: str) -> list[str]:
    """What must not stand in the code, with its line."""
    return [f"line {line}: {what}" for line, what in _faults(ast.parse(source))]


def _faults(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            from_module = getattr(node, "module", None)
            names = [from_module] if from_module else [alias.name for alias in node.names]
            for name in names:
                if name.split(".")[0] in UNSAFE_MODULES:
                    yield node.lineno, f"import of {name}"
        elif isinstance(node, ast.Call):
            if (called := ast.unparse(node.func)) in UNSAFE_CALLS:
                yield node.lineno, f"{called}()"
            for keyword in node.keywords:
                for name, value in UNSAFE_ARGUMENTS:
                    if keyword.arg == name and _literal(keyword.value) == value:
                        yield node.lineno, f"{name}={value!r}"


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import os\nos.system('ls')",
        "eval('1')",
        "yaml.load(text)",
        "run('ls', shell=True)",
        "app.add_middleware(Cors, allow_origins=['*'])",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_the_check_finds_what_it_looks_for(source: str) -> None:
    """A check that never fires proves nothing."""
    assert faults(source)


def test_the_code_unpickles_evaluates_and_shells_out_nowhere(project: Path) -> None:
    """Models are read by formats that run no code; nothing runs through a shell."""
    found = {
        path.relative_to(project).as_posix(): problems
        for path in project.rglob("*.py")
        if (problems := faults(path.read_text("utf-8")))
    }
    assert not found


def test_no_file_holds_a_secret(components: Mapping[Chosen, Path]) -> None:
    """Not in code, configuration, examples or documents; and git ignores `.env`."""
    for dest in components.values():
        for path in dest.rglob("*"):
            ours = dest / "tests" not in path.parents and "__pycache__" not in path.parts
            if path.is_file() and ours:
                assert not SECRETS.search(path.read_text("utf-8")), path
        assert ".env" in (dest / ".gitignore").read_text("utf-8").splitlines()
        assert not (dest / ".env").exists()


def workflows(dest: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name, text and content of each workflow."""
    for path in sorted((dest / ".github" / "workflows").glob("*.yml")):
        text = path.read_text("utf-8")
        yield path.name, text, yaml.safe_load(text)


def test_workflows_may_do_little(project: Path) -> None:
    """Actions pinned by commit with their version beside, no rights unless a job names them."""
    names = []
    for name, text, content in workflows(project):
        names.append(name)
        for used in re.findall(r"uses: (.*)", text):
            assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", used), used
        assert content["permissions"] == {}
        assert "pull_request_target" not in text
        assert "workflow_run" not in text
        for job in content["jobs"].values():
            assert "permissions" in job
            assert "timeout-minutes" in job
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
                assert "${{" not in step.get("run", ""), "expressions reach a shell by env only"
    assert names == ["audit.yml", "ci.yml", "drift.yml", "image.yml"]


def stages(dockerfile: str) -> dict[str, list[str]]:
    """Instructions by stage, each stage after those of the stage that it is built on."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in dockerfile.replace("\\\n", " ").splitlines():
        if match := re.match(r"FROM (\S+)(?: AS (\S+))?$", line):
            name = match[2] or "last"
            found[name] = [*found.get(match[1], []), line]
        elif name and line and not line.startswith("#"):
            found[name].append(line)
    return found


def test_images_run_as_a_numbered_user_without_secrets(project: Path) -> None:
    """Non-root, as Kubernetes can check; hashed packages; a health check; no secret in a layer."""
    for path in (project / "Dockerfile", project / "deploy" / "huggingface" / "Dockerfile"):
        for name, lines in stages(path.read_text("utf-8")).items():
            users = [line.split()[1] for line in lines if line.startswith("USER ")]
            if name in {"api", "pipeline", "release", "last"}:
                assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]), name
            assert not any(line.startswith("ADD ") for line in lines)
            assert not any(
                re.match(r"(ENV|ARG).*(KEY|TOKEN|PASSWORD|SECRET)", line) for line in lines
            )
            assert all("--require-hashes" in line for line in lines if "pip install" in line)
    release = stages((project / "Dockerfile").read_text("utf-8"))["release"]
    assert any(line.startswith("HEALTHCHECK") for line in release)
    assert any("SERVE__MODE=production" in line for line in release)
    ignored = (project / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    assert not {"!.env", "!.git", "!data/predictions.sqlite"} & set(ignored)


def test_containers_can_do_little(components: Mapping[Chosen, Path]) -> None:
    """Read-only, without capabilities, reachable from this machine only, at fixed versions."""
    for (docker, _, dashboard, _), dest in components.items():
        if not docker:
            continue
        services = yaml.safe_load((dest / "compose.yaml").read_text("utf-8"))["services"]
        expected = {"api", "mlflow", "pipeline"} | (
            {"prometheus", "grafana"} if dashboard else set()
        )
        assert set(services) == expected
        for name, service in services.items():
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            assert "privileged" not in service, name
            assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
            assert "build" in service or re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name
            assert name in {"api", "pipeline"} or "healthcheck" in service  # api's is in the image
        key = services["api"]["environment"]["CLEAN_AIR_SERVE__API_KEY"]
        assert key.startswith("${CLEAN_AIR_SERVE__API_KEY:?")


def test_locks_are_hashed_and_name_no_index(project: Path) -> None:
    """Each version with its hashes; no address and no path, so any index serves them."""
    for name in ("serve", "dev"):
        text = (project / "requirements" / f"{name}.txt").read_text("utf-8")
        assert not re.search(r"://|^-|^/|@ ", text, re.MULTILINE)
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[a-z0-9][\w.-]*==[\w.]+", block), block[:80]
            assert "--hash=sha256:" in block
