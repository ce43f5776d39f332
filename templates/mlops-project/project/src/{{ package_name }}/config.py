"""Settings: `config.toml`, overridden by environment variables.

`serve.port` of the file is `<ENV_PREFIX>SERVE__PORT` in the environment. Secrets (the API key) are
read from the environment or from `.env` only; `config.toml` is committed.
"""

import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from . import ENV_PREFIX, usecase
from .errors import ConfigError


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


class Settings(BaseSettings):
    """All settings of a run, and where its files lie."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    root: Path = Path()
    data_dir: Path = Path("data")
    use_case: str = usecase.DEFAULT
    place: Place
    alert: Alert
    collect: Collect = Collect()
    labels: Labels = Labels()
    train: Train = Train()
    serve: Serve = Serve()
    monitor: Monitor = Monitor()
    report: Report = Report()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over `.env`, which wins over the file (passed as init values).

        Compose reads `.env` too: what does not bear our prefix there is not ours to refuse.
        """
        dotenv = cast("DotEnvSettingsSource", dotenv_settings)
        prefix = ENV_PREFIX.lower()
        dotenv.env_vars = {
            name: value for name, value in dotenv.env_vars.items() if name.startswith(prefix)
        }
        return env_settings, dotenv, init_settings

    @property
    def label_step_hours(self) -> int:
        """Hours between two true steps of the labels."""
        return self.labels.step_hours or self.place.label_step_hours

    @property
    def raw_dir(self) -> Path:
        """Raw responses as Parquet, with their manifest."""
        return self.data_dir / "raw"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that `features` builds."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def next_day(self) -> Path:
        """Features of the newest issue, for the service."""
        return self.data_dir / "forecast" / "next_day.json"

    @property
    def models_dir(self) -> Path:
        """Exported model bundles, a folder a version."""
        return self.data_dir / "models"

    @property
    def champion_pointer(self) -> Path:
        """Names the version that serves; replaced in one step."""
        return self.models_dir / "champion.json"

    @property
    def predictions(self) -> Path:
        """SQLite log of every prediction served."""
        return self.data_dir / "predictions.sqlite"

    @property
    def mlflow_db(self) -> Path:
        """MLflow's tracking and registry database."""
        return self.data_dir / "mlflow.db"

    @property
    def artifacts_dir(self) -> Path:
        """MLflow's artifacts."""
        return self.data_dir / "mlartifacts"

    @property
    def runs_dir(self) -> Path:
        """One JSON record a run of any step."""
        return self.data_dir / "runs"

    @property
    def reports_dir(self) -> Path:
        """HTML reports."""
        return self.data_dir / "reports"

    @property
    def monitor_dir(self) -> Path:
        """The newest monitoring result as JSON and as Prometheus text."""
        return self.data_dir / "monitor"

    @property
    def sql_dir(self) -> Path:
        """The SQL that makes staging, features and labels."""
        return self.root / "sql"


def find_config(start: Path) -> Path:
    """`config.toml` in `start` or the nearest folder above it.

    Raises ConfigError when there is none.
    """
    for folder in (start, *start.parents):
        if (folder / "config.toml").is_file():
            return folder / "config.toml"
    raise ConfigError(
        f"No config.toml in {start} or above it.", "Run this inside the project's folder."
    )


def load_settings(config_file: Path | None = None, **overrides: Any) -> Settings:
    """Read `config.toml` and the environment; `overrides` (such as `data_dir`) win over both.

    Relative folders are taken from the folder of `config.toml`, and the use case that it names
    becomes the active one. Raises ConfigError that names the key.
    """
    named = os.environ.get(f"{ENV_PREFIX}CONFIG")
    path = (config_file or (Path(named) if named else find_config(Path.cwd()))).resolve()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from None
    if "api_key" in content.get("serve", {}):
        raise ConfigError(
            f"{path} holds serve.api_key, and that file is committed.",
            f"Delete it there and set {ENV_PREFIX}SERVE__API_KEY in the environment or in .env.",
        )
    try:
        settings = Settings(_env_file=path.parent / ".env", **content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        variable = ENV_PREFIX + "__".join(str(part) for part in first["loc"]).upper()
        where = f"the environment, as {variable}" if variable in os.environ else path
        problem = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            problem = "there is no setting of that name"
        raise ConfigError(f"Setting {key}: {problem}.", f"Correct it in {where}.") from None
    usecase.choose(settings.use_case)
    data_dir = Path(overrides.pop("data_dir", settings.data_dir))
    return settings.model_copy(
        update={"root": path.parent, "data_dir": path.parent / data_dir, **overrides}
    )
