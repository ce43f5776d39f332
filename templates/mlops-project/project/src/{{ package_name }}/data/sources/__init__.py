"""Where hourly values come from: `plan` says which dataset from which source, `opened` opens them.

Each file here that declares a `SOURCE` is one (see `base.py`), found by its name; a measured
station is one more file, and nothing else to change.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache

from ...config import Settings
from ...discovery import chosen, declared
from ...errors import ConfigError
from ...provenance import SIMULATED
from ...usecase import active
from .base import Opening, Response, Source, SourceType
from .injection import Injection

__all__ = ["Injection", "Opening", "Response", "Source", "SourceType", "find", "opened", "plan"]


@cache
def find() -> dict[str, SourceType]:
    """Every source by its name."""
    return declared(__name__, "SOURCE", SourceType)


def plan(settings: Settings, default: str) -> dict[str, str]:
    """The source of each dataset: the one that `collect.sources` names, or `default`.

    Raises ConfigError for a source or a dataset that does not exist.
    """
    names = [dataset.name for dataset in active().datasets]
    for name in settings.collect.sources:
        if name not in names:
            raise ConfigError(
                f"collect.sources names the dataset '{name}', which there is not.",
                f"Choose one of {', '.join(names)}.",
            )
    chosen(find(), default, "source", exit_code=2)  # it stood on the command line
    sources = {name: settings.collect.sources.get(name, default) for name in names}
    for source in sources.values():
        chosen(find(), source, "source")
    return sources


@contextmanager
def opened(sources: Mapping[str, str], opening: Opening) -> Iterator[dict[str, Source]]:
    """The source of each dataset of a plan, each opened once, closed at the block's end.

    Raises ConfigError for an injection where nothing is simulated.
    """
    if opening.injection is not None and SIMULATED not in sources.values():
        raise ConfigError("Drift is injected into simulated data only.", "Add --source simulated.")
    with ExitStack() as stack:
        by_name = {
            name: stack.enter_context(find()[name].open(opening))
            for name in sorted(set(sources.values()))
        }
        yield {dataset: by_name[name] for dataset, name in sources.items()}
