"""
The command line, taken apart so that only the asked-for verb is loaded.

Its parser takes what stands before the verb as well as what stands behind it;
building every verb's parser would cost `status` half its time (B5).
"""

from __future__ import annotations

import sys

from pacctl.failure import Failure
from pacctl.session import Session
from pacctl.verbs import VERBS, command
from pacd import VERSION
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pacctl.parser import Parser

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
    options = plainly(argv)
    if options is None:
        place = _place_of_verb(argv)
        options = None if place is None else _parsed(argv, place)
    if options is None:
        front = _front()
        front.parse_args(argv)
        front.print_help(sys.stderr)
        return Exit.USAGE
    _, run = command(options.verb)
    session = Session(options, environ)
    try:
        return run(options, session)
    except Failure as exc:
        session.fail(exc)
        raise


class Plain:
    """What argparse makes of a plain `status`."""

    def __init__(self, socket: str | None, words: Sequence[str]) -> None:
        self.verb = "status"
        self.socket = socket
        self.json = "--json" in words
        self.plain = "--plain" in words
        self.color = "--no-color" not in words
        self.check = "--check" in words
        self.watch = None


_PLAIN = frozenset({"--json", "--plain", "--no-color", "--check"})


def plainly(argv: Sequence[str]) -> Any:
    """
    Read a `status` that asks for nothing odd; None for all else, which argparse is there for.

    Monitors and prompts ask it all day, and argparse takes a quarter of its time (B5).
    """
    words, socket = list(argv), None
    if "--socket" in words[:-1]:
        place = words.index("--socket")
        socket = words[place + 1]
        del words[place : place + 2]
    if "status" not in words or socket == "" or (socket or "").startswith("-"):
        return None
    words.remove("status")
    both = {"--json", "--plain"}.issubset(words)
    return None if both or not _PLAIN.issuperset(words) else Plain(socket, words)


def _parsed(argv: Sequence[str], place: int) -> Namespace:
    """Have argparse read a command line whose verb stands at a place."""
    from argparse import Namespace  # noqa: PLC0415  # see plainly()

    from pacctl.parser import Parser, shared  # noqa: PLC0415  # the same

    verb = argv[place]
    if verb not in VERBS:
        _front().error(_unknown(verb))
    add_arguments, _ = command(verb)
    parser = Parser(prog=f"pacctl {verb}", description=VERBS[verb][1], parents=[shared()])
    add_arguments(parser)
    options = Namespace(verb=verb, socket=None, json=False, plain=False, color=True)
    words = _spelt_out(verb, argv[place + 1 :])
    return parser.parse_args([*argv[:place], *words], options)


_TAKES_A_NUMBER = frozenset({"--socket", "--format"})  # behind these one is no hold's


def _spelt_out(verb: str, words: Sequence[str]) -> Sequence[str]:
    """`holds 4` as `holds show 4`; `--for -5m` as `--for=-5m`, else it would be an option."""
    pairs = zip(("", *words), words, strict=False)
    if verb == "holds" and "show" not in words:
        for place, (before, word) in enumerate(pairs):
            if word.isdecimal() and before not in _TAKES_A_NUMBER:
                return [*words[:place], "show", *words[place:]]
    if verb == "pause":
        for place, (before, word) in enumerate(pairs):
            if before == "--for" and word[1:2].isdecimal():
                return [*words[: place - 1], f"--for={word}", *words[place + 1 :]]
    return words


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
    from pacctl.parser import Parser, shared  # noqa: PLC0415  # see plainly()

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
