"""The command line: parse, call, print. Each verb is one function of the package.

Nothing heavy is imported at the top, so that `--help` answers at once.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from . import CLI, NAME, __version__
from .console import Run
from .provenance import LIVE
from .words import counted

app = typer.Typer(
    name=NAME,
    help="Day-ahead forecasts for one place: collect, train, serve, watch, retrain.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE")]
AsOf = Annotated[str | None, typer.Option(metavar="DATE", help="Act as if it were this instant.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Use this folder instead of config.toml's.")]
BaseUrl = Annotated[str | None, typer.Option(metavar="URL", help="Replaces every host.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log to standard error too.")]


def _sources() -> list[str]:
    """What `data/sources/` has, for the shell's completion."""
    from .data.sources import find

    return list(find())


def _day(value: datetime | None) -> date | None:
    return value.replace(tzinfo=UTC).date() if value else None


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
def locate(
    city: str,
    count: Annotated[int, typer.Option(min=1, max=100)] = 5,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Find a city's latitude and longitude for config.toml."""
    with Run(as_json=as_json) as run:
        from .data.sources.geocoding import locate as find

        limits = run.settings.collect
        url = base_url or limits.base_url
        matches = find(city, run.clock, limits=limits, base_url=url, count=count)
        lines = [
            f"{match.name}, {match.region or match.country} ({match.country}): "
            f"latitude = {match.latitude:.2f}, longitude = {match.longitude:.2f}"
            for match in matches
        ]
        run.show({"matches": [vars(match) for match in matches]}, *lines)


@app.command()
def collect(
    start: Day = None,
    end: Day = None,
    source: Annotated[
        str,
        typer.Option(
            autocompletion=_sources,
            metavar="NAME",
            help="live, simulated, or another that a file of data/sources/ declares.",
        ),
    ] = LIVE,
    base_url: BaseUrl = None,
    inject: Annotated[
        str | None,
        typer.Option(metavar="KIND:DATE[:STRENGTH]", help="Drift to put into simulated data."),
    ] = None,
    as_of: AsOf = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Bring the raw data up to date; goes on where an earlier run stopped."""
    with Run(as_of=as_of, as_json=as_json, data_dir=data_dir, verbose=verbose) as run:
        from .data.collect import collect as work
        from .data.sources import Injection

        result = work(
            run.settings,
            run.clock,
            start=_day(start),
            end=_day(end),
            source=source,
            base_url=base_url,
            inject=Injection.parse(inject) if inject else None,
            progress=run.progress,
        )
        rows = counted(sum(result.rows.values()), "hourly row")
        retried = ", ".join(f"{count} x {kind}" for kind, count in result.retries.items())
        run.show(
            result,
            f"{rows} ({result.source}) for {result.place}, "
            f"{result.first_hour} to {result.last_hour}.",
            f"{counted(result.chunks_fetched, 'month')} fetched, {result.chunks_kept} kept, "
            + counted(result.requests, "request")
            + (f", retried after {retried}." if retried else "."),
            *(f"Gap: {gap}" for gap in result.gaps[:5]),
            *([f"{result.gap_count} gaps in all."] if result.gap_count > 5 else []),
            *(
                f"{one.dataset} has no {', '.join(one.absent)}."
                for one in result.origins
                if one.absent
            ),
            *(f"Data: {credit}" for credit in result.attribution),
            f"Next: {CLI} quality",
        )


@app.command()
def quality(as_of: AsOf = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check the raw data: schema, ranges, gaps, duplicates, stuck values, freshness."""
    with Run(as_of=as_of, as_json=as_json, data_dir=data_dir) as run:
        from .data.quality import check

        result = check(run.settings, run.clock)
        run.show(result, result.verdict, f"Report: {result.html}", f"Next: {CLI} features")
        if not result.ok:
            raise typer.Exit(1)


@app.command()
def features(as_of: AsOf = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Build features and labels from the raw data with the SQL in sql/."""
    with Run(as_of=as_of, as_json=as_json, data_dir=data_dir) as run:
        from .data.quality import require_ok
        from .data.warehouse import build

        require_ok(run.settings, run.clock)
        result = build(run.settings, run.clock, progress=run.progress)
        run.show(
            result,
            f"{result.rows} rows of features from {result.hours} hours, {result.labelled} of "
            f"them labelled; newest issue {result.last_issue}.",
            f"Next: {CLI} train",
        )


@app.command()
def train(
    trials: Annotated[
        int | None, typer.Option(min=0, help="Search LightGBM's parameters with that many trials.")
    ] = None,
    as_of: AsOf = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Train baselines and models, compare them, register the candidates."""
    with Run(as_of=as_of, as_json=as_json, data_dir=data_dir) as run:
        from .training.train import train as work

        result = work(run.settings, run.clock, trials=trials, progress=run.progress)
        run.show(result, *result.table, f"Next: {CLI} promote")


@app.command()
def promote(as_of: AsOf = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let the challenger serve if it beats the champion and the best baseline."""
    with Run(as_of=as_of, as_json=as_json, data_dir=data_dir) as run:
        from .registry.promote import promote as work

        result = work(run.settings, run.clock, run.progress)
        contenders = [
            f"{one.label}: {one.mae:.2f} ({one.lower:.2f} to {one.upper:.2f})"
            for one in result.contenders
        ]
        run.show(result, *contenders, result.reason, *result.notes, f"Next: {CLI} serve")


@app.command()
def rollback(
    version: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="That version, not the last.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let the champion before this one serve again."""
    with Run(as_json=as_json, data_dir=data_dir) as run:
        from .registry.promote import rollback as work

        result = work(run.settings, run.clock, version, reason=reason)
        run.show(
            result,
            f"Version {result.champion} ({result.champion_name}) serves again "
            f"instead of {result.previous}.",
        )


@app.command()
def serve(
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535)] = None,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Serve predictions, tomorrow's forecast and a page that shows it."""
    with Run(data_dir=data_dir, verbose=verbose) as run:
        from .serve.run import run as work

        def started(address: str) -> None:
            run.say(f"{address}  (Ctrl-C ends it)")

        work(run.settings, run.clock, host=host, port=port, on_start=started)


@app.command()
def monitor(
    start: Day = None,
    end: Day = None,
    as_of: AsOf = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Look for data, prediction and concept drift and bad data; exit 3 on alarm."""
    with Run(as_of=as_of, as_json=as_json, data_dir=data_dir) as run:
        from .monitor import monitor as work

        result = work(
            run.settings, run.clock, start=_day(start), end=_day(end), progress=run.progress
        )
        run.show(result, result.verdict, f"Report: {result.html}")
        if result.alarm:
            raise typer.Exit(3)


@app.command()
def retrain(
    if_drift: Annotated[
        bool, typer.Option("--if-drift", help="Only when monitoring raises an alarm.")
    ] = False,
    as_of: AsOf = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Monitor, train, and promote or keep; one record of why."""
    with Run(as_of=as_of, as_json=as_json, data_dir=data_dir) as run:
        from .registry.retrain import retrain as work

        result = work(run.settings, run.clock, if_drift=if_drift, progress=run.progress)
        run.show(result, result.reason)


@app.command()
def report(
    check: Annotated[bool, typer.Option("--check", help="Fail when something is stale.")] = False,
    as_of: AsOf = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Fill README.md and MODEL_CARD.md from the last runs."""
    with Run(as_of=as_of, as_json=as_json, data_dir=data_dir) as run:
        from .report import report as work

        result = work(run.settings, run.clock, check=check)
        run.show(result, *result.lines)
        if result.stale:
            raise typer.Exit(1)


@app.command()
def bench(
    seconds: Annotated[float, typer.Option(min=0.5, max=60, help="For each load.")] = 3.0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Measure the service's speed beside an empty FastAPI app, on this machine."""
    with Run(as_json=as_json, data_dir=data_dir) as run:
        from .bench.run import bench as work

        result = work(run.settings, run.clock, seconds=seconds, progress=run.progress)
        run.show(result, *result.table)


@app.command()
def demo(as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Run everything on simulated data: two years, a champion, a forecast, a drift."""
    with Run(as_json=as_json, data_dir=Path("data/demo"), verbose=verbose) as run:
        from .demo import demo as work
        from .demo import picture

        result = work(run.settings, progress=run.progress)
        run.show(
            result,
            *picture(result.forecast),
            f"Champion: {result.forecast['model_kind']}, version {result.champion}.",
            f"Then a month with drift put in. {result.verdict}",
            f"Drift report: {result.monitor_report}",
            f"Report: {result.report}",
            f"Serve it: {CLI} serve --data-dir data/demo   ->  http://127.0.0.1:"
            f"{run.settings.serve.port}/",
            f"All of it is simulated and took {result.seconds:.0f} s. Real data: {CLI} collect",
        )


def main() -> None:
    """Run the command line."""
    app()
