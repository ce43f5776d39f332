"""The tables of `config.toml`: which settings there are, their defaults and their limits."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class Section(BaseModel):
    """A table of `config.toml`: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(Section):
    """Where the air is forecast; degrees, north and east positive."""

    name: str = Field(min_length=1, max_length=60)
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)

    @property
    def id(self) -> str:
        """Key of the place in every table."""
        return f"{self.latitude:g}_{self.longitude:g}"

    @property
    def label_step_hours(self) -> int:
        """Hours between two true steps of CAMS' analysis here.

        The CAMS European ensemble (25° W to 45° E, 30° N to 72° N) is hourly; the global model
        gives every third hour and the API interpolates between.
        """
        in_europe = 30 <= self.latitude <= 72 and -25 <= self.longitude <= 45
        return 1 if in_europe else 3


class Alert(Section):
    """When a day's mean counts as an alert: a level in µg/m³, or `q90` of the training days."""

    threshold: float | str

    @field_validator("threshold")
    @classmethod
    def _level_or_quantile(cls, value: float | str) -> float | str:
        if isinstance(value, str) and value.startswith("q"):
            if not (value[1:].isdigit() and 1 <= int(value[1:]) <= 99):
                raise ValueError("a quantile is written q1 to q99")
            return value
        level = float(value)
        if not 0 < level < 1000:
            raise ValueError("a level lies between 0 and 1000 µg/m³")
        return level

    @property
    def quantile(self) -> float | None:
        """0.9 for `q90`; None where a level is set."""
        return int(self.threshold[1:]) / 100 if isinstance(self.threshold, str) else None

    @property
    def level(self) -> float | None:
        """µg/m³; None where a quantile is set."""
        return None if isinstance(self.threshold, str) else self.threshold


class Collect(Section):
    """How sources are asked. The limits are the free API's, in calls (see `sources/quota.py`).

    `sources` names the source of a dataset that does not come from the one given to `collect`.
    """

    start: date = date(2024, 1, 1)
    sources: dict[str, str] = Field(default_factory=dict)
    base_url: str | None = None
    timeout_s: float = Field(default=30.0, gt=0)
    max_attempts: int = Field(default=6, ge=1, le=20)
    settle_days: int = Field(default=5, ge=0)
    minutely: int = Field(default=600, ge=1)
    hourly: int = Field(default=5000, ge=1)
    daily: int = Field(default=10000, ge=1)


class Labels(Section):
    """How late the labels are: hours from a step until it is complete and published.

    `step_hours` is from one true step to the next; 0 means that of CAMS at the place.
    """

    delay_hours: int = Field(default=3, ge=0, le=72)
    step_hours: int = 0

    @field_validator("step_hours")
    @classmethod
    def _divides_a_day(cls, value: int) -> int:
        if value not in (0, 1, 2, 3, 4, 6, 8, 12, 24):
            raise ValueError("whole steps make a day: 1, 2, 3, 4, 6, 8, 12 or 24 hours")
        return value


class Train(Section):
    """Validation and model selection; `trials` > 0 searches LightGBM's parameters with Optuna."""

    folds: int = Field(default=6, ge=2)
    fold_days: int = Field(default=60, ge=7)
    holdout_days: int = Field(default=60, ge=14)
    seed: int = 7
    trials: int = Field(default=0, ge=0)
    interval_level: float = Field(default=0.9, gt=0, lt=1)
    bootstrap_samples: int = Field(default=1000, ge=100)
    block_days: int = Field(default=7, ge=1)
    threads: int = Field(default=2, ge=1)


class Serve(Section):
    """The service and its limits; 0 requests a minute means no rate limit."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    mode: Literal["development", "production"] = "development"
    api_key: SecretStr | None = None
    max_body_bytes: int = Field(default=1_000_000, ge=1000)
    max_rows: int = Field(default=1000, ge=1)
    max_concurrency: int = Field(default=64, ge=1)
    requests_per_minute: int = Field(default=0, ge=0)
    timeout_s: float = Field(default=10.0, gt=0)
    log_batch: int = Field(default=256, ge=1)
    log_interval_s: float = Field(default=1.0, gt=0)


class Monitor(Section):
    """What counts as drift: effect sizes first, chance second (see `monitor/`)."""

    psi: float = Field(default=0.2, gt=0)
    error_ratio: float = Field(default=1.3, gt=1)
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    min_days: int = Field(default=14, ge=7)
    season_days: int = Field(default=30, ge=7)
    block_days: int = Field(default=7, ge=1)
    missing_share: float = Field(default=0.02, ge=0, le=1)
    impossible_share: float = Field(default=0.001, ge=0, le=1)
    stuck_hours: int = Field(default=24, ge=2)
    frozen_hours: int = Field(default=6, ge=2)
    label_age_hours: float = Field(default=48, gt=0)
    late_share: float = Field(default=0.05, ge=0, le=1)


class Report(Section):
    """What an hour of the machine costs, for the price of a prediction in the README."""

    price_per_hour: float = Field(default=0.05, ge=0)
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
