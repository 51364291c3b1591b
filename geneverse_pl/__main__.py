"""``python -m geneverse_pl``."""

import sys

from geneverse_pl.exceptions import GeneverseError
from geneverse_pl.messages import OVERVIEW, SUBCOMMANDS, check_arguments

_HELP = {"-h", "--help", "help"}


def main() -> int:
    """Runs the command line; the overview and the version come without loading torch."""
    arguments = sys.argv[1:]
    if arguments[:1] and arguments[0] in _HELP:
        sys.stdout.write(OVERVIEW)
        return 0
    if arguments[:1] == ["--version"]:
        from geneverse_pl import __version__

        sys.stdout.write(f"geneverse_pl {__version__}\n")
        return 0
    try:
        check_arguments(arguments, set(SUBCOMMANDS))
    except GeneverseError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    try:
        from geneverse_pl.cli import main as run
    except ImportError as error:
        if "'datamodules' must be" not in str(error):
            raise
        sys.stderr.write(f"error: {error}\n")
        return 2
    return run()


if __name__ == "__main__":
    sys.exit(main())
