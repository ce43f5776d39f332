"""What a use case is: which data it needs, what it predicts, from which features.

Everything else in the package is written against this interface, so that a second use case is one
more file beside `pm25.py` (and its SQL) that declares a `USE_CASE`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """One hourly quantity of the source; values outside [low, high] fail the validation gate."""

    name: str
    unit: str
    low: float
    high: float


@dataclass(frozen=True)
class Dataset:
    """Hourly variables that one endpoint gives in one request."""

    name: str
    host: str
    path: str
    variables: tuple[Variable, ...]
    first_day: str
    """ISO date of the first day that the endpoint has."""
    attribution: str
    days_ahead: int = 0
    """How many days after the last asked day are needed too (forecasts for the next issue)."""


@dataclass(frozen=True)
class Feature:
    """One column of the model's input; the service refuses values outside [low, high]."""

    name: str
    unit: str
    low: float
    high: float
    description: str


@dataclass(frozen=True)
class UseCase:
    """A forecasting problem: 24 hourly values of `target` from each midnight UTC on."""

    name: str
    title: str
    target: str
    unit: str
    label_dataset: str
    """Name of the dataset whose `target` column is the label."""
    datasets: tuple[Dataset, ...]
    features: tuple[Feature, ...]
    sql_files: tuple[str, ...]
    persistence_column: str
    """Feature that the persistence baseline repeats."""
    level_columns: tuple[str, ...]
    """Features whose mean is the recent level of the target: boosting learns the ratio to it."""
    hour_column: str
    day_column: str
    calendar_columns: tuple[str, ...]
    """Features known from the date alone: they cannot drift."""
    guideline: float | None = None
    """WHO's for the daily mean, in `unit`: the page draws it beside the alert level."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Feature names in the model's order."""
        return tuple(feature.name for feature in self.features)

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name. Raises KeyError when there is none."""
        return {dataset.name: dataset for dataset in self.datasets}[name]
