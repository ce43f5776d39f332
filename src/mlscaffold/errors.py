"""What can go wrong, as one family.

* MlscaffoldError          what is wrong, where, what to do; exit code 1
  x InputError             an answer, a key or a file that the user gave
  x UsageError           the command line itself; exit code 2
  x TargetError            the folder to write in
  x TemplateError          the template is missing, faulty or not trusted
  x GitError               git is missing or refused
  x DeclinedError               the user said no at the summary

Anything else that reaches the command line is a bug of ours and is reported as one. Only the
command line prints and exits; everything below it raises.
"""

from __future__ import annotations


class MlscaffoldError(Exception):
    """Something that the user can act on.

    Args:
        what: One sentence: what is wrong.
        where: The file, folder, key or address it is about; empty when `what` says it.
        hint: What to do about it; empty when nothing can be done.
    """

    exit_code = 1

    def __init__(self, what: str, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint


class InputError(MlscaffoldError):
    """An answer, a key or a file that the user gave cannot be used."""


class UsageError(MlscaffoldError):
    """The command line does not say enough, or says two things at once."""

    exit_code = 2


class TargetError(MlscaffoldError):
    """The folder to write in is not free, not writable or not a folder."""


class TemplateError(MlscaffoldError):
    """The template is missing, faulty, or uses what only `--trust` allows."""


class GitError(MlscaffoldError):
    """git is missing, too old, or refused."""


class DeclinedError(MlscaffoldError):
    """The user answered no at the summary: nothing was written."""
