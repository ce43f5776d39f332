"""The errors that a user can do something about.

    ProjectError
    ├── ConfigError      a setting or an argument is wrong
    ├── SourceError      the data source did not give what was asked for
    ├── DataError        data on disk is missing, damaged or fails its checks
    ├── NotReadyError    an earlier step has not been run yet
    ├── RegistryError    the model registry does not hold what was asked for
    └── BusyError        another run of the same step is under way

Each says what is wrong, and in `hint` what to do. Anything else that escapes is a bug, unless the
disk is behind it (`of_the_disk`).
"""

import errno


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


_DISK = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.ENOTDIR, errno.ENAMETOOLONG),  # --data-dir below a file
}


def of_the_disk(error: BaseException) -> DataError | None:
    """The sentence for an error that a full, failing or write-protected disk is behind, else None.

    Libraries wrap such errors in their own (MLflow: three times), so the whole chain is looked at.
    """
    import sqlite3

    databases = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
    link: BaseException | None = error
    while link is not None:
        what = ""
        if isinstance(link, OSError) and link.errno in _DISK:
            what = f"{link.filename or 'A file'} cannot be written: {link.strerror}."
        # The lowest byte of SQLite's code is its kind.
        elif getattr(link, "sqlite_errorcode", 0) & 0xFF in databases:
            what = f"A database cannot be written: {link}."
        if what:
            return DataError(
                what, "See that the disk has space and the folder may be written; run this again."
            )
        link = link.__cause__ or link.__context__
    return None
