"""`completion`: a script for the shell, made from the same table as the command line."""

from __future__ import annotations

from pacctl.parser import Parser, shared
from pacctl.verbs import VERBS, command
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pacctl.session import Command, Session


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def _completion(arguments: Namespace, session: Session) -> int:
    import shtab  # noqa: PLC0415  # 10 times what `status` needs

    parser = Parser(prog="pacctl", parents=[shared()])
    parser.add_argument("--version", action="store_true", help="the version")
    verbs = parser.add_subparsers(metavar="VERB")
    for verb, (_, words) in VERBS.items():
        add_arguments, _run = command(verb)
        child = verbs.add_parser(verb, help=words, parents=[shared()])
        add_arguments(child)
        for action in child._actions:  # noqa: SLF001  # shtab's own way: it reads this attribute
            if action.metavar in {"PATH", "FILE"}:
                action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab's protocol
    session.screen.script(shtab.complete(parser, arguments.shell))
    return Exit.OK


COMMANDS: dict[str, Command] = {"completion": (_arguments, _completion)}
