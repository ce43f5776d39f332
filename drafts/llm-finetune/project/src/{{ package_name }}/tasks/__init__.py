"""The tasks: what is learnt and how an answer is checked; each is one file behind `base.Task`."""

from ..config import TINY, Config
from .base import Message, Options, Row, RowError, Task

__all__ = ["Message", "Options", "Row", "RowError", "Task", "for_config", "options_of", "task"]


def task(name: str, options: Options | None = None) -> Task:
    """The task of that name (`config.TaskName`), with the options of a configuration."""
    match name:
        case "text_to_sql":
            from .text_to_sql import TextToSql

            return TextToSql(options)
        case "extraction":
            from .extraction import Extraction

            return Extraction(options)
        case "classification":
            from .classification import Classification

            return Classification(options)
        case "instruct":
            from .instruct import Instruct

            return Instruct(options)
        case _:
            raise ValueError(f"no task is called {name!r}")


def for_config(config: Config) -> Task:
    """The task that the configuration names, as it sets it up."""
    return task(config.task, options_of(config))


def options_of(config: Config) -> Options:
    """What the configuration says of its task."""
    made_up = config.data.source == TINY
    folder = config.models_dir / "tiny-databases" if made_up else config.data.databases
    return Options(
        columns=config.data.columns,
        labels=config.data.labels,
        show_labels=config.data.show_labels,
        databases=config.at(folder) if folder else None,
        timeout_s=config.evaluate.sql_timeout_s,
    )
