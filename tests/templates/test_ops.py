"""Containers, workflows, monitoring and documents, looked at by the linters of each field."""

from __future__ import annotations

import ast
import errno
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from .conftest import Chosen

TOOLS = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
YAMLLINT = """
extends: default
rules:
  braces: {max-spaces-inside: 0}
  document-start: disable
  line-length: {max: 120}
  truthy: {check-keys: false}
"""


def lint(tool: str, *arguments: str | Path) -> None:
    """Run a linter of requirements/lint.txt; its findings fail the test."""
    path = shutil.which(tool, path=TOOLS)
    assert path, f"{tool} is absent: install requirements/lint.txt, here or anywhere on PATH."
    result = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


def every(components: Mapping[Chosen, Path], pattern: str) -> list[Path]:
    """Files of all component combinations."""
    return sorted(path for dest in components.values() for path in dest.glob(pattern))


def test_yaml(components: Mapping[Chosen, Path], tmp_path: Path) -> None:
    """Every YAML file in one style, without duplicate keys."""
    config = tmp_path / "yamllint.yml"
    config.write_text(YAMLLINT, "utf-8")
    files = [
        path
        for dest in components.values()
        for path in dest.rglob("*")
        if path.suffix in {".yml", ".yaml"} and path.name != ".copier-answers.yml"
    ]
    assert len(files) > len(components)
    lint("yamllint", "--strict", "--config-file", config, *files)


def test_dockerfiles(components: Mapping[Chosen, Path]) -> None:
    """hadolint, its hints included."""
    files = every(components, "Dockerfile") + every(components, "deploy/*/Dockerfile")
    assert len(files) == len(components)
    lint("hadolint", "--failure-threshold", "info", *files)


def test_compose(components: Mapping[Chosen, Path]) -> None:
    """The compose specification's schema, and each file that is mounted exists."""
    files = every(components, "compose.yaml")
    lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *files)
    for path in files:
        content = yaml.safe_load(path.read_text("utf-8"))
        for service in content["services"].values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                assert (
                    (path.parent / source).exists()
                    if source[0] == "."
                    else source in content["volumes"]
                )
            if "build" in service:
                target = service["build"]["target"]
                assert f" AS {target}\n" in (path.parent / "Dockerfile").read_text("utf-8")


def test_dockerfiles_copy_what_the_ignore_file_lets_through(project: Path) -> None:
    """A path that .dockerignore keeps away would fail the build only on somebody's machine."""
    allowed = {
        line[1:]
        for line in (project / ".dockerignore").read_text("utf-8").splitlines()
        if line[0] == "!"
    }
    for line in (project / "Dockerfile").read_text("utf-8").splitlines():
        if line.startswith("COPY ") and "--from=" not in line:
            source = re.sub(r"--\w+=\S+ ", "", line).split()[1]
            assert source in allowed or source.split("/")[0] in allowed - {"data"}, line
            assert source.startswith("data/") or (project / source).exists(), line


def test_workflows(components: Mapping[Chosen, Path]) -> None:
    """GitHub's schemas, a timeout for each job, and the audits of zizmor that need no network."""
    workflows = every(components, ".github/workflows/*.yml")
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        lint("check-jsonschema", "--builtin-schema", schema, *workflows)
    bots = every(components, ".github/dependabot.yml")
    lint("check-jsonschema", "--builtin-schema", "vendor.dependabot", *bots)
    lint("zizmor", "--offline", "--quiet", "--no-progress", *workflows, *bots)


def test_workflows_run_commands_that_exist(project: Path) -> None:
    """Each verb that a workflow or a document calls is one of the command line's."""
    cli = ast.parse((project / "src" / "clean_air" / "cli.py").read_text("utf-8"))
    verbs = {
        node.name
        for node in cli.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if ast.unparse(decorator) == "app.command()"
    }
    assert {"collect", "demo", "report"} <= verbs
    called = {
        verb
        for path in project.rglob("*")
        if path.suffix in {".md", ".yml", ".yaml"} or path.name == "Makefile"
        for verb in re.findall(
            r"(?:tasks\.py run|\$\(RUN\)|--rm pipeline|^\| `)\s?([a-z]+)\b",
            path.read_text("utf-8"),
            re.MULTILINE,
        )
    }
    assert called - {"make"} <= verbs
    table = (project / "docs" / "commands.md").read_text("utf-8")
    assert verbs <= set(re.findall(r"^\| `([a-z]+)", table, re.MULTILINE))


def exposed(project: Path) -> set[str]:
    """Names of the time series that the service and the monitor give Prometheus."""
    names = {"up", *monitor_series(project)}
    for path in (project / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                names |= _series(ast.unparse(node.func).split(".")[-1], node.args[0])
    return names


def monitor_series(project: Path) -> list[str]:
    """Families in what the monitor writes; its module needs the standard library only."""
    path = project / "src" / "clean_air" / "monitor" / "gauges.py"
    spec = importlib.util.spec_from_file_location("gauges", path)
    assert spec
    assert spec.loader
    gauges = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gauges)
    found = SimpleNamespace(name="wind_u", measure="psi", effect=0.3, threshold=0.2, chance=0.1)
    check = SimpleNamespace(name="data", alarm=True, status="alarm", findings=[found])
    result = SimpleNamespace(
        model_version="3",
        source="simulated",
        alarm=True,
        checks=[check],
        counts={"labelled": 720},
        errors={"period": 9.5},
    )
    text = gauges.render(result, datetime(2026, 2, 1, tzinfo=UTC))
    return re.findall(r"^# TYPE (\w+) gauge$", text, re.MULTILINE)


def _series(kind: str, argument: ast.expr) -> set[str]:
    if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
        return set()
    name = argument.value
    if kind in {"Counter", "CounterMetricFamily"}:
        return {name if name.endswith("_total") else f"{name}_total"}
    if kind in {"Gauge", "GaugeMetricFamily"}:
        return {name}
    if kind == "Histogram":
        return {f"{name}_{part}" for part in ("bucket", "sum", "count")}
    return set()


PROMQL_WORDS = {"sum", "rate", "increase", "max", "min", "topk", "or", "histogram_quantile", "time"}


def asked(expression: str) -> set[str]:
    """Names of the time series in a PromQL expression."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"|\b(by|without) \([^)]*\)", " ", expression)
    return set(re.findall(r"\b[a-z_][a-z0-9_]*\b", bare)) - PROMQL_WORDS


def test_alerts(components: Mapping[Chosen, Path], project: Path) -> None:
    """Each rule asks for series that exist and says what to do; the scrape target exists too."""
    for path in every(components, "ops/prometheus/prometheus.yml"):
        config = yaml.safe_load(path.read_text("utf-8"))
        assert [(path.parent / name).is_file() for name in config["rule_files"]] == [True]
        target = config["scrape_configs"][0]["static_configs"][0]["targets"][0]
        assert target == (
            "api:8000" if (path.parents[2] / "compose.yaml").exists() else "localhost:8000"
        )
    groups = yaml.safe_load((project / "ops" / "prometheus" / "alerts.yml").read_text("utf-8"))[
        "groups"
    ]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        assert {"alert", "expr", "labels", "annotations"} <= set(rule) <= {*rule, "for"}
        assert set(rule["annotations"]) == {"summary", "action"}
        assert asked(rule["expr"]) <= exposed(project), rule["alert"]


def _panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def test_dashboard(components: Mapping[Chosen, Path], project: Path) -> None:
    """The provisioned data source, and on every panel series that the code exposes."""
    folder = project / "ops" / "grafana"
    source = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text("utf-8"))
    uid = source["datasources"][0]["uid"]
    dashboard = json.loads((folder / "dashboards" / "service.json").read_text("utf-8"))
    panels = _panels(dashboard)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert len(panels) > 8
    known = exposed(project)
    for panel in panels:
        assert panel["datasource"]["uid"] == uid
        assert panel["description"], panel["title"]
        for target in panel["targets"]:
            assert asked(target["expr"]) <= known, panel["title"]
    for path in every(components, "ops/grafana/datasources/prometheus.yaml"):
        url = yaml.safe_load(path.read_text("utf-8"))["datasources"][0]["url"]
        assert ("//prometheus:" in url) == (path.parents[3] / "compose.yaml").exists()


def test_pre_commit_uses_the_versions_of_the_lock(project: Path) -> None:
    """The same ruff formats at a commit and in CI."""
    hooks = (project / ".pre-commit-config.yaml").read_text("utf-8")
    lock = (project / "requirements" / "dev.txt").read_text("utf-8")
    for pin in re.findall(r"ruff==[\d.]+", hooks):
        assert f"{pin} \\" in lock


def test_the_development_container_makes_the_project_ready(project: Path) -> None:
    """It has the project's Python and port, and what it runs and points to is there."""
    content = json.loads((project / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    config = tomllib.loads((project / "config.toml").read_text("utf-8"))
    metadata = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    assert content["name"] == "Clean Air"
    version = metadata["requires-python"].removeprefix(">=")
    assert content["image"] == f"mcr.microsoft.com/devcontainers/python:{version}-bookworm"
    assert content["forwardPorts"] == [config["serve"]["port"]]
    assert list(content["portsAttributes"]) == [str(config["serve"]["port"])]
    program, script, task = content["postCreateCommand"].split()
    assert (program, task) == ("python3", "install")
    assert (project / script).is_file()
    settings = content["customizations"]["vscode"]["settings"]
    python = settings["python.defaultInterpreterPath"].partition("}/")[2]
    assert python == ".venv/bin/python"


FOREIGN = {"ensurepip is not available", "libgomp.so.1: cannot open shared object file"}
"""What docs/troubleshooting.md quotes of other programs."""


def test_the_messages_that_troubleshooting_explains_exist(project: Path) -> None:
    """Each text quoted in the first column of a table stands in the code."""
    page = (project / "docs" / "troubleshooting.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]*) \|", page, re.MULTILINE)
    quoted = {text for row in rows for text in re.findall('"([^"]+)"', row)}
    assert quoted > FOREIGN
    code = "\n".join(
        path.read_text("utf-8") for path in [project / "tasks.py", *(project / "src").rglob("*.py")]
    )
    system = code.replace("{error.strerror}", os.strerror(errno.EADDRINUSE))
    assert {text for text in quoted - FOREIGN if text not in system} == set()


def test_links_in_documents_lead_somewhere(components: Mapping[Chosen, Path]) -> None:
    """Relative links, in every combination of components."""
    for dest in components.values():
        for path in dest.rglob("*.md"):
            for link in re.findall(r"\]\(([^)#:\s]+)(?:#[\w-]*)?\)", path.read_text("utf-8")):
                assert (path.parent / link).exists(), f"{path.relative_to(dest)}: {link}"


def test_an_absent_component_is_not_spoken_of(components: Mapping[Chosen, Path]) -> None:
    """Documents, commands and settings of a project without it do not name it."""
    words = (
        "docker|compose",
        "github/workflows|drift\\.yml",
        "grafana|prometheus\\.yml",
        "codespace|dev ?container",
    )
    for chosen, dest in components.items():
        for present, word in zip(chosen, words, strict=True):
            for path in dest.rglob("*"):
                spoken = path.suffix in {".md", ".toml", ".yml", ".yaml"} or path.name in {
                    "Makefile",
                    ".env.example",
                }
                if not present and spoken and path.name != ".copier-answers.yml":
                    found = re.search(word, path.read_text("utf-8"), re.IGNORECASE)
                    assert not found, f"{path.relative_to(dest)}: {found and found[0]}"
