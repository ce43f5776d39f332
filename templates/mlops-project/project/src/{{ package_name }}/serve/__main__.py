"""`python -m <package>.serve`: the service with the settings as they are, without the CLI.

What a container runs and what `bench` measures.
"""

import logging
import sys

from ..clock import clock_for
from ..config import load_settings
from ..errors import ProjectError
from ..log import configure
from .run import run


def main() -> int:
    """Serve until told to stop; errors go to standard error as one sentence and its remedy."""
    try:
        settings = load_settings()
        configure(settings.data_dir / "logs", verbose=True)
        run(settings, clock_for(), on_start=logging.getLogger(__package__).info)
    except ProjectError as error:
        print(f"{error.message} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
