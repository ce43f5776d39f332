"""The forecast of the newest issue: `forecast/next_day.json` through the champion.

It is computed when either changes, not per request, and logged once per issue and model version, so
that the monitor finds it whether or not anybody looked at it.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from .. import CLI
from ..clock import Clock
from ..config import Settings
from ..errors import DataError, NotReadyError, ProjectError
from ..files import read_json
from ..provenance import of_model
from ..usecase import UseCase
from .champion import Champion, Stamp, stamp_of
from .prediction_log import Entry, PredictionLog
from .schemas import Daily, Forecast, ForecastHour

logger = logging.getLogger(__name__)

_REMEDY = f"Run `{CLI} collect` and `{CLI} features`."
HOURS = 24


@dataclass(frozen=True)
class Issue:
    """The model's input for one issue: times in UTC (24,), features (24, f); NaN where missing."""

    issue_time: datetime
    source: str
    valid_times: list[datetime]
    features: np.ndarray


def read_issue(path: Path, use_case: UseCase, place_id: str) -> Issue:
    """The newest issue that `features` wrote.

    Raises NotReadyError while there is none, DataError when it does not fit this project.
    """
    if not path.exists():
        raise NotReadyError("There is no issue to forecast from yet.", _REMEDY)
    content = read_json(path)
    try:
        if tuple(content["columns"]) != use_case.columns:
            raise DataError("The newest issue has other features than the model.", _REMEDY)
        if content["place"] not in (place_id, None):
            raise DataError(f"The newest issue is of another place than {place_id}.", _REMEDY)
        issue = Issue(
            _utc(content["issue_time"]),
            str(content["source"]),
            [_utc(text) for text in content["valid_times"]],
            np.array(content["rows"], dtype=np.float64),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is damaged: {error!r}.", _REMEDY) from None
    if issue.features.shape != (HOURS, len(use_case.columns)) or len(issue.valid_times) != HOURS:
        raise DataError(f"{path} does not hold {HOURS} hours.", _REMEDY)
    return issue


def make_forecast(
    issue: Issue, champion: Champion, settings: Settings, use_case: UseCase, now: datetime
) -> tuple[Forecast, Entry]:
    """The answer of `GET /forecast` (its age left at 0) and the same for the prediction log.

    Raises DataError when the model gives no number because too much of the input is missing.
    """
    made = champion.predict(issue.features)
    mean, low, high = champion.bundle.daily(made.prediction)
    if not np.isfinite([*made.prediction, mean, low, high]).all():
        raise DataError("The newest issue lacks values that the model needs.", _REMEDY)
    hours = [
        ForecastHour(valid_time, int(lead), prediction, lower, upper)
        for valid_time, lead, prediction, lower, upper in zip(
            issue.valid_times,
            made.lead_hours.tolist(),
            made.prediction.tolist(),
            made.lower.tolist(),
            made.upper.tolist(),
            strict=True,
        )
    ]
    forecast = Forecast(
        place=settings.place.name,
        target=use_case.target,
        unit=use_case.unit,
        issue_time=issue.issue_time,
        age_hours=0.0,
        stale=False,
        source=of_model(issue.source, champion.source),
        model_version=champion.version,
        model_kind=champion.kind,
        level=champion.level,
        daily=Daily(mean, low, high, mean > champion.threshold, champion.threshold),
        hours=hours,
    )
    entry = Entry(
        request_id="",
        endpoint="forecast",
        model_version=champion.version,
        valid_times=issue.valid_times,
        lead_hours=made.lead_hours,
        predictions=made.prediction,
        lower=made.lower,
        upper=made.upper,
        features=issue.features,
        logged_at=now,
    )
    return forecast, entry


class ForecastSlot:
    """Holds the newest forecast; `refresh` is called by the watcher, `at` by requests."""

    def __init__(
        self, settings: Settings, use_case: UseCase, log: PredictionLog, clock: Clock
    ) -> None:
        self.current: Forecast | None = None
        self.problem: ProjectError | None = NotReadyError("There is no forecast yet.", _REMEDY)
        self._settings = settings
        self._use_case = use_case
        self._log = log
        self._clock = clock
        self._seen: tuple[Stamp | None, Champion] | None = None

    def refresh(self, champion: Champion | None) -> None:
        """Compute and log the forecast anew where the issue or the champion has changed."""
        if champion is None:
            return
        seen = (stamp_of(self._settings.next_day), champion)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            issue = read_issue(self._settings.next_day, self._use_case, self._settings.place.id)
            forecast, entry = make_forecast(
                issue, champion, self._settings, self._use_case, self._clock.now()
            )
        except ProjectError as error:
            self.current, self.problem = None, error
            logger.warning("no forecast: %s", error.message)
            return
        self._log.add(entry)
        self.current, self.problem = forecast, None

    def at(self, now: datetime) -> Forecast | None:
        """The forecast as seen at `now`: how old it is, and whether its day is over."""
        forecast = self.current
        if forecast is None:
            return None
        age = now - forecast.issue_time
        return msgspec.structs.replace(
            forecast,
            age_hours=round(age / timedelta(hours=1), 2),
            stale=age >= timedelta(hours=HOURS),
        )


def _utc(text: Any) -> datetime:
    instant = datetime.fromisoformat(str(text))
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
