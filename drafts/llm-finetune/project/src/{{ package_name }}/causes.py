"""Sentences for what libraries raise when the disk, the memory or the Hub is behind it.

Libraries wrap such errors in their own, so the whole chain is looked at; by name and text, so that
none of them has to be imported.
"""

import errno
from collections.abc import Iterator

from .errors import DataError, ModelError, ProjectError, SourceError

_DISK = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.ENOTDIR, errno.ENAMETOOLONG),  # a folder below a file
}
_DISK_TEXTS = (
    *("No space left on device", "Disk quota exceeded", "File too large"),
    "PytorchStreamWriter failed",
)
_MEMORY_TEXTS = ("out of memory", "can't allocate memory", "not enough memory")
# Not "gated repo" alone: that stands in the hint of a repository which is not there.
_GATED_TEXTS = ("You are trying to access a gated repo", "is a gated dataset")
_NETWORK = {
    *("ConnectError", "ConnectTimeout", "ReadTimeout", "ConnectionError", "MaxRetryError"),
    *("OfflineModeIsEnabled", "LocalEntryNotFoundError", "HfHubHTTPError"),
}
_NETWORK_TEXTS = ("Can't reach the Hub", "couldn't connect to", "Couldn't reach", "offline mode")


NO_MEMORY = "There is not enough memory for this model and these settings."


def explained(error: BaseException) -> ProjectError | None:
    """What is wrong and what to do, if one of the known causes is behind `error`, else None."""
    links = list(_chain(error))
    for cause in (_disk, _memory, _gated, _absent, _network):
        for link in links:
            if found := cause(link):
                return found
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _kinds(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _disk(error: BaseException) -> ProjectError | None:
    what = ""
    if isinstance(error, OSError) and error.errno in _DISK:
        what = f"{error.filename or 'A file'} cannot be written: {error.strerror}."
    elif any(text in str(error) for text in _DISK_TEXTS):
        what = "A file cannot be written: the disk is full or refuses."
    if not what:
        return None
    return DataError(
        what, "See that the disk has space and the folder may be written; run this again."
    )


def _memory(error: BaseException) -> ProjectError | None:
    told = isinstance(error, RuntimeError) and any(text in str(error) for text in _MEMORY_TEXTS)
    if not (told or _kinds(error) & {"MemoryError", "OutOfMemoryError"}):
        return None
    return ModelError(
        NO_MEMORY,
        "`estimate` says what needs how much, and which method fits: try a smaller "
        "train.batch_size with more train.accumulation, train.gradient_checkpointing=true, "
        "a smaller model.max_length, or adapter.method=qlora.",
    )


def _gated(error: BaseException) -> ProjectError | None:
    told = any(text in str(error) for text in _GATED_TEXTS)
    if "GatedRepoError" not in _kinds(error) and not told:
        return None
    return SourceError(
        "This model or dataset is gated: the Hub gives it only to who has accepted its licence.",
        "Accept the licence on its page at the Hub, make a token there, and put it as HF_TOKEN "
        "into the environment or into .env.",
    )


def _absent(error: BaseException) -> ProjectError | None:
    if not _kinds(error) & {
        *("RepositoryNotFoundError", "RevisionNotFoundError", "EntryNotFoundError"),
        "DatasetNotFoundError",
    } or _kinds(error) & {"LocalEntryNotFoundError"}:
        return None
    first = " ".join(str(error).split())[:200]
    return SourceError(
        f"The Hub does not have what was asked for: {first}",
        "Check model.base, data.source and their revisions; a private one needs HF_TOKEN.",
    )


def _network(error: BaseException) -> ProjectError | None:
    if not (_kinds(error) & _NETWORK or any(text in str(error) for text in _NETWORK_TEXTS)):
        return None
    return SourceError(
        "The Hub cannot be reached, and what is needed from it is not on this machine.",
        "See that there is a network, or give a folder as model.base and a file as data.source. "
        "What was downloaded once is found again with offline=true.",
    )
