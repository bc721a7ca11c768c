"""The command ``python -m topoi.lab check FILE``.

It runs a lab in a fresh kernel, as whoever grades it will do, and returns 0
when all exercises pass and 1 when some do not.
"""

import argparse
import sys
from pathlib import Path

from topoi.lab import results


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m topoi.lab check FILE``."""
    parser = argparse.ArgumentParser(
        prog="python -m topoi.lab", description="Check a lab."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("check", help="run a lab in a fresh kernel")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--seconds", type=int, default=results.CELL_SECONDS)
    options = parser.parse_args(arguments)
    try:
        state = results.check(options.file, options.seconds)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(state)
    return int(not state.passed)


if __name__ == "__main__":
    sys.exit(main())
