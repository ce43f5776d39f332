"""The report's plots, made of what was examined."""

from datetime import datetime
from html import escape

import numpy as np

from ..models import Vector
from ..training.daily import MIN_HOURS
from ..usecase import active
from .chance import Days
from .drift import grouped
from .examine import Examined
from .svg import Line, bars_plot, days_plot

WEEK = 7


def histogram(name: str, found: Examined) -> str:
    """Distribution of a feature, or of the predictions, in the reference and in the period."""
    reference, current = found.profiles
    edges, before, now = grouped(
        reference.edges[name], reference.counts[name], current.counts[name]
    )
    features = {feature.name: feature for feature in active().features}
    unit = features[name].unit if name in features else active().unit
    about = features[name].description if name in features else "the champion's output"
    plot = bars_plot(edges, before / before.sum(), now / now.sum(), unit, name)
    return f"<h3>{escape(name)}</h3><small>{escape(about)}</small>{plot}"


def error_plot(found: Examined, at: datetime) -> str:
    """Mean absolute error of each day, smoothed too, over the band of the reference days."""
    now, before = found.now, found.before
    if not len(now):
        return f"<p>No label of the period had arrived by {at:%Y-%m-%d %H:%M} UTC.</p>"
    days = np.arange(now.days[0], now.days[-1] + np.timedelta64(1, "D"))
    daily = _spread(days, now.days, now.error / now.hours)
    lines = [
        Line("mean of 7 days", _rolling(daily), "now"),
        Line(f"mean absolute error of a day, {active().unit}", daily, "faint"),
    ]
    band, note = None, ""
    if len(before):
        low, high = np.quantile(before.error / before.hours, [0.1, 0.9])
        band = (float(low), float(high))
        note = "<small>Shaded: 80 % of the reference days, unseen by the model.</small>"
    return days_plot(days, lines, active().unit, band) + note


def means_plot(found: Examined) -> str:
    """Daily means, predicted and observed, of days with enough hours."""
    hours = found.scored.hours
    days = np.unique(hours.issue_day)
    predicted = _daily_means(days, hours.issue_day, found.scored.prediction)
    observed = _daily_means(days, hours.issue_day, hours.y)
    lines = [
        Line(f"predicted, {active().unit}", predicted, "now"),
        Line("observed", observed, "before"),
    ]
    return days_plot(days, lines, active().unit)


def _spread(days: Days, known: Days, values: Vector) -> Vector:
    """Values of the known days on all days (d,), NaN between."""
    result = np.full(len(days), np.nan)
    result[np.searchsorted(days, known)] = values
    return result


def _daily_means(days: Days, day: Days, values: Vector) -> Vector:
    at, known = np.searchsorted(days, day), np.isfinite(values)
    total = np.bincount(at[known], weights=values[known], minlength=len(days))
    count = np.bincount(at[known], minlength=len(days))
    return np.where(count >= MIN_HOURS, total / np.maximum(count, 1), np.nan)


def _rolling(values: Vector) -> Vector:
    """Mean of each day and the six before it, of those that are known."""
    known = np.isfinite(values)
    total = np.convolve(np.where(known, values, 0.0), np.ones(WEEK))[: len(values)]
    count = np.convolve(known.astype(float), np.ones(WEEK))[: len(values)]
    return np.where(count >= WEEK // 2, total / np.maximum(count, 1.0), np.nan)
