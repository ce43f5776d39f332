"""The command line: parse, call, print.

No logic, and nothing heavy imported before a command needs it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import __version__, catalog, cli_project, output
from .errors import UsageError

if TYPE_CHECKING:
    from .new import NewResult, Plan

app = typer.Typer(
    name="mlscaffold",
    help="Machine-learning repositories that already do the whole job.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _complete_template(incomplete: str) -> list[str]:
    return [name for name in catalog.names() if name.startswith(incomplete)]


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
TemplateName = Annotated[
    str | None,
    typer.Argument(
        metavar="TEMPLATE",
        help="A built-in name, gh:owner/name, a URL, or the folder of a Copier template.",
        autocompletion=_complete_template,
        show_default=False,
    ),
]
VcsRef = Annotated[
    str | None, typer.Option(help="Tag, branch or commit of a template in git.", show_default=False)
]
Version = Annotated[
    str | None,
    typer.Option(
        "--version", metavar="X", help="A release of a built-in template.", show_default=False
    ),
]
NoGit = Annotated[bool, typer.Option("--no-git", help="Make no repository and no commit.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mlscaffold {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Machine-learning repositories that already do the whole job."""


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Name the built-in templates."""
    templates = catalog.load_all()
    _print("list", templates, output.list_text(templates), as_json)


@app.command()
def show(
    template: TemplateName,
    version: Version = None,
    vcs_ref: VcsRef = None,
    as_json: Json = False,
) -> None:
    """Tell what a template asks, which files it makes and which skills they show."""
    from . import show as use_case
    from . import store

    with store.at_version(catalog.locate(template or ""), version) as source:
        result = use_case.show(source, vcs_ref=vcs_ref)
    _print("show", result, output.show_text(result), as_json)


@app.command()
def new(
    template: TemplateName = None,
    dest: Annotated[
        Path | None,
        typer.Argument(
            metavar="DEST",
            help="The folder to make; without it, one named after the project. `.` and a folder "
            "that holds only .git, a licence and a README will do.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", "-d", metavar="KEY=VALUE", help="An answer; may be repeated."),
    ] = None,
    data_file: Annotated[
        Path | None, typer.Option(metavar="YAML", help="A file of answers.", show_default=False)
    ] = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: take the defaults.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the tree and its sizes; write nothing.")
    ] = False,
    no_git: NoGit = False,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Let a third party's template run its tasks and extensions."),
    ] = False,
    version: Version = None,
    vcs_ref: VcsRef = None,
    as_json: Json = False,
) -> None:
    """Make a project: ask, render, check, commit, put in place."""
    from . import answers, store
    from . import new as use_case

    interactive = not as_json and sys.stdin.isatty() and sys.stdout.isatty()
    given = answers.collect(data or [], data_file)
    source = catalog.locate(template or _pick_template(interactive))
    if source.builtin is None:
        typer.echo(
            f"Template: {source.url} (not ours: read it before you run what it makes)", err=True
        )
    with store.at_version(source, version) as at:
        result = use_case.new(
            at,
            dest,
            given,
            defaults=defaults,
            interactive=interactive,
            confirm=_confirm if interactive and not defaults else lambda _: True,
            trust=trust,
            vcs_ref=vcs_ref,
            with_git=not no_git,
            dry_run=dry_run,
        )
    _print("new", result, output.new_text(result, output.next_steps(at.builtin, result)), as_json)


@app.command()
def demo(
    dest: Annotated[
        Path | None, typer.Argument(metavar="DEST", help="The folder to make.", show_default=False)
    ] = None,
    no_git: NoGit = False,
    as_json: Json = False,
) -> None:
    """Make an mlops-project with default answers, install it and run it end to end."""
    from . import demo as use_case

    def made(result: NewResult) -> None:
        if not as_json:
            typer.echo(f"{output.new_text(result, ())}\n\nRunning its tasks.py demo:")

    result = use_case.demo(
        dest, with_git=not no_git, child_stdout=sys.stderr.fileno() if as_json else None, made=made
    )
    _print("demo", result, output.demo_text(result), as_json)


def _print(command: str, result: object, text: str, as_json: bool) -> None:
    typer.echo(output.to_json(command, result=result) if as_json else text)


def _pick_template(interactive: bool) -> str:
    """Let the user choose a template; without a terminal, say which there are."""
    templates = catalog.load_all()
    if not interactive:
        raise UsageError(
            "Which template?",
            "TEMPLATE",
            f"Name it: mlscaffold new TEMPLATE. Built in: "
            f"{', '.join(each.name for each in templates)}.",
        )
    import questionary

    choices = [questionary.Choice(f"{each.name}: {each.title}", each.name) for each in templates]
    return str(questionary.select("Which template?", choices).unsafe_ask())


def _confirm(plan: Plan) -> bool:
    import questionary

    typer.echo(output.plan_text(plan))
    return bool(questionary.confirm("Write it?", default=True).unsafe_ask())


cli_project.register(app)
