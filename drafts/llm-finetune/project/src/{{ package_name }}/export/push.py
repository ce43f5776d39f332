"""The upload to the Hub: only what is meant to be public, only when told so a second time."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..causes import explained
from ..config import Config
from ..errors import ConfigError, DataError, ModelError, NotReadyError
from ..golden import FILE as GOLDEN
from ..runs import RunFolder

CARD = "MODEL_CARD.md"
_ALLOWED = (".safetensors", ".json", ".jinja", ".model", ".txt")
_WITHHELD = {GOLDEN, "training_args.bin", "trainer_state.json"}
_SECRET = re.compile(rb"\b(?:hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,}|ghp_[A-Za-z0-9]{30,})\b")
_SMALL = 5_000_000  # bytes; larger files are weights and tokenizers, not text with a key in it


@dataclass(frozen=True)
class PushResult:
    """What is, or would be, at the Hub; `url` is None for a dry run."""

    repo: str
    private: bool
    files: dict[str, int]
    url: str | None
    lines: list[str]


def push(
    config: Config,
    run: RunFolder,
    *,
    execute: bool = False,
    endpoint: str | None = None,
) -> PushResult:
    """Show what would be uploaded to `export.hub_repo`; upload it with `execute`.

    The merged model goes where there is one, else the adapter; the model card becomes its README.
    Raises ConfigError without a repository, NotReadyError without model or card, DataError where a
    file holds a secret, ModelError for a card that is older than the model.
    """
    repo = config.export.hub_repo
    if repo is None:
        raise ConfigError(
            "Nobody said where to.", "Set export.hub_repo to owner/name, with --set for this once."
        )
    folder = run.merged if run.merged.is_dir() else run.require(run.best_adapter, "train")
    chosen = selection(folder)
    if not any(path.suffix == ".safetensors" for path in chosen.values()):
        raise NotReadyError(f"{folder} holds no weights.", "First run `train`, then `merge`.")
    chosen["README.md"] = _card(run, folder)
    for name, path in chosen.items():
        _refuse_secrets(name, path)
    sizes = {name: path.stat().st_size for name, path in sorted(chosen.items())}
    kind = "private" if config.export.private else "PUBLIC"
    lines = [
        f"{'Uploading' if execute else 'Dry run: nothing was sent. It would upload'} "
        f"{len(sizes)} files, {sum(sizes.values()) / 1e6:.1f} MB, to {repo} ({kind})",
        *(f"  {size / 1e6:>10.2f} MB  {name}" for name, size in sizes.items()),
    ]
    if config.is_tiny:
        lines.append("This is the embedded tiny model: it proves the road, and helps nobody there.")
    if not execute:
        lines.append("The base model's licence binds this model too. To upload: push --yes")
        return PushResult(repo, config.export.private, sizes, None, lines)
    url = _upload(config, repo, chosen, endpoint)
    lines.append(f"Uploaded: {url}")
    return PushResult(repo, config.export.private, sizes, url, lines)


def selection(folder: Path) -> dict[str, Path]:
    """Files to upload by name: weights, configuration and tokenizer.

    Golden prompts stay here, for they are rows of the training data.
    """
    return {
        path.name: path
        for path in sorted(folder.iterdir())
        if path.is_file()
        and not path.is_symlink()
        and path.suffix in _ALLOWED
        and path.name not in _WITHHELD
    }


def _card(run: RunFolder, folder: Path) -> Path:
    card = run.require(run.report / CARD, "report")
    weights = max(path.stat().st_mtime for path in folder.glob("*.safetensors"))
    trained = max(path.stat().st_mtime for path in run.best_adapter.glob("*.safetensors"))
    if folder != run.best_adapter and weights < trained:
        raise ModelError("The merged model is older than the adapter.", "Run `merge` again.")
    if card.stat().st_mtime < trained:
        raise ModelError(
            "The model card is older than the adapter that it describes.",
            "Run `evaluate` and `report` again.",
        )
    return card


def _refuse_secrets(name: str, path: Path) -> None:
    if path.suffix == ".safetensors" or path.stat().st_size > _SMALL:
        return
    if _SECRET.search(path.read_bytes()):
        raise DataError(f"{name} holds what looks like a secret key.", "Remove it before you push.")


def _upload(config: Config, repo: str, chosen: dict[str, Path], endpoint: str | None) -> str:
    """One commit with all files; a repository that is missing is made."""
    from huggingface_hub import CommitOperationAdd, HfApi

    api: Any = HfApi(endpoint=endpoint)
    try:
        api.create_repo(repo, private=config.export.private, exist_ok=True)
        made = api.create_commit(
            repo,
            [
                CommitOperationAdd(path_in_repo=name, path_or_fileobj=str(path))
                for name, path in chosen.items()
            ],
            commit_message=f"Upload run {config.run}",
        )
    except Exception as error:
        answered = getattr(error, "response", None) is not None
        if not answered and (known := explained(error)):
            raise known from error
        told = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"The Hub refused the upload: {told}",
            "It needs a token that may write (HF_TOKEN, or `hf auth login`).",
        ) from error
    return str(made.commit_url)
