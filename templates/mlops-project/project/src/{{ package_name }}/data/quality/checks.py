"""The rules of the validation gate; each gives findings about one dataset's rows.

schema       the columns, their types, whole hours              error
duplicates   an hour stored twice                               error
gaps         hours without a value                              error beyond the limits below
             a variable that the source does not have           warning
range        values that cannot be (limits: the use case)       error beyond a share
stuck        the same value for a day or longer                 error beyond a share
freshness    how old the newest hour is                         warning
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pandera.polars as pa
import polars as pl

from ...usecase import Dataset, Variable
from ..gaps import Gap, find_gaps

BAD_SHARE = 0.05
"""More missing or stuck hours than this, and a model would learn the fault."""
IMPOSSIBLE_SHARE = 0.01
"""Impossible values are rarer in a feed that works; staging drops the few there are."""
LONGEST_GAP_HOURS = 7 * 24
"""The longest window of the features: a longer gap leaves days without any."""
STUCK_HOURS = 24
STALE_HOURS = 48


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be; `severity` is "error" or "warning"."""

    check: str
    severity: str
    dataset: str
    variable: str
    hours: int
    message: str


@dataclass(frozen=True)
class Coverage:
    """What there is of a variable: its range, and the share of hours with a value, by month."""

    dataset: str
    variable: str
    unit: str
    hours: int
    missing: int
    lowest: float | None
    median: float | None
    highest: float | None
    months: dict[str, float]


def examine(
    rows: pl.DataFrame, dataset: Dataset, given: Dataset | None = None
) -> tuple[list[Finding], list[Gap], list[Coverage]]:
    """Findings, gaps and coverage of one dataset's rows, as `RawStore.read` gives them.

    `given` is the dataset with the variables that its source has; None: it has all.
    """
    given = given or dataset
    findings = list(_schema(rows, dataset))
    if any(finding.check == "schema" for finding in findings):
        return findings, [], []
    hourly = rows.unique("valid_time", keep="first").sort("valid_time")
    names = [variable.name for variable in given.variables]
    gaps = find_gaps(hourly.select("place_id", "valid_time", *names), dataset.name)
    whole = hourly.upsample("valid_time", every="1h")
    findings += _not_given(dataset, given, whole.height)
    for variable in given.variables:
        holes = [gap for gap in gaps if gap.variable == variable.name]
        findings += _missing(holes, whole.height, dataset, variable)
        findings += _impossible(whole, dataset, variable)
        findings += _stuck(whole, dataset, variable)
    return findings, gaps, [_coverage(whole, dataset, variable) for variable in given.variables]


def schema(dataset: Dataset) -> pa.DataFrameSchema:
    """What the raw rows of a dataset look like; values may be missing, hours may not repeat."""
    columns = {
        variable.name: pa.Column(pl.Float64, nullable=True) for variable in dataset.variables
    }
    whole_hour = pa.Check(
        lambda data: data.lazyframe.select(pl.col(data.key).dt.truncate("1h") == pl.col(data.key)),
        error="whole hours",
    )
    return pa.DataFrameSchema(
        {
            "place_id": pa.Column(pl.String),
            "valid_time": pa.Column(pl.Datetime("us"), whole_hour),
            **columns,
        },
        strict=True,
        unique=["place_id", "valid_time"],
    )


def _schema(rows: pl.DataFrame, dataset: Dataset) -> Iterator[Finding]:
    try:
        schema(dataset).validate(rows, lazy=True)
    except pa.errors.SchemaErrors as errors:
        repeated = rows.height - rows.n_unique(["place_id", "valid_time"])
        for error in errors.schema_errors:
            doubled = error.reason_code is pa.errors.SchemaErrorReason.DUPLICATES
            yield Finding(
                check="duplicates" if doubled else "schema",
                severity="error",
                dataset=dataset.name,
                variable="",
                hours=repeated if doubled else rows.height,
                message=f"{dataset.name}: {repeated} hours are stored twice"
                if doubled
                else f"{dataset.name}: {str(error).splitlines()[0]}",
            )


def _not_given(dataset: Dataset, given: Dataset, hours: int) -> Iterator[Finding]:
    for variable in dataset.variables:
        if variable not in given.variables:
            message = f"{variable.name}: the source of {dataset.name} does not have it"
            yield Finding("gaps", "warning", dataset.name, variable.name, hours, message)


def _missing(
    gaps: list[Gap], hours: int, dataset: Dataset, variable: Variable
) -> Iterator[Finding]:
    if not gaps:
        return
    missing, longest = sum(gap.hours for gap in gaps), max(gap.hours for gap in gaps)
    bad = missing > BAD_SHARE * hours or longest > LONGEST_GAP_HOURS
    yield Finding(
        "gaps",
        "error" if bad else "warning",
        dataset.name,
        variable.name,
        missing,
        f"{variable.name}: {missing} of {hours} hours have no value, longest gap {longest} h",
    )


def _impossible(rows: pl.DataFrame, dataset: Dataset, variable: Variable) -> Iterator[Finding]:
    column = rows[variable.name].drop_nulls()
    outside = column.filter((column < variable.low) | (column > variable.high))
    if outside.len():
        yield Finding(
            "range",
            "error" if outside.len() > IMPOSSIBLE_SHARE * rows.height else "warning",
            dataset.name,
            variable.name,
            outside.len(),
            f"{variable.name}: {outside.len()} values lie outside {variable.low:g} to "
            f"{variable.high:g} {variable.unit}",
        )


def _stuck(rows: pl.DataFrame, dataset: Dataset, variable: Variable) -> Iterator[Finding]:
    """Runs of one value; a value at its bound (no rain, saturated air) may stay as it is."""
    runs_of_value = (
        rows.lazy()
        .select(value=pl.col(variable.name), run=pl.col(variable.name).rle_id())
        .filter((pl.col("value") > variable.low) & (pl.col("value") < variable.high))
        .group_by("run")
        .agg(hours=pl.len())
        .filter(pl.col("hours") >= STUCK_HOURS)
        .collect()
    )
    if runs_of_value.height:
        hours = int(runs_of_value["hours"].sum())
        yield Finding(
            "stuck",
            "error" if hours > BAD_SHARE * rows.height else "warning",
            dataset.name,
            variable.name,
            hours,
            f"{variable.name}: the same value for {STUCK_HOURS} h or longer, "
            f"{runs_of_value.height} times, {hours} h together",
        )


def freshness(age_hours: float, dataset: str) -> Iterator[Finding]:
    """A warning when the newest hour of the labels' dataset is old."""
    if age_hours > STALE_HOURS:
        message = f"{dataset}: the newest hour is {age_hours / 24:.1f} days old"
        yield Finding("freshness", "warning", dataset, "", int(age_hours), message)


def _coverage(rows: pl.DataFrame, dataset: Dataset, variable: Variable) -> Coverage:
    column = rows[variable.name]
    months = (
        rows.group_by(month=pl.col("valid_time").dt.strftime("%Y-%m"))
        .agg(share=1 - pl.col(variable.name).null_count() / pl.len())
        .sort("month")
    )
    return Coverage(
        dataset=dataset.name,
        variable=variable.name,
        unit=variable.unit,
        hours=rows.height,
        missing=column.null_count(),
        lowest=_number(column.min()),
        median=_number(column.median()),
        highest=_number(column.max()),
        months={month: round(share, 4) for month, share in months.iter_rows()},
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None
