"""The errors that a user can do something about.

    ProjectError
    ├── ConfigError      a setting or an argument is wrong
    ├── SourceError      the data source did not give what was asked for
    ├── DataError        data on disk is missing, damaged or fails its checks
    ├── NotReadyError    an earlier step has not been run yet
    ├── RegistryError    the model registry does not hold what was asked for
    └── BusyError        another run of the same step is under way

Each says what is wrong, and in `hint` what to do. Anything else that escapes is a bug.
"""


class ProjectError(Exception):
    """Base of all: what is wrong, in `hint` what to do, and what the CLI exits with."""

    def __init__(self, message: str, hint: str = "", *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


class ConfigError(ProjectError):
    """A setting or an argument is wrong."""


class SourceError(ProjectError):
    """The data source did not give what was asked for."""


class DataError(ProjectError):
    """Data on disk is missing, damaged or fails its checks."""


class NotReadyError(ProjectError):
    """An earlier step has not been run yet."""


class RegistryError(ProjectError):
    """The model registry does not hold what was asked for."""


class BusyError(ProjectError):
    """Another run of the same step is under way."""
