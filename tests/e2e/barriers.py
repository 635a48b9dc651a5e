"""Programs that wait where a test wants them to."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which

from tests.e2e.running import Site, until


class Barrier:
    """
    A stand-in for a program: it waits, once the barrier is down, and then is the real one.

    Attributes:
        path: $PATH for those who are to find it.
    """

    def __init__(self, site: Site, program: str, word: str = "", *, down: bool = True) -> None:
        """
        Args:
            word: Only calls that have it among their arguments wait.
        """
        programs = site.base / "bin"
        self.path = f"{programs}:{os.environ['PATH']}"
        self._pipe = site.base / "barrier"
        self._writer = -1
        stand_in = programs / program
        programs.mkdir()
        wait = f"[ -p {self._pipe} ] && read _ <{self._pipe}"
        stand_in.write_text(
            f'#!/bin/sh\ncase "$*" in *{word}*) {wait};; esac\nexec {which(program)} "$@"\n'
        )
        stand_in.chmod(0o755)
        if down:
            self.go_down()

    def go_down(self) -> None:
        os.mkfifo(self._pipe)

    @contextmanager
    def met(self) -> Iterator[None]:
        """Wait until the program has come to it; it goes on, as all later ones, after the block."""
        until(self._is_met, what="for the program to come to the barrier")
        try:
            yield
        finally:
            self._pipe.unlink()
            os.close(self._writer)

    def _is_met(self) -> bool:
        try:
            self._writer = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads there yet (fifo(7))
                raise
            return False
        return True
