"""One base model in memory and the adapters on it, by name, changed while it serves."""

import itertools
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import golden
from ..config import Config
from ..errors import ConfigError, DataError, ModelError, ProjectError
from ..files import read_json
from ..runs import RunFolder
from ..train import devices
from ..train.models import load_base, load_tokenizer

logger = logging.getLogger(__name__)

BASE = "base"
TUNED, TUNED_DPO = "tuned", "tuned-dpo"
_WEIGHTS, _SETTINGS = "adapter_model.safetensors", "adapter_config.json"
_WINDOW = 2048  # of models whose configuration tells none

Signature = tuple[int, ...]


@dataclass(frozen=True)
class Served:
    """An adapter in use: `key` is peft's name for it, `goldens` how many prompts were compared."""

    key: str
    signature: Signature
    goldens: int


def sources(config: Config, run: RunFolder) -> dict[str, Path]:
    """Where adapters of which name lie: the run's own, and those of `serve.adapters`.

    Raises ConfigError for a name that is taken.
    """
    own = {TUNED: run.adapter, TUNED_DPO: run.adapter_dpo}
    for name in config.serve.adapters:
        if name in (BASE, *own):
            raise ConfigError(f"serve.adapters has {name}, a name that is taken.", "Rename it.")
    return own | {name: config.at(path) for name, path in config.serve.adapters.items()}


def signature(adapter: Path) -> Signature | None:
    """Changes when the adapter's files do; None while one of them is missing."""
    try:
        stats = [(adapter / name).stat() for name in (_SETTINGS, _WEIGHTS)]
    except OSError:
        return None
    return tuple(number for stat in stats for number in (stat.st_mtime_ns, stat.st_size))


class Models:
    """The model of a run; used by one thread, but for `names` and `problems`.

    Raises as `train.models.load` does when the base model cannot be loaded.
    """

    def __init__(self, config: Config, run: RunFolder) -> None:
        self._sources = sources(config, run)
        present = [path for path in (run.adapter_dpo, run.adapter) if signature(path)]
        self.tokenizer = load_tokenizer(config, next(iter(present), None))
        self.model = load_base(config)
        if getattr(self.model, "hf_device_map", None) is None:
            self.model = self.model.to(devices.device())
        self.model.eval()
        self.device = self.model.device
        self.window = int(
            getattr(self.model.config.get_text_config(), "max_position_embeddings", 0) or _WINDOW
        )
        self.ends = _ends(self.model, self.tokenizer)
        self._linear = dict(self.model.named_modules())
        self._peft: Any = None
        self._numbers = itertools.count()
        self._active: str | None = None
        self._served: dict[str, Served] = {}
        self._refused: dict[str, Signature] = {}
        self.problems: dict[str, ProjectError] = {}

    @property
    def names(self) -> list[str]:
        """What a request may ask for."""
        return [BASE, *self._served]

    @property
    def goldens(self) -> int:
        """Golden prompts that were compared with the served template."""
        return sum(served.goldens for served in self._served.values())

    def key(self, name: str) -> str:
        """What `use` calls the model of that name now. Raises KeyError when there is none."""
        return BASE if name == BASE else self._served[name].key

    def changed(self) -> bool:
        """Whether an adapter came, changed or went since `refresh`."""
        return any(self._is_new(name, path) for name, path in self._sources.items())

    def _is_new(self, name: str, path: Path) -> bool:
        found = signature(path)
        known = self._served.get(name)
        return found != (known.signature if known else None) and found != self._refused.get(name)

    def refresh(self) -> None:
        """Take adapters as they lie on disk into use; one that is damaged leaves the old in use."""
        for name, path in self._sources.items():
            if not self._is_new(name, path):
                continue
            found = signature(path)
            if found is None:
                self._forget(name)
                continue
            try:
                self._served[name] = self._opened(path, found)
            except ProjectError as error:
                self._refused[name] = found
                self.problems[name] = error
                logger.warning(error.message, extra={"adapter": name})
                continue
            self.problems.pop(name, None)
            logger.info("adapter in use", extra={"adapter": name})

    def _forget(self, name: str) -> None:
        self._served.pop(name, None)
        self._refused.pop(name, None)
        self.problems.pop(name, None)

    def _opened(self, path: Path, found: Signature) -> Served:
        """Load an adapter that has been checked: a refused one leaves no trace in the model."""
        from peft import PeftModel

        goldens = golden.check(path, self.tokenizer)
        self._check_fits(path)
        key = f"adapter{next(self._numbers)}"
        try:
            if self._peft is None:
                self._peft = PeftModel.from_pretrained(
                    self.model, str(path), adapter_name=key, low_cpu_mem_usage=False
                )
            else:
                self._peft.load_adapter(str(path), adapter_name=key, low_cpu_mem_usage=False)
        except (ValueError, RuntimeError, KeyError, OSError) as error:
            told = " ".join(str(error).split())[:200]
            raise ModelError(f"The adapter {path.name} cannot be used: {told}") from error
        self._peft.eval()
        self._active = None
        return Served(key, found, goldens)

    def _check_fits(self, path: Path) -> None:
        """Raise ModelError where the file is damaged or its matrices are not of this base model."""
        from safetensors import SafetensorError, safe_open

        hint = "It is damaged, or was made for another base model: train it again."
        try:
            read_json(path / _SETTINGS)
            with safe_open(str(path / _WEIGHTS), "pt") as weights:
                shapes = {name: weights.get_slice(name).get_shape() for name in weights.keys()}  # noqa: SIM118
        except (SafetensorError, DataError, OSError) as error:
            told = " ".join(str(error).split())[:200]
            raise ModelError(f"The adapter {path.name} cannot be read: {told}.", hint) from error
        for name, shape in shapes.items():
            module, part = name.removeprefix("base_model.model."), ""
            for part in (".lora_A.weight", ".lora_B.weight"):
                if name.endswith(part):
                    module = module.removesuffix(part)
                    break
            else:
                continue
            layer = self._linear.get(module)
            size = getattr(layer, "in_features" if "_A" in part else "out_features", None)
            if size is not None and shape[1 if "_A" in part else 0] == size:
                continue
            raise ModelError(
                f"The adapter {path.name} does not fit the base model, at {module}.", hint
            )

    def use(self, key: str) -> None:
        """Switch the model to that adapter, or all of them off for the base model."""
        if self._peft is None or key == self._active:
            return
        if key == BASE:
            self._peft.base_model.disable_adapter_layers()
        else:
            if self._active in (BASE, None):
                self._peft.base_model.enable_adapter_layers()
            self._peft.set_adapter(key)
        self._active = key

    def discard_unused(self, in_use: set[str]) -> None:
        """Free adapters that were replaced, once no answer is being written with them."""
        if self._peft is None:
            return
        wanted = in_use | {served.key for served in self._served.values()}
        for key in set(self._peft.peft_config) - wanted:
            if len(self._peft.peft_config) == 1:
                break  # peft keeps at least one; it is never switched on again
            self._peft.delete_adapter(key)
            self._active = None


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end an answer."""
    told = getattr(model.generation_config, "eos_token_id", None)
    ends = set(told if isinstance(told, list) else [told]) | {tokenizer.eos_token_id}
    return frozenset(end for end in ends if end is not None)
