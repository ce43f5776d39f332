"""The verbs that work on a finished run: the last one, or that of `--run`."""

from typing import Annotated

import typer

from . import CLI
from .console import Command
from .options import AsJson, OldRun, Settings, Verbose


def evaluate(
    run: OldRun = None, settings: Settings = None, as_json: AsJson = False, verbose: Verbose = False
) -> None:
    """Compare base, prompted base and tuned models on the frozen test set."""
    with Command(
        finished=True, run=run, assignments=settings or (), as_json=as_json, verbose=verbose
    ) as command:
        from .steps import evaluate as work

        result = work(command.config, command.clock, progress=command.progress)
        command.show(result, *result.lines, f"Next: {CLI} report --run {command.config.run}")


def report(
    run: OldRun = None,
    check: Annotated[bool, typer.Option("--check", help="Fail when something is stale.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the report, the model card and the README's figures."""
    # What is committed can be checked in a fresh clone, which has no runs.
    with Command(finished=not check, run=run, as_json=as_json) as command:
        from .steps import report as work

        result = work(command.config, check=check)
        command.show(result, *result.lines)
        if check and result.stale:
            raise typer.Exit(3)


def merge(run: OldRun = None, settings: Settings = None, as_json: AsJson = False) -> None:
    """Merge the adapter into the full-precision base, and compare the two."""
    with Command(finished=True, run=run, assignments=settings or (), as_json=as_json) as command:
        from .steps import merge as work

        result = work(command.config, command.clock, progress=command.progress)
        command.show(result, *result.lines, f"Next: {CLI} export --run {command.config.run}")


def export(run: OldRun = None, settings: Settings = None, as_json: AsJson = False) -> None:
    """Quantise the merged model, with the quality and latency of each version; GGUF if possible."""
    with Command(finished=True, run=run, assignments=settings or (), as_json=as_json) as command:
        from .steps import export as work

        result = work(command.config, command.clock, progress=command.progress)
        command.show(result, *result.lines)


def push(
    run: OldRun = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Upload. Without it: show what would be.")
    ] = False,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Show what would go to the Hub, and upload it only with --yes."""
    with Command(finished=True, run=run, assignments=settings or (), as_json=as_json) as command:
        from .steps import push as work

        result = work(command.config, yes=yes)
        command.show(result, *result.lines)


def serve(
    run: OldRun = None,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535)] = None,
    settings: Settings = None,
    verbose: Verbose = False,
) -> None:
    """Serve base and tuned model: OpenAI-compatible API and a demo page."""
    with Command(finished=True, run=run, assignments=settings or (), verbose=verbose) as command:
        from .runs import folder_of
        from .serve.run import run as work

        def started(address: str) -> None:
            command.say(f"{address}  (Ctrl-C ends it)")

        run_folder = folder_of(command.config)
        work(command.config, run_folder, command.clock, host=host, port=port, on_start=started)


def bench(
    run: OldRun = None,
    streams: Annotated[int, typer.Option(min=1, max=256, help="At the same time.")] = 16,
    requests: Annotated[int, typer.Option(min=1, help="In all.")] = 96,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Measure the service: time to the first token, requests and tokens a second."""
    with Command(finished=True, run=run, assignments=settings or (), as_json=as_json) as command:
        from .steps import bench as work

        result = work(
            command.config,
            command.clock,
            streams=streams,
            requests=requests,
            progress=command.progress,
        )
        command.show(result, *result.table)


def add_to(app: typer.Typer) -> None:
    """Make them commands of `app`, in the order of the road."""
    for verb in (evaluate, report, merge, export, push, serve, bench):
        app.command()(verb)
