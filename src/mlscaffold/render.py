"""Copier asks the questions and renders: the only module that imports it.

Importing Copier takes longer than all our other work on the command line, so it happens inside the
calls.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import answers, trees
from .errors import InputError, TemplateError
from .isolation import isolated
from .mirror import mirror
from .tags import parse_version
from .translate import translated

if TYPE_CHECKING:
    from copier._main import Worker

    from .catalog import Source

_UNMIGRATED = "Migrations of the template were not run: see _migrations in its copier.yml."


@dataclass(frozen=True)
class Question:
    """One question of a template.

    Attributes:
        key: Name of the answer.
        type: Copier's: str, int, float, bool, json, yaml or path.
        help: What the author says of it, on one line.
        default: As the author wrote it: a string may be a Jinja expression over other answers.
        choices: What may be chosen; empty for a free answer.
        hidden: It is never asked: the template computes it.
        computed: `default` is what the expression comes to with default answers.
    """

    key: str
    type: str
    help: str
    default: Any
    choices: tuple[str, ...] = ()
    hidden: bool = False
    computed: bool = False


@dataclass(frozen=True)
class Rendered:
    """What a render was made of.

    Attributes:
        answers: Every answer that was given or defaulted, in the order of the questions; no secret
            ones.
        keys: The names of all questions.
        version: The template's version: ours from its metadata, else git's description, else empty.
        commit: Full commit id of a template that came from git, else empty.
        notes: What Copier warned about, and of when a template is that could not be reached.
    """

    answers: dict[str, Any]
    keys: tuple[str, ...]
    version: str
    commit: str = ""
    notes: tuple[str, ...] = field(default=())


def questions(source: Source, *, vcs_ref: str | None = None) -> tuple[Question, ...]:
    """The questions of a template, in order; an address is fetched.

    Raises:
        TemplateError: The template cannot be fetched or read.
    """
    with _worker(source, Path("unused"), vcs_ref=vcs_ref) as worker:
        return tuple(
            _question(key, details) for key, details in worker.template.questions_data.items()
        )


def _question(key: str, details: Mapping[str, Any]) -> Question:
    choices = details.get("choices", ())
    if isinstance(choices, dict):
        choices = [
            value["value"] if isinstance(value, dict) else value for value in choices.values()
        ]
    elif isinstance(choices, str):
        choices = [choices]
    default = details.get("default")
    return Question(
        key,
        str(details.get("type") or ("yaml" if default is None else type(default).__name__)),
        " ".join(str(details.get("help", "")).split()),
        default,
        tuple(str(choice[1] if isinstance(choice, list) else choice) for choice in choices),
        details.get("when") is False,
    )


def render(
    source: Source,
    dest: Path,
    given: Mapping[str, Any],
    *,
    recorded: Mapping[str, Any] | None = None,
    defaults: bool = True,
    interactive: bool = False,
    trust: bool = False,
    tasks: bool = True,
    vcs_ref: str | None = None,
    since: str = "",
) -> Rendered:
    """Ask what is missing and render `source` into the new folder `dest`.

    Args:
        source: The template.
        dest: Folder to make; its name is what the template sees as the project's folder.
        given: Answers by key.
        recorded: Answers of a project that is there, of another version of the template perhaps:
            those that it does not ask are left out.
        defaults: Take the default of every question in neither.
        interactive: Whether there is somebody to ask the others.
        trust: Allow tasks, migrations and Jinja extensions, which run the template author's code.
        tasks: Run the template's tasks, if it has any and is trusted.
        vcs_ref: Tag, branch or commit of a template in git; None for the newest tag.
        since: Version of the project that is updated: migrations from there on need trust too.

    Raises:
        InputError: An answer is unknown, invalid or missing.
        TemplateError: The template cannot be fetched, rendered or trusted.
    """
    data = {**(recorded or {}), **given}
    with _worker(
        source, dest, data, defaults=defaults, trust=trust, tasks=tasks, vcs_ref=vcs_ref
    ) as worker:
        keys = tuple(worker.template.questions_data)
        answers.refuse_unknown(given, keys)
        for key, value in given.items():
            asked = _question(key, worker.template.questions_data[key])
            if not asked.choices:  # a choice is compared with those there are
                answers.refuse_misread(key, asked.type, value)
        migrates = _migrates(worker, since)
        if migrates and not trust:
            raise TemplateError(
                "The template has migrations, commands of its author's that we do not run.",
                source.url,
                "Read _migrations in its copier.yml; --trust updates without them.",
            )
        if not defaults and not interactive:
            _refuse_missing(worker.template.questions_data, data)
        for key in worker.data.keys() - set(keys):  # Copier would record them for ever
            del worker.data[key]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            worker.run_copy()
        messages = [each.message for each in caught if _concerns_user(each.category)]
        unmigrated = [_UNMIGRATED] if migrates else []
        known = worker.answers.combined
        secret = worker.template.secret_questions | worker.answers.hidden
        result = Rendered(
            {key: known[key] for key in keys if key in known and key not in secret},
            keys,
            source.builtin.version if source.builtin else worker.template.commit or "",
            "" if source.builtin else worker.template.commit_hash or "",
            tuple(dict.fromkeys([*_freshness(source), *map(str, messages), *unmigrated])),
        )
        answers_file = dest / worker.answers_relpath
        ran = trust and tasks and bool(worker.template.tasks)
    if answers_file.is_file() and answers_file.resolve().is_relative_to(dest.resolve()):
        answers.record(answers_file, _recorded(source, dest, answers_file, whole=not ran))
    return result


def _recorded(source: Source, dest: Path, answers_file: Path, *, whole: bool) -> dict[str, str]:
    """What a project records of its render beside the answers.

    Args:
        source: The template; Copier would record the folder of one of ours, a path of this machine.
        dest: The render.
        answers_file: The file to record it in.
        whole: Whether the files are the template's alone: what tasks make may differ every time.
    """
    entries: dict[str, str] = {}
    if source.builtin:
        entries = {
            "_commit": f"v{source.builtin.version}",
            "_src_path": source.builtin.address,
        }
    if whole:
        name = answers_file.relative_to(dest).as_posix()
        entries["_render"] = trees.digest(dest, skip={name}, modes=False)
    return entries


def _freshness(source: Source) -> Iterator[str]:
    """Of when the copy of a template is that could not be reached."""
    if source.folder is None and (note := mirror(source.url).note):
        yield note


def _concerns_user(category: type[Warning]) -> bool:
    return not issubclass(category, (DeprecationWarning, FutureWarning, ResourceWarning))


def _refuse_missing(asked: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> None:
    missing = [
        key
        for key, details in asked.items()
        if key not in given and details.get("when") is not False
    ]
    if missing:
        raise InputError(
            f"Nobody is here to answer: {', '.join(missing)}.",
            "",
            "Use -d KEY=VALUE, --data-file, --defaults for the defaults, or run in a terminal.",
        )


@contextmanager
def _worker(
    source: Source,
    dest: Path,
    given: Mapping[str, Any] | None = None,
    *,
    defaults: bool = False,
    trust: bool = False,
    tasks: bool = True,
    vcs_ref: str | None = None,
) -> Iterator[Worker]:
    """A Copier worker for one template, its errors translated into ours.

    `copier.run_copy`, the public call, is `with Worker(...) as worker: worker.run_copy()`. We write
    it out since the keys of `given` must be known to be questions before any is asked, and no
    public call tells a template's questions; fetching it twice to find out would be worse.
    """
    if source.builtin and vcs_ref:
        raise InputError(
            "A built-in template has releases, not git references.", "--vcs-ref", "Use --version."
        )
    if vcs_ref and vcs_ref.startswith("-"):
        raise InputError(f"{vcs_ref!r} is not a tag, branch or commit.", "--vcs-ref")
    from copier._main import Worker
    from copier._settings import SettingsModel

    with translated(source.url), isolated(source, programs=trust and tasks):
        worker = Worker(
            src_path=source.url,
            dst_path=dest,
            data=dict(given or {}),
            settings=SettingsModel(),  # empty: the user's own trust and defaults stay out
            exclude=trees.ALWAYS_EXCLUDED,  # a template may replace Copier's own exclusions
            defaults=defaults,
            quiet=True,
            unsafe=trust,
            skip_tasks=not tasks,
            vcs_ref=vcs_ref,
        )
        with worker:
            yield worker


def _migrates(worker: Worker, since: str) -> bool:
    """Whether the template has commands to run on a project that was at the version `since`."""
    migrations = worker.template._raw_config.get("_migrations") or []
    return bool(since) and not all(_is_over(each, since) for each in migrations)


def _is_over(migration: object, since: str) -> bool:
    """Whether a migration is to a version that a project has reached; most name one."""
    wanted = migration.get("version") if isinstance(migration, Mapping) else None
    reached, version = parse_version(since), parse_version(str(wanted))
    return bool(reached and version and version <= reached)
