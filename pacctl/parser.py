"""The command line's parser; `status` as it is mostly asked for does without (cli.plainly)."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter

from pacctl.width import columns
from pacd.protocol.wire import Exit, escape

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from typing import Any, NoReturn


class Formatter(RawDescriptionHelpFormatter):
    """Knows its width: argparse would import shutil to find it, even when nothing is shown."""

    def __init__(self, prog: str) -> None:
        widest = min(columns(sys.stdout, os.environ), 100)
        super().__init__(prog, max_help_position=30, width=widest)


class Parser(ArgumentParser):
    """Takes no abbreviations, and shows no control character that it was given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, "formatter_class": Formatter, **options})

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and the way to help."""
        sys.stderr.write(f"pacctl: {escape(message)}\nSee `{self.prog} --help`.\n")
        sys.exit(Exit.USAGE)


def a_path(text: str) -> str:
    """
    Any path but an empty one: behind that is a shell variable that is not set.

    Raises:
        ArgumentTypeError: It is empty.
    """
    if not text:
        raise ArgumentTypeError("an empty path")
    return text


def shared() -> Parser:
    """The options that stand before or behind the verb."""
    options = Parser(add_help=False, argument_default=SUPPRESS)
    options.add_argument("--socket", type=a_path, metavar="PATH", help="the daemon's socket")
    form = options.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document, or JSON lines")
    form.add_argument("--plain", action="store_true", help="one record per line, tabs between")
    options.add_argument("--no-color", dest="color", action="store_false", help="no colour")
    return options
