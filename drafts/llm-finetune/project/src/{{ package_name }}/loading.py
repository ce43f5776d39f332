"""From files, environment and command line to one `Config`, or a sentence on what is wrong where.

    config.yaml  <  recipes/<name>.yaml  <  <ENV_PREFIX>SECTION__KEY  <  --set section.key=value

A later layer replaces single keys of an earlier one. Secrets come from the environment only.
"""

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from . import ENV_PREFIX
from .config import Config
from .errors import ConfigError

Key = tuple[str, ...]


@dataclass(frozen=True)
class Layer:
    """Settings from one place; `lines` tells where in a file each key stands."""

    place: str
    content: dict[str, Any]
    lines: dict[Key, int] = field(default_factory=dict)

    def where(self, key: Key) -> str:
        """The place of a key, with its line where there is one."""
        return f"{self.place}, line {self.lines[key]}" if key in self.lines else self.place


def find_root(start: Path) -> Path:
    """The project's folder: the nearest at or above `start` with config.yaml and recipes/.

    Raises ConfigError when there is none.
    """
    for folder in (start, *start.parents):
        if (folder / "config.yaml").is_file() and (folder / "recipes").is_dir():
            return folder
    raise ConfigError(
        f"No project (config.yaml beside recipes/) in {start} or above it.",
        "Run this inside the project's folder.",
    )


def recipes(root: Path) -> dict[str, Path]:
    """The recipes of the project by name."""
    return {path.stem: path for path in sorted((root / "recipes").glob("*.yaml"))}


def load_config(
    root: Path | None = None,
    *,
    recipe: str | None = None,
    base: Path | None = None,
    assignments: Sequence[str] = (),
    **overrides: Any,
) -> Config:
    """The configuration of the project at `root` (found from the working directory if None).

    `base` stands in for config.yaml (a run's own copy, say), `assignments` are `section.key=value`,
    and `overrides` (top-level keys such as `run`) win over all. Raises ConfigError that names the
    key, the nearest one that exists, and the line.
    """
    root = (root or find_root(Path.cwd())).resolve()
    layers = [read_layer(base or root / "config.yaml", root)]
    if recipe is not None:
        known = recipes(root)
        if recipe not in known:
            near = difflib.get_close_matches(recipe, known, n=1)
            raise ConfigError(
                f"There is no recipe {recipe}.",
                f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}.",
            )
        layers.append(read_layer(known[recipe], root))
    layers.append(_environment(os.environ))
    layers += [_assignment(text) for text in assignments]
    layers.append(Layer("the command line", {k: v for k, v in overrides.items() if v is not None}))
    content: dict[str, Any] = {}
    for layer in layers:
        content = _merged(content, layer.content)
    try:
        return Config(root=root, **content)
    except ValidationError as error:
        raise _explained(error, layers) from None


def read_layer(path: Path, root: Path) -> Layer:
    """A YAML file as a layer. Raises ConfigError when it is missing or not what it should be."""
    place = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        told = " ".join(str(error).split())
        raise ConfigError(f"{place} is not valid YAML: {told}.", "Correct it there.") from None
    if content is None:
        return Layer(place, {})
    if not isinstance(content, dict):
        raise ConfigError(f"{place} must hold keys and values.", "Compare it with config.yaml.")
    lines: dict[Key, int] = {}
    _note_lines(node, (), lines, place)
    layer = Layer(place, content, lines)
    for secret in (("serve", "api_key"), ("root",)):
        if secret in lines:
            raise ConfigError(
                f"{layer.where(secret)}: {'.'.join(secret)} cannot stand in a file.",
                f"Delete it there; {ENV_PREFIX}SERVE__API_KEY is read from the environment."
                if len(secret) > 1
                else "Delete it there.",
            )
    return layer


def _note_lines(node: yaml.Node | None, prefix: Key, lines: dict[Key, int], place: str) -> None:
    if not isinstance(node, yaml.MappingNode):
        return
    for name, value in node.value:
        key = (*prefix, str(name.value))
        line = name.start_mark.line + 1
        if key in lines:
            raise ConfigError(
                f"{place}, line {line}: {'.'.join(key)} stands there twice, first in line "
                f"{lines[key]}.",
                "Delete one of them.",
            )
        lines[key] = line
        _note_lines(value, key, lines, place)


def _environment(variables: Mapping[str, str]) -> Layer:
    """`<ENV_PREFIX>SERVE__PORT=9000` as `serve.port`; other names of the prefix are no settings."""
    content: dict[str, Any] = {}
    for variable, text in variables.items():
        if not variable.startswith(ENV_PREFIX):
            continue
        key = tuple(variable.removeprefix(ENV_PREFIX).lower().split("__"))
        if key[0] in Config.model_fields and key[0] != "root":
            # A secret stays the very text that was given, though it may look like a number.
            value = text if key == ("serve", "api_key") else _parsed(text)
            content = _merged(content, _nested(key, value))
    return Layer("the environment", content)


def _assignment(text: str) -> Layer:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ConfigError(
            f"--set {text} is not an assignment.", "Write it as --set train.learning_rate=1e-4."
        )
    return Layer(f"--set {name}", _nested(tuple(name.strip().split(".")), _parsed(value)))


def _parsed(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _nested(key: Key, value: Any) -> dict[str, Any]:
    for name in reversed(key):
        value = {name: value}
    return dict(value)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`; only mappings on both sides are merged."""
    content = dict(below)
    for key, value in above.items():
        old = content.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = _merged(old, value)
        content[key] = value
    return content


def _explained(error: ValidationError, layers: Sequence[Layer]) -> ConfigError:
    """The first problem as a sentence: key, place and line, and what to do."""
    first = error.errors()[0]
    key = tuple(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = nearest(key)
        hint = f"Did you mean {near}?" if near else "See config.yaml and src/*/config.py."
        return ConfigError(f"{_place(key, layers)}: there is no setting {'.'.join(key)}.", hint)
    problem = first["msg"].removeprefix("Value error, ")
    problem = problem[:1].lower() + problem[1:]
    named = f"{'.'.join(_of_a_setting(key))}: " if key else ""
    return ConfigError(f"{_place(key, layers)}: {named}{problem}.", "Correct it there.")


def _place(key: Key, layers: Sequence[Layer]) -> str:
    """Where the last layer that sets the key, or else its nearest parent, does so."""
    for length in range(len(key), 0, -1):
        for layer in reversed(layers):
            if _holds(layer.content, key[:length]):
                return layer.where(key[:length])
    return layers[0].place


def _holds(content: Any, key: Key) -> bool:
    for name in key:
        if not isinstance(content, Mapping) or name not in content:
            return False
        content = content[name]
    return True


def _of_a_setting(key: Key) -> Key:
    """The key without what pydantic adds: the branch of a union, the index of a list."""
    return key[:2] if len(key) > 1 and key[0] in _sections() else key[:1]


def _sections() -> dict[str, type[BaseModel]]:
    return {
        name: info.annotation
        for name, info in Config.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
    }


def nearest(key: Key) -> str | None:
    """The setting that an unknown key most probably means: a sibling, else one of that name."""
    sections = _sections()
    if len(key) == 1:
        siblings = list(Config.model_fields)
    else:
        siblings = list(sections[key[0]].model_fields) if key[0] in sections else []
    near = difflib.get_close_matches(key[-1], siblings, n=1)
    if near:
        return ".".join((*key[:-1], near[0]))
    everywhere: dict[str, str] = {}
    for section in ("train", *sections):  # a name of several sections is most often meant there
        for name in sections[section].model_fields:
            everywhere.setdefault(name, section)
    near = difflib.get_close_matches(key[-1], everywhere, n=1)
    return f"{everywhere[near[0]]}.{near[0]}" if near else None


def to_yaml(config: Config) -> str:
    """The whole configuration as YAML, without secrets: what a run keeps beside its results."""
    content = config.model_dump(mode="json")
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
