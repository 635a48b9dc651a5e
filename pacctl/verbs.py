"""What pacctl understands: every verb, its module, and the options that all share."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module

from pacctl.width import columns
from pacd.protocol.wire import Exit, escape

TYPE_CHECKING = False  # typing is not loaded for it: it takes 4 of the 30 ms of `status` (B5)
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from pacctl.session import Command

# Verb → the module of its family in pacctl.commands, loaded when it is asked
# for, and what it does.
VERBS = {
    "status": ("status", "how the daemon does, on one screen"),
    "holds": ("holds", "what needs a person; `holds show ID` for all of one"),
    "release": ("holds", "end holds: try again, or --accept them as they are"),
    "plan": ("work", "what would be done and why; changes nothing"),
    "scan": ("work", "look at PATH, or everything, now"),
    "queue": ("work", "what runs and what waits"),
    "follow": ("follow", "events as they happen"),
    "wait": ("work", "block until nothing is left to do"),
    "why": ("files", "all that is known of one file"),
    "history": ("files", "what was seen and done, newest last"),
    "pause": ("pause", "start nothing new, for a time or until `resume`"),
    "resume": ("pause", "go on"),
    "prune": ("prune", "remove outputs that no master wants; --dry-run only lists them"),
    "restore": ("restore", "bring a file back from the recycle bin; without ID, list it"),
    "health": ("condition", "for monitors: exit 0 ok, 1 degraded, 2 failed, 3 not running"),
    "doctor": ("condition", "look at tools, limits, rights and disks"),
    "config": ("config", "`config show` the settings in force, `config check` a file"),
    "reload": ("config", "read the configuration again"),
    "completion": ("completion", "a completion script for bash, zsh or tcsh"),
}


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


def shared() -> Parser:
    """The options that stand before or behind the verb."""
    options = Parser(add_help=False, argument_default=SUPPRESS)
    options.add_argument("--socket", metavar="PATH", help="the daemon's socket")
    form = options.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document, or JSON lines")
    form.add_argument("--plain", action="store_true", help="one record per line, tabs between")
    options.add_argument("--no-color", dest="color", action="store_false", help="no colour")
    return options


def command(verb: str) -> Command:
    """What carries a verb out."""
    module = import_module(f"pacctl.commands.{VERBS[verb][0]}")
    found: Command = module.COMMANDS[verb]
    return found
