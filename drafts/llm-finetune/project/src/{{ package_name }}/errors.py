"""The errors that a user can do something about.

    ProjectError
    ├── ConfigError      a setting or an argument is wrong
    ├── SourceError      the Hub or the network did not give what was asked for
    ├── DataError        data on disk is missing, damaged or fails its checks
    │   └── LeakError    test examples stand in the training data
    ├── ModelError       a model or adapter cannot be loaded, fits no memory or fails its checks
    ├── NotReadyError    an earlier step has not been run yet
    └── BusyError        another run of the same step is under way

Each says what is wrong, and in `hint` what to do. Anything else that escapes is a bug, unless the
disk, the memory or the Hub is behind it (`causes.py`).
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
    """The Hub or the network did not give what was asked for."""


class DataError(ProjectError):
    """Data on disk is missing, damaged or fails its checks."""

    @classmethod
    def at(cls, source: str, line: int, reason: str, hint: str = "") -> "DataError":
        """One record that is wrong: its file or dataset, its line or row from 1, and why."""
        return cls(f"{source}, line {line}: {reason}.", hint or "Correct or delete that record.")


class LeakError(DataError):
    """Test examples stand in the training data, so that no figure on them would mean anything."""


class ModelError(ProjectError):
    """A model or adapter cannot be loaded, fits no memory or fails its checks."""


class NotReadyError(ProjectError):
    """An earlier step has not been run yet."""


class BusyError(ProjectError):
    """Another run of the same step is under way."""
