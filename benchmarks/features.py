"""`features` on ten years of hours for 50 places, beside the same features made in memory.

    python benchmarks/features.py PROJECT [--python PYTHON] [--places 50] [--years 10]

PROJECT is a generated mlops-project, PYTHON the interpreter of its environment. The hours are
random numbers in the raw format. Ours is the project's own SQL under its memory limit; the
peer is what one would write first: polars, everything in memory, windows over rows. Each runs in a
process of its own; time is wall time, memory the peak resident set. Both must find the same.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from paired import run

AIR = {
    "pm2_5": 40,
    "pm10": 90,
    "nitrogen_dioxide": 20,
    "sulphur_dioxide": 10,
    "carbon_monoxide": 400,
}
WEATHER = {
    "temperature_2m_previous_day1": 25,
    "relative_humidity_2m_previous_day1": 50,
    "pressure_msl_previous_day1": 1010,
    "wind_speed_10m_previous_day1": 4,
    "wind_direction_10m_previous_day1": 180,
    "precipitation_previous_day1": 0.1,
}
CHECKED = (
    "lead_hours",
    "pm2_5_same_hour",
    "pm2_5_same_hour_prev",
    "pm2_5_last",
    "pm2_5_change_3h",
    "pm2_5_max_24h",
    "pm2_5_mean_7d",
    "carbon_monoxide_mean_24h",
    "wind_u",
    "precipitation_day_sum",
    "pressure_change_24h",
)


def generate(root: str, places: str, years: str) -> None:
    """Write raw Parquet files, a month a file, all places in it."""
    np, pl = import_module("numpy"), import_module("polars")
    rng = np.random.default_rng(0)
    raw = Path(root, "data", "raw")
    first, last = np.datetime64("2015-01"), np.datetime64(f"{2015 + int(years)}-01")
    for month in np.arange(first, last):
        hours = np.arange(month.astype("datetime64[h]"), (month + 1).astype("datetime64[h]"))
        n = int(places) * len(hours)
        key = {
            "place_id": np.repeat([f"{place}_0" for place in range(int(places))], len(hours)),
            "valid_time": np.tile(hours.astype("datetime64[us]"), int(places)),
        }
        for dataset, variables in (("air_quality", AIR), ("weather_forecast", WEATHER)):
            values = {
                name: np.round(level * rng.uniform(0.86, 1.05, n), 1)
                for name, level in variables.items()
            }
            folder = raw / dataset / f"month={month}"
            folder.mkdir(parents=True)
            pl.DataFrame(key | values).write_parquet(folder / "part.parquet")
    (raw / "store.json").write_text(json.dumps({"source": "simulated", "place": "many"}))


def ours(root: str, package: str) -> None:
    """The project's own build."""
    settings = import_module(f"{package}.config").load_settings(Path(root, "config.toml"))
    clock = import_module(f"{package}.clock").FixedClock(datetime(2035, 1, 1, tzinfo=UTC))
    import_module(f"{package}.data.warehouse").build(settings, clock)


def peer(root: str) -> None:
    """The same features with polars in memory; windows count rows, so gaps would shift them."""
    pl = import_module("polars")
    raw, key = Path(root, "data", "raw"), "place_id"
    air, weather = (
        pl.read_parquet(raw / dataset / "*" / "part.parquet", hive_partitioning=False)
        for dataset in ("air_quality", "weather_forecast")
    )
    hours = (
        air.join(weather, on=[key, "valid_time"], how="full", coalesce=True)
        .sort(key, "valid_time")
        .rename(lambda name: name.replace("_previous_day1", ""))
    )

    def ago(column: str, rows: int) -> object:
        return pl.col(column).shift(rows).over(key)

    def rolling(column: str, what: str, rows: int) -> object:
        return getattr(pl.col(column), f"rolling_{what}")(rows, min_samples=1).over(key)

    angle, speed = pl.col("wind_direction_10m").radians(), pl.col("wind_speed_10m")
    hours = hours.with_columns(
        issue_time=pl.col("valid_time").dt.truncate("1d"),
        lead_hours=pl.col("valid_time").dt.hour().cast(pl.Float64),
        day_of_year=pl.col("valid_time").dt.ordinal_day().cast(pl.Float64),
        one_day=ago("pm2_5", 24),
        two_days=ago("pm2_5", 48),
        three_days=ago("pm2_5", 72),
        pm2_5_change_3h=pl.col("pm2_5") - ago("pm2_5", 3),
        pm2_5_mean_24h=rolling("pm2_5", "mean", 24),
        pm2_5_max_24h=rolling("pm2_5", "max", 24),
        pm2_5_min_24h=rolling("pm2_5", "min", 24),
        pm2_5_mean_7d=rolling("pm2_5", "mean", 168),
        carbon_monoxide_mean_24h=rolling("carbon_monoxide", "mean", 24),
        wind_u=-speed * angle.sin(),
        wind_v=-speed * angle.cos(),
        temperature_change_24h=pl.col("temperature_2m") - ago("temperature_2m", 24),
        pressure_change_24h=pl.col("pressure_msl") - ago("pressure_msl", 24),
        relative_humidity_change_24h=pl.col("relative_humidity_2m")
        - ago("relative_humidity_2m", 24),
    )
    known = pl.col("lead_hours") <= 21
    hours = hours.with_columns(
        wind_speed_day_mean=speed.mean().over(key, "issue_time"),
        precipitation_day_sum=pl.col("precipitation").sum().over(key, "issue_time"),
        pm2_5_same_hour=pl.when(known).then("one_day").otherwise("two_days"),
        pm2_5_same_hour_prev=pl.when(known).then("two_days").otherwise("three_days"),
    )
    state = ["pm2_5_change_3h", "pm2_5_mean_24h", "pm2_5_max_24h", "pm2_5_min_24h"]
    state += ["pm2_5_mean_7d", "carbon_monoxide_mean_24h"]
    at_cut = hours.filter(pl.col("lead_hours") == 21).select(
        key,
        *state,
        *(pl.col(name).alias(f"{name}_last") for name in AIR),
        issue_time=pl.col("issue_time") + pl.duration(days=1),
    )
    first = pl.col("valid_time").min().over(key)
    (
        hours.drop(*state, "one_day", "two_days", "three_days")
        .filter(pl.col("issue_time") >= first + pl.duration(days=8))
        .join(at_cut, on=[key, "issue_time"], how="left")
        .write_parquet(Path(root, "peer.parquet"))
    )


def check(root: str) -> None:
    """Print row count and column means of both as JSON."""
    duckdb = import_module("duckdb")
    figures = ", ".join(["count(*)", *(f"avg({name})" for name in CHECKED)])
    with duckdb.connect(Path(root, "data", "warehouse.duckdb"), read_only=True) as connection:
        mine = connection.table("features").aggregate(figures).fetchall()
        peers = connection.from_parquet(str(Path(root, "peer.parquet"))).aggregate(figures)
        print(json.dumps([*mine, *peers.fetchall()]))


def main() -> None:
    """Print one line a contender, and the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--places", type=int, default=50)
    parser.add_argument("--years", type=int, default=10)
    options = parser.parse_args()
    source = options.project.resolve() / "src"
    package = next(path.parent.name for path in source.glob("*/cli.py"))
    env = {**os.environ, "PYTHONPATH": str(source)}
    with tempfile.TemporaryDirectory() as root:
        shutil.copy(options.project / "config.toml", root)
        shutil.copytree(options.project / "sql", Path(root, "sql"))
        # Not resolved: a virtual environment's python is a link, and only the link knows it.
        step = [str(options.python.absolute()), __file__]
        size = [str(options.places), str(options.years)]
        subprocess.run([*step, "generate", root, *size], env=env, check=True)
        mine = run([*step, "ours", root, package], env=env)
        peers = run([*step, "peer", root], env=env)
        answer = subprocess.run(
            [*step, "check", root], env=env, check=True, capture_output=True, text=True
        ).stdout
        found, expected = json.loads(answer)
    if not all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(found, expected, strict=True)):
        sys.exit(f"The two disagree:\n{found}\n{expected}")
    print(f"{found[0]} rows of features, {options.places} places, {options.years} years")
    print(f"ours    {mine.seconds:7.1f} s  {mine.peak_mib:7.0f} MiB")
    print(f"polars  {peers.seconds:7.1f} s  {peers.peak_mib:7.0f} MiB")
    time, memory = mine.seconds / peers.seconds, mine.peak_mib / peers.peak_mib
    print(f"ratio   {time:7.2f}    {memory:7.2f}")


if __name__ == "__main__":
    steps: dict[str, Callable[..., None]] = {
        step.__name__: step for step in (generate, ours, peer, check)
    }
    if sys.argv[1:] and sys.argv[1] in steps:
        steps[sys.argv[1]](*sys.argv[2:])
    else:
        main()
