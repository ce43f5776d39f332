"""The command line: parse, call, print. Each verb is one function of the package.

Nothing heavy is imported at the top, so that `--help` answers at once. The verbs up to `train` and
the demo are here, those on a finished run in `cli_finished.py`.
"""

from typing import Annotated

import typer

from . import CLI, NAME, __version__, cli_finished
from .console import Command
from .options import AsJson, NewRun, Recipe, Settings, Verbose

app = typer.Typer(
    name=NAME,
    help="LoRA fine-tuning whose improvement is proven: data, train, evaluate, report, serve.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(value: bool) -> None:
    if value:
        print(f"{NAME} {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def recipes(as_json: AsJson = False) -> None:
    """List the recipes with what their first line says."""
    with Command(as_json=as_json) as command:
        from .loading import recipes as find

        about = {
            name: path.read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ")
            for name, path in find(command.config.root).items()
        }
        command.show(about, *(f"{name:<12} {line}" for name, line in about.items()))


@app.command()
def tiny(settings: Settings = None, as_json: AsJson = False) -> None:
    """Build the embedded base model and its made-up data, if they are not there."""
    with Command(assignments=settings or (), as_json=as_json) as command:
        from .steps import build_tiny

        folder = build_tiny(command.config, progress=command.progress)
        command.show({"folder": folder}, f"The embedded base model: {folder}")


@app.command()
def data(
    recipe: Recipe = None,
    run: NewRun = None,
    settings: Settings = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Load, validate, deduplicate, split and freeze the data; a leak fails."""
    with Command(
        recipe=recipe, run=run, assignments=settings or (), as_json=as_json, verbose=verbose
    ) as command:
        from .sentences import of_data
        from .steps import prepare

        result = prepare(command.config, command.clock, progress=command.progress)
        command.show(result, *of_data(result), f"Next: {CLI} train{_same(recipe, run)}")


@app.command()
def estimate(
    recipe: Recipe = None,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Count parameters, memory and time before anything is downloaded or trained."""
    with Command(recipe=recipe, assignments=settings or (), as_json=as_json) as command:
        from .estimate import estimate as work

        result = work(command.config, progress=command.progress)
        command.show(result, *result.lines)


@app.command()
def doctor(
    recipe: Recipe = None,
    run: NewRun = None,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Check what people get wrong: masks, templates, pads, truncation. Exit 3 when one fails."""
    with Command(recipe=recipe, run=run, assignments=settings or (), as_json=as_json) as command:
        from .steps import examine

        findings = examine(command.config, command.clock, progress=command.progress)
        command.show({"findings": findings}, *(line for one in findings for line in one.lines))
        if any(one.failed for one in findings):
            raise typer.Exit(3)


@app.command()
def train(
    recipe: Recipe = None,
    run: NewRun = None,
    settings: Settings = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint of a killed training.")
    ] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Train the adapters: data and doctor if due, supervised fine-tuning, DPO if chosen."""
    with Command(
        recipe=recipe, run=run, assignments=settings or (), as_json=as_json, verbose=verbose
    ) as command:
        from .sentences import of_stage
        from .steps import train as work

        result = work(command.config, command.clock, resume=resume, progress=command.progress)
        stages = [stage for stage in (result.main.sft, result.main.dpo) if stage]
        command.show(
            result,
            *(line for stage in stages for line in of_stage(stage)),
            *(f"Also trained: {name}." for name in result.others),
            f"Adapter: {result.main.adapter}",
            f"Next: {CLI} evaluate --run {result.run}",
        )


@app.command()
def demo(as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Walk the whole road on the embedded tiny model: minutes, no network, no GPU."""
    with Command(recipe="smoke", run="demo", as_json=as_json, verbose=verbose) as command:
        from .demo import demo as work

        result = work(command.config, command.clock, progress=command.progress)
        command.show(
            result,
            *result.lines,
            f"Report: {result.report}",
            f"Serve it: {CLI} serve --run demo   ->  http://127.0.0.1:{command.config.serve.port}/",
            f"All of it is a made-up tiny model and took {result.seconds:.0f} s. "
            f"A real one: {CLI} estimate --recipe laptop",
        )


def _same(recipe: str | None, run: str | None) -> str:
    """The options that name the same run again."""
    return (f" --recipe {recipe}" if recipe else "") + (f" --run {run}" if run else "")


cli_finished.add_to(app)


def main() -> None:
    """Run the command line."""
    app()
