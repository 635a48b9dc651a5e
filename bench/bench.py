"""
Measures PAC beside the bare tools and prints a table; works in a directory of its own.

Exits with 1 where a target is missed, once all is printed; small libraries (--quick) only show
that all still works: there is no target for them.
"""

import argparse
import compileall
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pacctl
import pacd
from bench import answering, arriving, audits, ingest, resting
from bench.report import HEAD, Row, machine, refresh

NAMES = ("B1", "B2", "B3", "B4", "B5")


def main() -> int:
    """Run what the arguments say; 1 where a target is missed."""
    arguments = _parser().parse_args()
    for program in (*pacd.__path__, *pacctl.__path__):
        compileall.compile_dir(program, quiet=1)  # as pip leaves them, whoever may write there
    print(machine(), HEAD, sep="\n\n", flush=True)
    rows = []
    if arguments.scratch:
        arguments.scratch.mkdir(parents=True, exist_ok=True)
        rows = list(_printed(_rows(arguments, arguments.scratch.resolve())))
    else:
        with tempfile.TemporaryDirectory(prefix="pac-bench-") as scratch:
            rows = list(_printed(_rows(arguments, Path(scratch))))
    if arguments.write:
        refresh(rows)
    return int(not arguments.quick and any(row.missed for row in rows))


def _rows(arguments: argparse.Namespace, scratch: Path) -> Iterator[Row]:
    quick, runs = arguments.quick, arguments.runs
    benchmarks = {
        "B1": lambda: ingest.run(scratch, quick=quick, runs=runs),
        "B2": lambda: audits.run(scratch, quick=quick, runs=runs, million=arguments.million),
        "B3": lambda: arriving.run(scratch, quick=quick),
        "B4": lambda: resting.run(scratch, quick=quick),
        "B5": lambda: answering.run(scratch, quick=quick),
    }
    for name in arguments.only or NAMES:
        yield from benchmarks[name]()


def _printed(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        print(row.line, flush=True)
        yield row


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, help="leave the others out")
    parser.add_argument("--runs", type=int, default=3, help="of each contestant in B1 and B2")
    parser.add_argument("--quick", action="store_true", help="small libraries, short waits")
    parser.add_argument("--million", action="store_true", help="B2 with ten times the files too")
    parser.add_argument("--write", action="store_true", help="refresh docs/benchmarks.md")
    parser.add_argument(
        "--scratch", type=Path, help="work here and keep what was made, for the next run"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
