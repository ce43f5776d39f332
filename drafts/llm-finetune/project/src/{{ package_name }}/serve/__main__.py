"""`python -m <package>.serve [RUN]`: the service with the settings as they are, without the CLI.

What a container runs and what `bench` measures. Without an argument it serves the newest run.
"""

import logging
import sys

from ..clock import clock_for
from ..errors import ProjectError
from ..loading import load_config
from ..log import configure
from ..runs import chosen
from .run import run


def main() -> int:
    """Serve until told to stop; errors go to standard error as one sentence and its remedy."""
    try:
        project = load_config()
        of = chosen(project, sys.argv[1] if len(sys.argv) > 1 else None)
        config = load_config(project.root, base=of.config_file, run=of.name)
        configure(config.logs_dir, verbose=True)
        run(config, of, clock_for(), on_start=logging.getLogger(__package__).info)
    except ProjectError as error:
        print(f"{error.message} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
