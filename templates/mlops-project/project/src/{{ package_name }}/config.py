"""Settings: `config.toml`, overridden by environment variables.

`serve.port` of the file is `<ENV_PREFIX>SERVE__PORT` in the environment. Secrets (the API key) are
read from the environment or from `.env` only; `config.toml` is committed.
"""

import os
import tomllib
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from . import ENV_PREFIX, usecase
from .errors import ConfigError
from .sections import Alert, Collect, Labels, Monitor, Place, Report, Serve, Train

__all__ = [
    "Alert",
    "Collect",
    "Labels",
    "Monitor",
    "Place",
    "Report",
    "Serve",
    "Settings",
    "Train",
    "find_config",
    "load_settings",
]


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


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path} does not exist.",
            f"Correct {ENV_PREFIX}CONFIG, or unset it inside the project's folder.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}.", "Correct that line; text stands in quotes."
        ) from None


def load_settings(config_file: Path | None = None, **overrides: Any) -> Settings:
    """Read `config.toml` and the environment; `overrides` (such as `data_dir`) win over both.

    Relative folders are taken from the folder of `config.toml`, and the use case that it names
    becomes the active one. Raises ConfigError that names the key.
    """
    named = os.environ.get(f"{ENV_PREFIX}CONFIG")
    path = (config_file or (Path(named) if named else find_config(Path.cwd()))).resolve()
    content = _read(path)
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
