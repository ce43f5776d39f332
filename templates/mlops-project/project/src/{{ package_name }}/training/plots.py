"""Pictures of a training run, as PNG files. Matplotlib is imported when the first is drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .daily import DayMeans
from .intervals import daily_bounds

BLUE, ORANGE, GREY = "#1f5fa8", "#d9730d", "#8a8f98"


def comparison(path: Path, rows: Sequence[dict[str, Any]], unit: str) -> Path:
    """Hold-out MAE of each model with its interval. `rows` hold `name` and `holdout.mae_hourly`."""
    figure, axes = _figure(5.5, 2.6)
    for position, row in enumerate(reversed(rows)):
        mae = row["holdout"]["mae_hourly"]
        color = GREY if row["is_baseline"] else BLUE
        axes.barh(position, mae["value"], color=color, height=0.6)
        axes.plot([mae["low"], mae["high"]], [position] * 2, color="black", linewidth=1)
    axes.set_yticks(range(len(rows)), [row["name"] for row in reversed(rows)])
    axes.set_xlabel(f"mean absolute error of the hours on the hold-out, {unit}")
    return _save(figure, path)


def learning_curve(path: Path, points: Sequence[dict[str, Any]], unit: str) -> Path:
    """MAE against days of training, a line a model. `points` hold `model`, `days` and `mae`."""
    figure, axes = _figure(5, 3)
    names = dict.fromkeys(row["model"] for row in points)
    for name, color in zip(names, (BLUE, ORANGE), strict=False):
        own = [row for row in points if row["model"] == name]
        axes.plot([row["days"] for row in own], [row["mae"] for row in own], "o-", color=color)
        axes.annotate(name, (own[-1]["days"], own[-1]["mae"]), color=color)
    axes.set_xlabel("days of training")
    axes.set_ylabel(f"MAE on the last fold, {unit}")
    return _save(figure, path)


def rounds_curve(path: Path, curve: Sequence[tuple[int, float]], chosen: int, unit: str) -> Path:
    """MAE over the folds against boosting rounds; a line at the number chosen."""
    figure, axes = _figure(5, 3)
    axes.plot([rounds for rounds, _ in curve], [mae for _, mae in curve], color=BLUE)
    axes.axvline(chosen, color=GREY, linestyle="--", linewidth=1)
    axes.set_xlabel("boosting rounds")
    axes.set_ylabel(f"MAE over the folds, {unit}")
    return _save(figure, path)


def importance(path: Path, rows: Sequence[dict[str, Any]], unit: str) -> Path:
    """The twelve features whose shuffling costs most."""
    top = list(reversed(rows[:12]))
    figure, axes = _figure(6, 3.6)
    axes.barh([row["feature"] for row in top], [row["mae_rise"] for row in top], color=BLUE)
    axes.set_xlabel(f"rise of the hold-out MAE when shuffled, {unit}")
    return _save(figure, path)


def holdout_days(path: Path, day: DayMeans, intervals: dict[str, Any], unit: str) -> Path:
    """Observed and predicted daily means of the hold-out, with the prediction interval."""
    low, high = daily_bounds(intervals, day.prediction)
    figure, axes = _figure(8, 3)
    dates = day.days.astype("datetime64[s]").tolist()
    share = f"{intervals['level']:.0%} interval"
    axes.fill_between(dates, low, high, color=BLUE, alpha=0.2, linewidth=0, label=share)
    axes.plot(dates, day.prediction, color=BLUE, label="predicted")
    axes.plot(dates, day.y, color="black", linewidth=1, label="observed (analysis)")
    axes.set_ylabel(f"daily mean, {unit}")
    axes.legend(frameon=False, fontsize=8)
    figure.autofmt_xdate()
    return _save(figure, path)


def _figure(width: float, height: float) -> Any:
    """A figure without pyplot, which would keep it alive and look for a screen."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the library's version in it, the same figures give the same file.
    figure.savefig(path, dpi=90, metadata={"Software": None})
    return path
