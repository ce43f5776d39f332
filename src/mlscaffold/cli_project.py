"""The commands for a project that is there: parse, call, print; as `cli`, of which they are a part.

Exit code 3 says that there is something to look at: conflicts, or with `--exit-code` a difference.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from . import output, output_project

TO_LOOK_AT = 3

Project = Annotated[
    Path, typer.Argument(metavar="PATH", help="The project, or a folder in it.", show_default=False)
]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", "-d", metavar="KEY=VALUE", help="An answer; may be repeated."),
]
DataFile = Annotated[
    Path | None, typer.Option(metavar="YAML", help="A file of answers.", show_default=False)
]
To = Annotated[
    str | None, typer.Option(metavar="VERSION", help="Not the newest but this.", show_default=False)
]
Defaults = Annotated[bool, typer.Option("--defaults", help="Ask nothing: take the defaults.")]
Commit = Annotated[bool, typer.Option("--commit", help="Commit what merged without conflict.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Do not resolve dependencies again; mark the locks stale.")
]
Trust = Annotated[
    bool, typer.Option("--trust", help="Let a third party's template run its extensions.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
HERE = Path()


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (status, diff, update, set_, undo, adopt):
        app.command(command.__name__.rstrip("_"))(command)


def status(
    path: Project = HERE,
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help="Exit with 3 when behind the template or changed."),
    ] = False,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Tell where a project stands: version, what is newer, what you changed. Writes nothing."""
    from . import status as use_case

    result = use_case.status(path, trust=trust)
    _print("status", result, output_project.status_text(result), as_json=as_json)
    if exit_code and result.stands_apart:
        raise typer.Exit(TO_LOOK_AT)


def diff(
    path: Project = HERE,
    to: To = None,
    data: Data = None,
    data_file: DataFile = None,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Show exactly what `update` (or with -d what `set`) would do. Writes nothing."""
    from . import answers
    from . import diff as use_case

    given = answers.collect(data or [], data_file)
    colour = not as_json and sys.stdout.isatty()
    result = use_case.diff(path, given, to=to, trust=trust, colour=colour, say=_say)
    _print("diff", result, output_project.diff_text(result), as_json=as_json)
    if any(each.what == "conflict" for each in result.files):
        raise typer.Exit(TO_LOOK_AT)


def update(
    path: Project = HERE,
    to: To = None,
    data: Data = None,
    data_file: DataFile = None,
    defaults: Defaults = False,
    commit: Commit = False,
    offline: Offline = False,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Merge a newer version of its template into a project; `undo` takes it back."""
    from . import answers
    from . import update as use_case

    result = use_case.update(
        path,
        answers.collect(data or [], data_file),
        to=to,
        interactive=_somebody(as_json) and not defaults,
        commit=commit,
        trust=trust,
        offline=offline,
        say=_say,
    )
    _print("update", result, output_project.update_text(result), as_json=as_json)
    if result.conflicts:
        raise typer.Exit(TO_LOOK_AT)


def set_(
    path: Project = HERE,
    data: Data = None,
    data_file: DataFile = None,
    commit: Commit = False,
    offline: Offline = False,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Change answers at the same version: add or remove a component; `undo` takes it back."""
    from . import answers
    from . import update as use_case

    given = answers.collect(data or [], data_file)
    result = use_case.set_answers(
        path, given, commit=commit, trust=trust, offline=offline, say=_say
    )
    _print("set", result, output_project.update_text(result), as_json=as_json)
    if result.conflicts:
        raise typer.Exit(TO_LOOK_AT)


def undo(
    path: Project = HERE,
    force: Annotated[
        bool, typer.Option("--force", help="Also over later edits, keeping a copy of them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take back the last new, update, set or adopt: files, index and branch as they were."""
    from . import undo as use_case

    result = use_case.undo(path, force=force)
    _print("undo", result, output_project.undo_text(result), as_json=as_json)


def adopt(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The repository.")],
    template: Annotated[
        str, typer.Argument(metavar="TEMPLATE", help="A built-in name, gh:owner/name or a URL.")
    ],
    version: Annotated[
        str | None,
        typer.Option(help="The version it was made from; else the nearest.", show_default=False),
    ] = None,
    data: Data = None,
    data_file: DataFile = None,
    defaults: Defaults = False,
    commit: Commit = False,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Give an existing repository a base to update from; writes the answers file only."""
    from . import adopt as use_case
    from . import answers, catalog

    result = use_case.adopt(
        path,
        catalog.locate(template),
        answers.collect(data or [], data_file),
        version=version,
        interactive=_somebody(as_json) and not defaults,
        commit=commit,
        trust=trust,
        say=_say,
    )
    _print("adopt", result, output_project.adopt_text(result), as_json=as_json)


def _print(command: str, result: object, text: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(output.to_json(command, result=result))
    else:  # bytes of files and names that are no text show as such, on any terminal
        typer.echo(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _somebody(as_json: bool) -> bool:
    """Whether there is somebody to ask."""
    return not as_json and sys.stdin.isatty() and sys.stdout.isatty()


def _say(text: str) -> None:
    """What is under way, for whoever waits."""
    if sys.stderr.isatty():
        typer.echo(text, err=True)
