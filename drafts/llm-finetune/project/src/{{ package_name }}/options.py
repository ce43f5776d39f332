"""Options that several verbs of the command line share."""

from pathlib import Path
from typing import Annotated

import typer


def _recipes() -> list[str]:
    """What recipes/ has, for the shell's completion."""
    from .loading import find_root, recipes

    return list(recipes(find_root(Path.cwd())))


def _runs() -> list[str]:
    """The runs that there are, for the shell's completion."""
    from .loading import load_config
    from .runs import existing

    return [run.name for run in existing(load_config())]


Recipe = Annotated[
    str | None,
    typer.Option(autocompletion=_recipes, metavar="NAME", help="A recipe of recipes/."),
]
NewRun = Annotated[
    str | None, typer.Option("--run", metavar="NAME", help="Name of the run's folder.")
]
OldRun = Annotated[
    str | None,
    typer.Option("--run", autocompletion=_runs, metavar="NAME", help="Not the last run: this one."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting, such as train.seed=1. Repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log to standard error too.")]
