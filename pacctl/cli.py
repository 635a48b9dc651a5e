"""
The command line, taken apart so that only the asked-for verb is loaded.

Its parser takes what stands before the verb as well as what stands behind it;
building every verb's parser would cost `status` half its time (B5).
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence

from pacctl.failure import Failure
from pacctl.session import Session
from pacctl.verbs import VERBS, Parser, command, shared
from pacd import VERSION
from pacd.protocol.wire import Exit

_EXITS = """\
exit codes:
  0 fine · 1 failed · 2 usage, or finished with file failures (scan --wait)
  3 daemon not reachable, or preflight failed · 4 attention needed (status --check)
  5 not found · 6 refused or busy · 130 interrupted
"""


def perform(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """
    Carry out a command line; return what to exit with.

    Raises:
        Failure: The daemon cannot be reached, or it said no.
        SystemExit: The command line is wrong, or help was asked for.
    """
    place = _place_of_verb(argv)
    if place is None:
        front = _front()
        front.parse_args(argv)
        front.print_help(sys.stderr)
        return Exit.USAGE
    verb = argv[place]
    if verb not in VERBS:
        _front().error(_unknown(verb))
    add_arguments, run = command(verb)
    parser = Parser(prog=f"pacctl {verb}", description=VERBS[verb][1], parents=[shared()])
    add_arguments(parser)
    options = Namespace(socket=None, json=False, plain=False, color=True)
    parser.parse_args([*argv[:place], *argv[place + 1 :]], options)
    session = Session(options, environ)
    try:
        return run(options, session)
    except Failure as exc:
        session.fail(exc)
        raise


def _place_of_verb(argv: Sequence[str]) -> int | None:
    """The first word that is no option and no option's value; None when there is none."""
    words = iter(enumerate(argv))
    for place, word in words:
        if word == "--socket":
            next(words, None)
        elif word in {"-h", "--help", "--version"}:
            return None
        elif not word.startswith("-"):
            return place
    return None


def _front() -> Parser:
    verbs = "\n".join(f"  {verb:<12}{words}" for verb, (_, words) in VERBS.items())
    parser = Parser(
        prog="pacctl",
        usage="pacctl [options] VERB ...",
        description="Asks pacd, which keeps your FLAC library in order, and tells it what to do.",
        epilog=f"verbs:\n{verbs}\n\n{_EXITS}\n`pacctl VERB --help` tells more of each.",
        parents=[shared()],
    )
    parser.add_argument("--version", action="version", version=f"pacctl {VERSION}")
    return parser


def _unknown(verb: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  # only for this message

    near = get_close_matches(verb, VERBS, 1)
    guess = f" Did you mean `{near[0]}`?" if near else ""
    return f"there is no verb {verb!r}.{guess}"
