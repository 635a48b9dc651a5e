"""What every command works with: the daemon, the screen, the time, the form of the answer."""

from __future__ import annotations

import os
import sys

from pacctl.client import Answer, Client
from pacctl.failure import Failure
from pacctl.place import find
from pacctl.render import Screen
from pacd.protocol.wire import Exit, escape

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    # The document is a Record; showers name it by the document it stands for.
    Shower = Callable[[Screen, Any], None]
    Run = Callable[[Namespace, "Session"], int]
    Command = tuple[Callable[[ArgumentParser], None], Run]


class Session:
    """
    One run of pacctl.

    Attributes:
        json: Whether answers are printed as they came.
        plain: Whether they are printed one record per line.
        lines: Whether --json prints a line for each message: set by what runs long.
    """

    def __init__(self, options: Namespace, environ: Mapping[str, str]) -> None:
        self._socket: str | None = options.socket
        self._environ = environ
        self.json: bool = options.json
        self.plain: bool = options.plain
        self.lines = False
        self.screen = Screen(sys.stdout, environ, colour=options.color)

    @property
    def client(self) -> Client:
        """The daemon; its socket is looked for now."""
        return Client(find(self._socket, self._environ))

    def say(self, answer: Answer, plain: Shower, people: Shower) -> None:
        """Print an answer in the form that was asked for."""
        if self.json:
            self.screen.raw(answer.text)
        elif self.plain:
            plain(self.screen, answer.document)
        else:
            people(self.screen, answer.document)

    def warn(self, text: str) -> None:
        """A sentence beside the answer, which stays whole for whoever reads it."""
        self.screen.flush()
        sys.stderr.write(f"pacctl: {escape(text)}\n")
        sys.stderr.flush()

    def fail(self, failure: Failure, **more: object) -> None:
        """Under --json, a failure is a document too; `more` says what of."""
        if not self.json:
            return
        error = {"what": failure.what, "fix": failure.fix, "exit": int(failure.exit)}
        kind = {"message_type": "error"} if self.lines else {}
        self.screen.document({**kind, **more, "error": error})

    def about(self, path: str | None, ask: Callable[[str | None], Answer]) -> Answer:
        """
        Ask about a path: one of here; or, as the screens show paths, one below a library's root.

        One of here comes first, also when its file is gone; links in it keep their names.
        """
        if path is None:
            return ask(None)
        here = os.path.abspath(path)  # noqa: PTH100  # resolve() follows links
        try:
            return ask(here)
        except Failure as failure:
            if failure.exit != Exit.NOT_FOUND or path[:1] == "/" or os.path.lexists(here):
                raise
            unknown = failure
        try:
            return ask(path)
        except Failure as failure:
            raise (unknown if failure.exit == Exit.NOT_FOUND else failure) from None

    @property
    def now(self) -> datetime:
        """The time now."""
        from datetime import UTC, datetime  # noqa: PLC0415  # `status --json` needs none

        return datetime.now(UTC)  # noqa: TID251  # a client's root: from here on it is passed in


def no_arguments(_parser: ArgumentParser) -> None:
    """For verbs that take only the shared options."""
