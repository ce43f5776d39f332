"""What the service reads and answers, as msgspec types: decoded, checked and encoded in C.

The request types are made from the use case's feature list, so a new feature is accepted, range
checked and documented without a line changed here. JSON has no NaN, and msgspec takes no string for
a number, so what comes through is finite and within its range.
"""

import re
from datetime import datetime
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta, Struct

from ..usecase import UseCase
from .problems import Problem, ProblemError

_SHAPES = 'Send JSON: {"valid_time": …, "features": {…}}, or {"rows": [such objects]}.'
_YEARS = range(1970, 2200)
_BATCH = re.compile(rb'\s*\{\s*"rows"\s*:')
_UNKNOWN = re.compile(r"unknown field `.*` - at `(.*)`$|unknown field `.*`$", re.DOTALL)


class Hour(Struct, gc=False):
    """One predicted hour, in the target's unit, with its prediction interval."""

    valid_time: datetime
    prediction: float
    lower: float
    upper: float


class Prediction(Struct, gc=False):
    """The answer to one row."""

    valid_time: datetime
    prediction: float
    lower: float
    upper: float
    unit: str
    level: Annotated[float, Meta(description="Share of true values that the interval shall hold.")]
    model_version: str
    source: Annotated[str, Meta(description="`live`, `simulated`, or several joined by ` + `.")]
    request_id: str


class Predictions(Struct, gc=False):
    """The answer to a batch, in the order of its rows."""

    predictions: list[Hour]
    unit: str
    level: float
    model_version: str
    source: str
    request_id: str


class Daily(Struct):
    """The day's mean with its interval; `alert` compares the mean with the threshold."""

    mean: float
    lower: float
    upper: float
    alert: bool
    threshold: float


class ForecastHour(Struct):
    """One hour of the forecast; the lead counts from the issue at midnight UTC."""

    valid_time: datetime
    lead_hours: int
    prediction: float
    lower: float
    upper: float


class Forecast(Struct):
    """The newest issue: 24 hours and their mean."""

    place: str
    target: str
    unit: str
    issue_time: datetime
    age_hours: Annotated[float, Meta(description="Hours since the issue; negative before it.")]
    stale: Annotated[bool, Meta(description="True once all of its hours have passed.")]
    source: str
    model_version: str
    model_kind: str
    level: float
    daily: Daily
    hours: list[ForecastHour]


class Ready(Struct):
    """The service can predict; `warnings` names what does not work beside that."""

    status: str
    model_version: str
    warnings: list[str]


class Live(Struct):
    """The process answers."""

    status: str


class Rows(Struct, frozen=True, gc=False):
    """Decoded request: `features` (n, f) float64 in the model's order, one valid time a row."""

    single: bool
    valid_times: list[datetime]
    features: np.ndarray


class RequestTypes:
    """The two request bodies of `POST /predict` and their decoder, for one use case."""

    def __init__(self, use_case: UseCase, max_rows: int) -> None:
        self._max_rows = max_rows
        whole = set(use_case.calendar_columns)
        fields: list[Any] = [
            (
                feature.name,
                Annotated[
                    float,
                    Meta(
                        ge=feature.low,
                        le=feature.high,
                        multiple_of=1 if feature.name in whole else None,
                        description=f"{feature.description} [{feature.unit}]",
                    ),
                ],
            )
            for feature in use_case.features
        ]
        time = Annotated[
            datetime,
            Meta(
                tz=True,
                description="The hour predicted, with its zone, such as 2026-01-31T06:00:00Z; "
                f"of the years {_YEARS.start} to {_YEARS.stop - 1}.",
            ),
        ]
        features = msgspec.defstruct("Features", fields, forbid_unknown_fields=True, gc=False)
        row = msgspec.defstruct(
            "Row", [("valid_time", time), ("features", features)], forbid_unknown_fields=True
        )
        rows: Any = Annotated[list[row], Meta(min_length=1, max_length=max_rows)]  # type: ignore[valid-type]
        batch = msgspec.defstruct("Batch", [("rows", rows)], forbid_unknown_fields=True)
        self.types: tuple[type[Struct], ...] = (row, batch)
        self._row: msgspec.json.Decoder[Any] = msgspec.json.Decoder(row)
        self._batch: msgspec.json.Decoder[Any] = msgspec.json.Decoder(batch)

    def decode(self, body: bytes) -> Rows:
        """A row `{"valid_time": …, "features": {…}}` or a batch `{"rows": [row, …]}`.

        A batch has no other key, so its first key tells the two apart. Raises ProblemError (422)
        that names the field and what was expected there, and repeats nothing of the input.
        """
        astuple = msgspec.structs.astuple
        try:
            if _BATCH.match(body):
                rows = self._batch.decode(body).rows
                matrix = np.array([astuple(row.features) for row in rows])
                return Rows(False, [_checked(row.valid_time) for row in rows], matrix)
            row = self._row.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
            detail = _explain(error)
            raise ProblemError(422, detail, self._remedy(detail)) from None
        return Rows(True, [_checked(row.valid_time)], np.array([astuple(row.features)]))

    def _remedy(self, detail: str) -> str:
        """What to do about it, by the field that the detail names."""
        if ".features" in detail:
            return "GET /model lists the features with their units and ranges."
        if "valid_time" in detail:
            return "Write the hour with its zone, such as 2026-01-31T06:00:00Z."
        if "$.rows`" in detail:
            return f"Send a list of 1 to {self._max_rows} rows."
        return _SHAPES


def _checked(valid_time: datetime) -> datetime:
    if valid_time.year not in _YEARS:
        raise ProblemError(
            422, "A valid_time is of an impossible year.", "Send the hour predicted."
        )
    return valid_time


def _explain(error: Exception) -> str:
    """The decoder's message without names that the sender chose."""
    if not isinstance(error, msgspec.DecodeError):
        return "The body is not valid JSON in UTF-8."
    text = str(error)
    if unknown := _UNKNOWN.search(text):
        where = f" in {unknown.group(1)}" if unknown.group(1) else ""
        return f"There is an unknown field{where}."
    return f"{text.rstrip('.')}."


def components(requests: RequestTypes) -> dict[str, Any]:
    """JSON schemas of all bodies, for the OpenAPI document."""
    answers = (Prediction, Predictions, Forecast, Ready, Live, Problem)
    _, schemas = msgspec.json.schema_components(
        (*requests.types, *answers), ref_template="#/components/schemas/{name}"
    )
    return dict(schemas)
