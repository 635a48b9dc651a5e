"""`config show`, `config check` and `reload`."""

from __future__ import annotations

import json
import os
import sys
from functools import partial

from pacctl.failure import Failure
from pacctl.parser import a_path, shared
from pacctl.phrases import local
from pacctl.render import Painted
from pacctl.session import no_arguments
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from pacctl.render import Screen
    from pacctl.session import Command, Session
    from pacd.protocol.status import ConfigView

_BAD_CONFIG = 78  # requirements 1.1: what `pacd --check` ends with


def _config_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="what", required=True, metavar="show|check")
    show = verbs.add_parser("show", help="the settings in force", parents=[shared()])
    show.add_argument("--origin", action="store_true", help="where each comes from")
    check = verbs.add_parser(
        "check", help="read a file as the daemon would, and look for the tools", parents=[shared()]
    )
    check.add_argument(
        "file", nargs="?", type=a_path, metavar="FILE", help="without it, the daemon's own"
    )


def _config(arguments: Namespace, session: Session) -> int:
    return _check(arguments, session) if arguments.what == "check" else _show(arguments, session)


def _show(arguments: Namespace, session: Session) -> int:
    session.say(session.client.get("config"), _records, partial(_settings, arguments.origin))
    return Exit.OK


def _records(screen: Screen, config: ConfigView) -> None:
    for each in config.settings:
        screen.record(each.key, json.dumps(each.value), each.origin)


def _settings(origin: bool, screen: Screen, config: ConfigView) -> None:
    for each in config.settings:
        said = Painted(f"  # {each.origin}", "dim") if origin else ""
        value = "(not set)" if each.value is None else json.dumps(each.value, ensure_ascii=False)
        screen.line(f"{each.key} = {value}", said)
    _waiting(screen, config)


def _check(arguments: Namespace, session: Session) -> int:
    """
    Let the `pacd` that was installed beside this pacctl look at the file.

    Without a file it is the one that the running daemon was started with, else
    the one that pacd finds by itself.
    """
    named = arguments.file or _in_force(session)
    config = [] if named is None else ["--config", os.path.abspath(named)]  # noqa: PTH100  # a link keeps its name
    # -P: no module of the current directory may stand in for pacd.
    argv = [sys.executable, "-P", "-m", "pacd", "--check", *config]
    if session.json:
        return _check_in_json(argv, named, session)
    session.screen.flush()
    ending = os.spawnv(os.P_WAIT, sys.executable, argv)  # noqa: S606  # its own interpreter, no shell
    return Exit.FAILED if ending == _BAD_CONFIG else ending


def _check_in_json(argv: list[str], named: str | None, session: Session) -> int:
    ending, said = _captured(argv)
    if ending:
        no_tool = ending == Exit.UNREACHABLE
        what = said.removeprefix("pacd: ").rstrip("\n")
        raise Failure(what, Exit.UNREACHABLE if no_tool else Exit.FAILED, laid_out=True)
    session.screen.document({"path": named, "found": said.splitlines()})
    return Exit.OK


def _captured(argv: list[str]) -> tuple[int, str]:
    """Run a program to its end; all that it said, on either stream."""
    reading, writing = os.pipe()
    both = [(os.POSIX_SPAWN_DUP2, writing, stream) for stream in (1, 2)]
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=both)
    os.close(writing)
    with open(reading, encoding="utf-8", errors="backslashreplace") as pipe:  # noqa: PTH123  # it has no path
        said = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said


def _in_force(session: Session) -> str | None:
    try:
        document: Any = session.client.get("config").document
    except Failure:
        return None
    config: ConfigView = document
    return config.path


def _reload(_arguments: Namespace, session: Session) -> int:
    session.say(session.client.post("reload", {}), _loaded_record, _loaded)
    return Exit.OK


def _loaded_record(screen: Screen, config: ConfigView) -> None:
    screen.record("loaded", config.path, config.loaded_at)
    for key in config.restart:
        screen.record("restart", key)


def _loaded(screen: Screen, config: ConfigView) -> None:
    screen.line(f"loaded {config.path or 'the defaults'} at {local(config.loaded_at)}")
    _waiting(screen, config)


def _waiting(screen: Screen, config: ConfigView) -> None:
    for key in config.restart:
        screen.line(
            Painted(
                f"what the file says of {key} takes effect after a restart of the daemon", "yellow"
            )
        )


COMMANDS: dict[str, Command] = {
    "config": (_config_arguments, _config),
    "reload": (no_arguments, _reload),
}
