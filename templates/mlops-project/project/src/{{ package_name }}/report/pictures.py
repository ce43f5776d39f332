"""The report's charts, from the champion's out-of-sample predictions and the training's figures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from ..config import Settings
from ..errors import DataError
from ..files import read_json
from ..models import Vector
from ..models.bundle import INFO
from ..registry import registry
from ..training.daily import MIN_HOURS
from ..training.intervals import daily_bounds
from .charts import calibration_chart, error_chart, forecast_chart
from .outcome import Results, serves, summary

GROUPS = 12
"""Points of the calibration chart."""

ALTS = {
    "holdout": "Daily means of the hold-out: forecast with its interval, and what came true",
    "errors": "Mean absolute error of each model on the hold-out",
    "calibration": "What came true against what was forecast",
}


@dataclass(frozen=True)
class Pictures:
    """SVG text by name (`holdout`, `errors`, `calibration`); only those that could be drawn."""

    svg: dict[str, str]

    @property
    def files(self) -> dict[str, str]:
        """File name to content."""
        return {f"{name}.svg": text for name, text in self.svg.items()}

    def listing(self) -> dict[str, dict[str, str]]:
        """File and alternative text of each, for `results.json`."""
        return {name: {"file": f"reports/{name}.svg", "alt": ALTS[name]} for name in self.svg}


def draw(settings: Settings, results: Results) -> Pictures:
    """Every chart that results and champion allow. Raises DataError when a file is damaged."""
    svg = {}
    trained = summary(results, "train")
    if trained:
        svg["errors"] = error_chart(_errors(results, trained), results["unit"])
    champion = registry.champion(settings)
    path = champion.folder / "oof.parquet" if champion else None
    if champion and path and path.is_file():
        info = read_json(champion.folder / INFO)
        days, actual, predicted = _daily_means(path)
        if len(days):
            lower, upper = daily_bounds(info["intervals"], predicted)
            svg["holdout"] = forecast_chart(
                days,
                actual.tolist(),
                predicted.tolist(),
                lower.tolist(),
                upper.tolist(),
                info["alert_threshold"],
                results["unit"],
            )
            groups = _groups(path)
            svg["calibration"] = calibration_chart(*groups, results["unit"])
    return Pictures(svg)


def _errors(
    results: Results, trained: dict[str, Any]
) -> list[tuple[str, float, float, float, bool]]:
    rows = [
        (
            model["name"],
            model["mae"],
            model["lower"],
            model["upper"],
            serves(results, model["name"]),
        )
        for model in trained["models"]
    ]
    return sorted(rows, key=lambda row: float(row[1]))


def _daily_means(path: Path) -> tuple[list[str], Vector, Vector]:
    """Hold-out days (d,) with their observed and predicted means (d,)."""
    found = _query(
        "SELECT CAST(CAST(issue_time AS DATE) AS VARCHAR) AS day, avg(y) AS y,"
        " avg(prediction) AS prediction FROM read_parquet($path) WHERE fold = -1"
        " GROUP BY day HAVING count(*) >= $least ORDER BY day",
        {"path": str(path), "least": MIN_HOURS},
    )
    return list(found["day"]), np.asarray(found["y"]), np.asarray(found["prediction"])


def _groups(path: Path) -> tuple[list[float], list[float]]:
    """Mean forecast and mean observation of hold-out hours in groups of equal size, rising."""
    found = _query(
        "WITH ranked AS (SELECT y, prediction, ntile($groups) OVER (ORDER BY prediction) AS part"
        " FROM read_parquet($path) WHERE fold = -1)"
        " SELECT avg(prediction) AS predicted, avg(y) AS actual FROM ranked GROUP BY part"
        " ORDER BY part",
        {"path": str(path), "groups": GROUPS},
    )
    return found["predicted"].tolist(), found["actual"].tolist()


def _query(sql: str, parameters: dict[str, Any]) -> dict[str, Any]:
    try:
        with duckdb.connect() as connection:
            found: dict[str, Any] = connection.execute(sql, parameters).fetchnumpy()
            return found
    except duckdb.Error as error:
        raise DataError(
            f"{parameters['path']} cannot be read: {str(error).splitlines()[0]}",
            "Train and promote again.",
        ) from error
