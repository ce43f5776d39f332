"""The API's JSON bodies: how they are checked and turned into rows.

    {"hourly_units": {"time": "iso8601", "pm2_5": "μg/m³"},
     "hourly": {"time": ["2025-01-01T00:00", ...], "pm2_5": [31.2, null, ...]}}

A body that breaks off (BrokenBodyError: worth another attempt) is told apart from one that is whole
and wrong (SourceError).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from ...errors import SourceError
from ...usecase import Dataset

MICRO_SIGN, GREEK_MU = "\u00b5", "\u03bc"


class BrokenBodyError(Exception):
    """The body ended before it was complete, or is not JSON."""


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`.

    Raises BrokenBodyError when it is cut off (the API appends plain text when a stream fails), and
    SourceError when it is a web page or not an object.
    """
    if body.lstrip()[:1] == b"<":
        raise SourceError(
            "The source answered with a web page instead of data.",
            "Check the base URL (--base-url), and whether the network wants a login first.",
        )
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except ValueError as error:
        raise BrokenBodyError(str(error)) from error
    if not isinstance(document, dict):
        raise SourceError(
            "The source answered with JSON that is not an object.", "Check the base URL."
        )
    return document


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def hours_between(start: date, end: date) -> list[datetime]:
    """Every hour of the days `start` to `end`, both included."""
    first = datetime.combine(start, time())
    return [first + timedelta(hours=hour) for hour in range(24 * ((end - start).days + 1))]


def parse(document: Mapping[str, Any], dataset: Dataset, start: date, end: date) -> pl.DataFrame:
    """Rows (`valid_time` and one float column a variable) of a decoded body.

    Raises SourceError when the hours are not those asked for, a variable is missing, its unit is
    another one, or a value is not a number.
    """
    hourly = _table(document, "hourly", dataset)
    units = _table(document, "hourly_units", dataset)
    hours = hours_between(start, end)
    if hourly.get("time") != [hour.isoformat(timespec="minutes") for hour in hours]:
        raise _unexpected(dataset, f"the hours are not those from {start} to {end} in GMT")
    columns = [pl.Series("valid_time", hours, dtype=pl.Datetime("us"))]
    for variable in dataset.variables:
        values = hourly.get(variable.name)
        if not isinstance(values, Sequence):
            raise _unexpected(dataset, f"{variable.name} is missing")
        if len(values) != len(hours):
            raise _unexpected(dataset, f"{variable.name} has {len(values)} of {len(hours)} values")
        unit = str(units.get(variable.name)).replace(MICRO_SIGN, GREEK_MU)
        if unit != variable.unit.replace(MICRO_SIGN, GREEK_MU):
            raise _unexpected(dataset, f"{variable.name} is in {unit} instead of {variable.unit}")
        if not all(value is None or type(value) in (int, float) for value in values):
            raise _unexpected(dataset, f"{variable.name} holds values that are not numbers")
        columns.append(pl.Series(variable.name, values, dtype=pl.Float64, strict=False))
    return pl.DataFrame(columns)


def _table(document: Mapping[str, Any], key: str, dataset: Dataset) -> Mapping[str, Any]:
    table = document.get(key)
    if not isinstance(table, Mapping):
        raise _unexpected(dataset, f"it has no {key}")
    return table


def _unexpected(dataset: Dataset, what: str) -> SourceError:
    return SourceError(
        f"The answer for {dataset.name} is not as expected: {what}.",
        "Check the base URL; if it is right, the API has changed and sources/ must follow it.",
    )
