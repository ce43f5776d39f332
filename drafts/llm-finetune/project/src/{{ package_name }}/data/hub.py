"""Loads a dataset of the Hugging Face Hub, pinned to one commit."""

import re
from collections.abc import Iterator
from typing import Any

from ..causes import explained
from ..errors import SourceError
from .files import Numbered

COMMIT = re.compile(r"[0-9a-f]{40}")


def commit_of(dataset: str, revision: str | None, *, offline: bool) -> str:
    """The commit that a branch or tag of a dataset is at now; a commit stays what it is.

    Raises SourceError when the Hub does not say, or `offline` forbids to ask.
    """
    if revision and COMMIT.fullmatch(revision):
        return revision
    if offline:
        raise SourceError(
            f"Offline, the commit of {dataset} at {revision or 'main'} cannot be asked for.",
            "Set data.revision to the commit that an earlier data card names.",
        )
    from huggingface_hub import HfApi

    try:
        return str(HfApi().dataset_info(dataset, revision=revision).sha)
    except Exception as error:
        raise _told(dataset, error) from error


def load(
    dataset: str,
    commit: str,
    *,
    split: str,
    subset: str | None = None,
    folder: str | None = None,
) -> Iterator[Numbered]:
    """Rows of one split, numbered from 1, with the names of classes in place of their numbers.

    Loading is the first thing that happens, not the first row. Raises SourceError.
    """
    import datasets
    import huggingface_hub

    # Progress has one place to be shown, and what goes wrong is told by this project.
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    huggingface_hub.logging.set_verbosity_error()
    try:
        found = datasets.load_dataset(
            dataset, name=subset, data_dir=folder, split=split, revision=commit
        )
    except Exception as error:
        raise _told(dataset, error) from error
    kept = [str(file["filename"]) for file in found.cache_files]
    if not all(commit in name for name in kept):
        # Without network `datasets` is content with whatever commit it has.
        raise SourceError(
            f"The Hub cannot be reached, and commit {commit} of {dataset} is not on this machine.",
            "See that there is a network, or set data.revision to the commit that you have.",
        )
    return _rows(found)


def _rows(dataset: Any) -> Iterator[Numbered]:
    named = {
        name: feature.int2str
        for name, feature in dataset.features.items()
        if hasattr(feature, "int2str")
    }
    for number, row in enumerate(dataset, 1):
        yield (
            number,
            {
                name: named[name](value) if name in named and isinstance(value, int) else value
                for name, value in row.items()
            },
        )


def _told(dataset: str, error: Exception) -> Exception:
    """The error as a sentence that names the dataset."""
    if known := explained(error):
        return type(known)(f"{dataset}: {known.message}", known.hint)
    told = " ".join(str(error).split())[:300]
    return SourceError(
        f"The dataset {dataset} cannot be loaded: {told}",
        "Check data.source, data.subset, data.split and data.revision.",
    )
