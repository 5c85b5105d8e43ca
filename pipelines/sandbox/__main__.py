"""`python -m pipelines.sandbox`: the sandbox without the rest of the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.sandbox.server import run
from pipelines.system import TieoutError


def main() -> None:
    """Parse the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.sandbox", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--months", type=int, default=18)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--sftp-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--connections-out", type=Path, required=True)
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    try:
        run(**vars(parser.parse_args()))
    except TieoutError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
