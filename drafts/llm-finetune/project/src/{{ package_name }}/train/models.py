"""Base models, tokenizers and adapters from disk or the Hub: safetensors only, no remote code."""

from pathlib import Path
from typing import Any

from ..causes import explained
from ..config import Config
from ..errors import ModelError
from ..progress import Progress, quiet
from . import adapters, devices


def base_name(config: Config, progress: Progress = quiet) -> str:
    """What to load the base model from: an absolute folder, or the Hub's id.

    The embedded tiny model is built first where it is not there yet.
    """
    if config.is_tiny:
        from ..tiny.build import build

        return str(
            build(
                config.tiny_dir, seed=config.tiny.seed, steps=config.tiny.steps, progress=progress
            ).resolve()
        )
    folder = config.at(config.model.base)
    return str(folder.resolve()) if folder.is_dir() else config.model.base


def load_tokenizer(config: Config, adapter: Path | None = None) -> Any:
    """The tokenizer: the one saved beside the adapter, which holds the trained chat template,
    else the base model's.

    Raises ModelError for one without a template, SourceError when the Hub does not give it.
    """
    from transformers import AutoTokenizer

    saved = adapter is not None and (adapter / "tokenizer_config.json").is_file()
    source = str(adapter) if saved else base_name(config)
    tokenizer = _asked(config, AutoTokenizer.from_pretrained, source, **_place(config, source))
    if tokenizer.chat_template is None:
        raise ModelError(
            f"The tokenizer of {config.model.base} has no chat template, so nobody knows how its "
            "prompts are written.",
            "Choose the instruction-tuned version of this base model.",
        )
    return tokenizer


def load_architecture(config: Config) -> Any:
    """The base model's configuration: a small file, without any weights."""
    from transformers import AutoConfig

    source = base_name(config)
    return _asked(config, AutoConfig.from_pretrained, source, **_place(config, source))


def load_base(config: Config, *, quantised: bool | None = None) -> Any:
    """The base model with its weights; in four bits when the method is QLoRA.

    `quantised` overrides that: merging and comparing want the full precision. Raises ModelError for
    damaged or unsafe weights and SourceError when the Hub does not give them.
    """
    from transformers import AutoModelForCausalLM

    source = base_name(config)
    compute = devices.dtype(config)
    four_bit = config.adapter.method == "qlora" if quantised is None else quantised
    settings: dict[str, Any] = {"dtype": compute, "attn_implementation": config.model.attention}
    if four_bit:
        devices.check_method(config)
        settings["quantization_config"] = adapters.four_bit(config, compute)
        settings["device_map"] = devices.local_device_map()
    return _asked(
        config,
        AutoModelForCausalLM.from_pretrained,
        source,
        use_safetensors=True,
        **settings,
        **_place(config, source),
    )


def load(
    config: Config,
    adapter: Path | None = None,
    *,
    trainable: bool = False,
    quantised: bool | None = None,
) -> tuple[Any, Any]:
    """(model, tokenizer): the base model, with an adapter on it where one is given.

    For inference the model stands on the best device in evaluation mode; a `trainable` one is left
    to the trainer. The adapter's switch (`model.disable_adapter()`) gives the base model exactly.
    Raises ModelError when the adapter is missing, damaged or made for another base model.
    """
    tokenizer = load_tokenizer(config, adapter)
    model = load_base(config, quantised=quantised)
    if adapter is not None:
        model = _with_adapter(model, adapter, trainable)
    if trainable:
        return model, tokenizer
    if getattr(model, "hf_device_map", None) is None:
        model = model.to(devices.device())
    return model.eval(), tokenizer


def _with_adapter(model: Any, adapter: Path, trainable: bool) -> Any:
    from peft import PeftModel

    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (adapter / name).is_file():
            raise ModelError(f"{adapter} is no adapter: it has no {name}.", "Train again.")
    try:
        return PeftModel.from_pretrained(
            model, str(adapter), is_trainable=trainable, low_cpu_mem_usage=False
        )
    except Exception as error:
        # peft, safetensors and torch each have their own for a file that is cut or does not fit.
        if known := explained(error):
            raise known from error
        told = " ".join(str(error).split())[:200]
        raise ModelError(
            f"The adapter in {adapter} cannot be used: {told}",
            "It is damaged, or was made for another base model: train it again.",
        ) from error


def _place(config: Config, source: str) -> dict[str, Any]:
    """Keywords that say where a model may come from."""
    if Path(source).is_dir():
        return {"local_files_only": True}
    return {"local_files_only": config.offline, "revision": config.model.revision}


def _asked(config: Config, loader: Any, source: str, **settings: Any) -> Any:
    """Call a `from_pretrained`; what goes wrong becomes a sentence."""
    try:
        return loader(source, **settings)
    except Exception as error:
        if known := explained(error):
            raise known from error
        told = " ".join(str(error).split())[:300]
        raise ModelError(
            f"The base model {config.model.base} cannot be loaded: {told}",
            "Check model.base and model.revision. Weights must be safetensors, and models that "
            "bring code of their own are not run.",
        ) from error
