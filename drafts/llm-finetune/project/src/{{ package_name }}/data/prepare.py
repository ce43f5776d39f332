"""The whole step: from records to three frozen sets with a card, or a sentence on what is wrong."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..config import Config
from ..errors import DataError
from ..files import write_json_atomic, write_text_atomic
from ..progress import Progress, quiet
from ..tasks import Task, options_of, task
from . import clean, lengths
from .card import card
from .leaks import find_leaks, refuse_leaks, without_leaked
from .placing import replacing
from .source import MADE_UP, Origin, Source, open_file, open_source
from .split import Parts, split
from .splits import NAMES, frozen_hash, write_rows
from .validate import Placed, Validated, validate
from .words import related


@dataclass(frozen=True)
class Prepared:
    """What was made of the records; all of it stands in data.json and in the card.

    `lengths` holds median, p95 and max of prompt, answer and total in tokens beside the window;
    `warnings` are sentences about what is allowed but may hurt.
    """

    path: Path
    task: str
    origin: Origin
    counts: dict[str, int]
    records: int
    refused: list[tuple[int, str]]
    duplicates: int
    conflicts: int
    long: int
    leaked: int
    families: int
    lengths: dict[str, Any]
    labels: list[str]
    slices: dict[str, dict[str, int]]
    test_hash: str
    warnings: list[str]

    @property
    def made_up(self) -> bool:
        """Whether the examples are the embedded ones."""
        return self.origin.kind == MADE_UP


def prepare(
    config: Config, out: Path, *, tokenizer: Any = None, progress: Progress = quiet
) -> Prepared:
    """Load, validate, deduplicate, split, look for leaks, freeze and describe, in the folder `out`.

    `tokenizer` counts tokens with its chat template; the base model's unless given. Nothing is
    written unless all of it is right. Raises DataError that lists the lines that are wrong,
    LeakError, ConfigError or SourceError; and DataError when `out` holds another frozen test set.
    """
    steps = _Steps(progress)
    before = frozen_hash(out)
    steps("read")
    source = open_source(config)
    records = clean.of_domain(config, list(source.records), _columns(config, source))
    work = _task(config, source, records)
    steps("validate")
    found = _validated(config, source, records, work)
    once = clean.deduplicate(found.rows)
    given = {name: _given(config, name, work) for name in ("validation", "test")}
    steps("lengths")
    if tokenizer is None:
        from ..train.models import load_tokenizer

        tokenizer = load_tokenizer(config)
    kept = clean.sample(once.rows, config.data.max_rows, config.data.seed)
    fitting = lengths.Fitting(config, tokenizer)
    rows = fitting.keep(kept)
    held = {name: fitting.keep(placed) for name, placed in given.items()}
    steps("split")
    families = related([one.row for one in rows], config.data.ngram, config.data.leak_share)
    parts = _parts(config, work, rows, families, held)
    steps("leaks")
    learnt = len(parts.train) + len(parts.validation)
    doubts = _leaks(config, parts)
    learnt -= len(parts.train) + len(parts.validation)
    steps("write")
    everything = [one for name in NAMES for one in getattr(parts, name)]
    measured = lengths.measure(everything, tokenizer)
    with replacing(out) as staged:
        hashes = {
            part: write_rows(staged / f"{part}.jsonl", (one.row for one in getattr(parts, part)))
            for part in NAMES
        }
        if before not in (None, hashes["test"]):
            raise DataError(
                f"The test set of {out.parent.name} is frozen, and these records or settings "
                "would make another one.",
                "Prepare them under another name (--run), so that no figures are mixed up.",
            )
        result = Prepared(
            path=out,
            task=work.name,
            origin=source.origin,
            counts={part: len(getattr(parts, part)) for part in NAMES},
            records=found.records,
            refused=found.refused,
            duplicates=once.duplicates,
            conflicts=once.conflicts,
            long=fitting.dropped,
            leaked=learnt,
            families=len(set(families)),
            lengths=lengths.summary(measured, fitting.window),
            labels=list(work.options.labels),
            slices=_slices(work, parts.test),
            test_hash=hashes["test"],
            warnings=[*doubts, *_warnings(config, once, everything, measured)],
        )
        settings = config.data.model_dump(mode="json")
        write_json_atomic(
            staged / "data.json",
            asdict(result) | {"path": "", "hashes": hashes, "settings": settings},
        )
        write_text_atomic(staged / "DATA_CARD.md", card(result, config))
    return result


class _Steps:
    """Counts the steps for whoever listens."""

    _names = ("read", "validate", "lengths", "split", "leaks", "write")

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, name: str) -> None:
        number = self._names.index(name)
        self._progress(f"data: {name}", number + 1, len(self._names))


def _columns(config: Config, source: Source) -> dict[str, str]:
    return {**source.columns, **config.data.columns}


def _task(config: Config, source: Source, records: Sequence[Any]) -> Task:
    """The task with the columns of the source, and the labels of its records if none are set."""
    columns = _columns(config, source)
    options = dataclasses.replace(options_of(config), columns=columns)
    if config.task == "classification" and not options.labels:
        options = dataclasses.replace(options, labels=clean.labels_of(records, columns))
    return task(config.task, options)


def _validated(config: Config, source: Source, records: list[Any], work: Task) -> Validated:
    skip = config.data.skip_invalid or source.skip_invalid
    # A row more than enough is read, because some say the same; all are read to tell all errors.
    enough = 2 * config.data.max_rows if skip and config.data.max_rows else None
    if enough:
        records = clean.shuffled(records, config.data.seed)
    return validate(records, work, source.origin.name, skip_invalid=skip, enough=enough)


def _given(config: Config, name: str, work: Task) -> list[Placed]:
    """Rows of data.validation or data.test, or none where the set is split off."""
    path: Path | None = getattr(config.data, name)
    if path is None:
        return []
    source = open_file(config, path)
    found = validate(
        source.records, work, source.origin.name, skip_invalid=config.data.skip_invalid
    )
    return clean.deduplicate(found.rows).rows


def _parts(
    config: Config,
    work: Task,
    rows: Sequence[Placed],
    families: Sequence[int],
    held: dict[str, list[Placed]],
) -> Parts:
    """Split off what is not given as a file of its own."""
    data = config.data
    shares = (
        0.0 if held["validation"] else data.validation_share,
        0.0 if held["test"] else data.test_share,
    )
    parts = split(
        rows,
        families,
        shares=shares,
        seed=data.seed,
        stratum=lambda one: work.stratum(one.row),
    )
    return Parts(parts.train, held["validation"] or parts.validation, held["test"] or parts.test)


def _leaks(config: Config, parts: Parts) -> list[str]:
    """Refuse test rows that are learnt from, or take them out; tell of validation rows that are."""
    n, share = config.data.ngram, config.data.leak_share
    if config.data.drop_leaked:
        parts.train = without_leaked(parts.train, parts.test, n=n, share=share)
        parts.validation = without_leaked(parts.validation, parts.test, n=n, share=share)
    refuse_leaks(parts.test, [*parts.train, *parts.validation], n=n, share=share)
    doubtful = find_leaks(parts.validation, parts.train, n=n, share=share)
    if not doubtful:
        return []
    return [
        f"{len(doubtful)} of {len(parts.validation)} validation prompts stand in the training "
        "data: early stopping will come late."
    ]


def _slices(work: Task, rows: Sequence[Placed]) -> dict[str, dict[str, int]]:
    """How many test rows each slice has."""
    counts: dict[str, Counter[str]] = {}
    for one in rows:
        for name, value in work.slices(one.row).items():
            counts.setdefault(name, Counter())[value] += 1
    return {name: dict(values.most_common()) for name, values in counts.items()}


def _warnings(
    config: Config,
    once: clean.Deduplicated,
    rows: Sequence[Placed],
    measured: lengths.Lengths,
) -> list[str]:
    told = []
    if once.conflicts:
        told.append(
            f"{once.conflicts} records answer a prompt in another way than an earlier one; "
            "the first was kept."
        )
    longer = sum(tokens > config.evaluate.max_new_tokens for tokens in measured.answer)
    if longer:
        told.append(
            f"{longer} of {len(rows)} answers are longer than evaluate.max_new_tokens "
            f"({config.evaluate.max_new_tokens}): they cannot be written whole."
        )
    return told
