"""A small raw store written straight to disk, for tests of what comes after `collect`.

Weather wanders, and the air answers to it: still, cold days are polluted. Nothing is realistic but
the shape of the files.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

PLACE = "25.39_68.37"
START = datetime.fromisoformat("2024-01-01")
AIR = ("pm2_5", "pm10", "nitrogen_dioxide", "sulphur_dioxide", "carbon_monoxide")


def make(days: int, *, seed: int = 0, start: datetime = START, place: str = PLACE) -> pl.DataFrame:
    """All variables of `days` whole days, one row an hour."""
    rng = np.random.default_rng(seed)
    n = 24 * days
    hours = [start + timedelta(hours=h) for h in range(n)]
    hour = np.arange(n) % 24
    season = np.cos(2 * np.pi * (np.arange(n) / 24 + start.timetuple().tm_yday) / 365.25)
    slow = np.zeros(n)
    for i in range(1, n):
        slow[i] = 0.98 * slow[i - 1] + rng.normal(0, 0.2)
    wind = np.abs(3 - season + slow + rng.normal(0, 0.3, n))
    pm = 30 * np.exp(0.4 * season - 0.15 * (wind - 3) + 0.2 * np.cos(2 * np.pi * hour / 24))
    pm = np.round(pm * np.exp(rng.normal(0, 0.1, n)), 1)
    return pl.DataFrame(
        {
            "place_id": [place] * n,
            "valid_time": hours,
            "pm2_5": pm,
            "pm10": np.round(pm * 2.1, 1),
            "nitrogen_dioxide": np.round(10 + 0.2 * pm, 1),
            "sulphur_dioxide": np.round(5 + 0.1 * pm, 1),
            "carbon_monoxide": np.round(200 + 5 * pm),
            "temperature_2m_previous_day1": np.round(25 - 8 * season + rng.normal(0, 1, n), 1),
            "relative_humidity_2m_previous_day1": np.round(50 + 10 * season + rng.normal(0, 3, n)),
            "pressure_msl_previous_day1": np.round(1010 + 5 * season + rng.normal(0, 1, n), 1),
            "wind_speed_10m_previous_day1": np.round(wind, 2),
            "wind_direction_10m_previous_day1": np.round(rng.uniform(0, 360, n)),
            "precipitation_previous_day1": np.where(rng.random(n) < 0.02, 1.5, 0.0),
        }
    )


def write(raw_dir: Path, hours: pl.DataFrame, *, air_until: datetime | None = None) -> None:
    """Store the hours as `collect` would; air quality only up to `air_until`, if that is given."""
    weather = [name for name in hours.columns if name.endswith("_previous_day1")]
    known = hours if air_until is None else hours.filter(pl.col("valid_time") <= air_until)
    for dataset, rows in (
        ("air_quality", known.select("place_id", "valid_time", *AIR)),
        ("weather_forecast", hours.select("place_id", "valid_time", *weather)),
    ):
        month = pl.col("valid_time").dt.strftime("%Y-%m")
        for (name,), part in rows.group_by(month, maintain_order=True):
            folder = raw_dir / dataset / f"month={name}"
            folder.mkdir(parents=True, exist_ok=True)
            part.write_parquet(folder / "part.parquet")
    store = {"source": "simulated", "place": PLACE}
    (raw_dir / "store.json").write_text(json.dumps(store), encoding="utf-8")
