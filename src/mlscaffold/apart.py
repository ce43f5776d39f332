"""A render in a process of its own, which gives back the memory that Copier takes.

Copier and what it imports need twice as much as a merge does; held beside it, they would make the
peak of `update`. Nobody can be asked there, and a third party's template is rendered here: what was
fetched of it is known to this process.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import errors, render

if TYPE_CHECKING:
    from .catalog import Source

# -P: no module of the folder that we happen to be in is taken for one of ours.
_COMMAND = ("-P", "-c", "from mlscaffold.apart import serve; serve()")


def render_apart(
    source: Source, dest: Path, given: Mapping[str, Any], recorded: Mapping[str, Any]
) -> render.Rendered:
    """Render a template of ours with default answers to what is in neither mapping.

    Arguments, result and errors are those of `render.render`. Where Copier is imported already, as
    by a program that calls us often, another process would only take longer.
    """
    if "copier" in sys.modules or not sys.executable:
        return render.render(source, dest, given, recorded=recorded)
    request = pickle.dumps((source, dest, dict(given), dict(recorded)))
    done = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, *_COMMAND], input=request, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    answer = pickle.loads(done.stdout)  # noqa: S301 - written by `serve`
    if isinstance(answer, render.Rendered):
        return answer
    kind, *about = answer
    error: errors.MlscaffoldError = getattr(errors, kind)(*about)
    raise error


def serve() -> None:
    """Render what standard input asks for; the other end of `render_apart`."""
    source, dest, given, recorded = pickle.load(sys.stdin.buffer)  # noqa: S301 - see above
    answer: object
    try:
        answer = render.render(source, dest, given, recorded=recorded)
    except errors.MlscaffoldError as error:
        answer = (type(error).__name__, error.what, error.where, error.hint)
    sys.stdout.buffer.write(pickle.dumps(answer))
