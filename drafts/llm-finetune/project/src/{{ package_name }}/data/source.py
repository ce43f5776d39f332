"""Where the records come from: made up here, a file, or a dataset of the Hub."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..config import DEFAULT, HUB_ID, TINY, Config
from ..errors import ConfigError
from . import embedded, hub
from .defaults import DEFAULTS
from .files import Malformed, Numbered, read_file

MADE_UP = "made-up"


@dataclass(frozen=True)
class Origin:
    """What the card says of a source: `kind` is made-up, file or hub, `revision` commit or hash."""

    name: str
    kind: str
    revision: str
    licence: str
    note: str = ""


@dataclass(frozen=True)
class Source:
    """Records, what is known of them, and how they are to be read."""

    origin: Origin
    records: Iterator[Numbered | Malformed]
    columns: Mapping[str, str] = field(default_factory=dict)
    skip_invalid: bool = False


def open_source(config: Config) -> Source:
    """The records that `data.source` names. Raises ConfigError, DataError or SourceError."""
    wanted = config.data.source
    if wanted == TINY:
        return _made_up(config)
    if wanted == DEFAULT:
        return _default(config)
    if Path(wanted).suffix.lower() in (".jsonl", ".json", ".csv"):
        return open_file(config, Path(wanted))
    if not HUB_ID.fullmatch(wanted):
        raise ConfigError(
            f"data.source {wanted!r} is neither a .jsonl, .json or .csv file nor an id of the Hub.",
            "An id is written owner/name.",
        )
    commit = hub.commit_of(wanted, config.data.revision, offline=config.offline)
    return Source(
        Origin(wanted, "hub", commit, "see its page at the Hub"),
        hub.load(wanted, commit, split=config.data.split, subset=config.data.subset),
    )


def open_file(config: Config, path: Path) -> Source:
    """A file of the user's; messages call it as the configuration does."""
    from ..files import sha256_file

    place = config.at(path)
    records = read_file(place, shown=str(path))
    digest = sha256_file(place) if place.is_file() else ""
    return Source(Origin(str(path), "file", digest, "the owner's"), records)


def _made_up(config: Config) -> Source:
    embedded.write_database(config.models_dir / "tiny-databases")
    note = "Made up by a script: it shows that the road works, and nothing about real questions."
    return Source(
        Origin("tiny", MADE_UP, f"seed {config.data.seed}", "the project's", note),
        embedded.records(config.task, config.data.seed),
    )


def _default(config: Config) -> Source:
    chosen = DEFAULTS[config.task]
    asked = config.data.revision or chosen.revision
    commit = hub.commit_of(chosen.id, asked, offline=config.offline)
    records = hub.load(
        chosen.id,
        commit,
        split=config.data.split,
        subset=None if chosen.folder else config.data.subset or chosen.subset,
        folder=(config.data.subset or chosen.folder) if chosen.folder else None,
    )
    return Source(
        Origin(chosen.id, "hub", commit, chosen.licence, chosen.note),
        records,
        columns=chosen.columns,
        skip_invalid=True,
    )
