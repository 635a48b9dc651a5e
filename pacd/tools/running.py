"""Programs that run: one at a time, and chains of them, each ended with its process group."""

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from pacd.errors import ToolError, ToolTimeoutError
from pacd.tools.starting import NOT_STARTED, spawn

Stdin = int | Iterable[bytes] | None
"""A file descriptor, read from where it stands; or bytes to pump; or nothing."""

_CHUNK_BYTES: Final = 1 << 16
_WORDS_BYTES: Final = 1 << 16
_GRACE_S: Final = 2.0

# POSIX.1-2017, XCU 2.14 exec: it found the program and could not start it, or found none.
_NOT_STARTED: Final = frozenset({126, 127})


@dataclass(frozen=True, slots=True)
class Finished:
    """
    A program that has ended by itself.

    Attributes:
        argv: As asked for; without what ties the program's life to ours.
        exit_code: Negative when a signal ended it: only SIGPIPE is ever returned so.
        stdout, stderr: Cut at their limits.
    """

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: str

    def checked(self) -> "Finished":
        """
        Return itself if it ended well.

        Raises:
            ToolError: Its exit code is not 0.
        """
        if self.exit_code == 0:
            return self
        name = Path(self.argv[0]).name
        raise ToolError(f"{name} failed with exit code {self.exit_code}", words=self.stderr)


class Kept:
    """Collects bytes up to a limit."""

    def __init__(self, limit_bytes: int) -> None:
        self.data = bytearray()
        self._limit_bytes = limit_bytes

    def add(self, piece: bytes) -> None:
        """Keep what still fits."""
        self.data += piece[: self._limit_bytes - len(self.data)]


class Program:
    """One running program; its owner's thread reads stdout, two others do the rest."""

    def __init__(
        self, argv: tuple[str, ...], stdin: Stdin, deadline_s: float, *, deaf: bool
    ) -> None:
        self._argv = argv
        self._deadline_s = deadline_s
        self._words = Kept(_WORDS_BYTES)
        self._pump_error: Exception | None = None
        feed = subprocess.DEVNULL if stdin is None else subprocess.PIPE
        self._process = spawn(argv, stdin if isinstance(stdin, int) else feed, deaf=deaf)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self._stderr = cast("IO[bytes]", self._process.stderr)
        self._threads = [threading.Thread(target=self._read_words, daemon=True)]
        if stdin is not None and not isinstance(stdin, int):
            self._threads.append(threading.Thread(target=self._pump, args=(stdin,), daemon=True))
        for thread in self._threads:
            thread.start()

    @property
    def output(self) -> int:
        """File descriptor its output is read from."""
        return self._stdout.fileno()

    def release_output(self) -> None:
        """Leave the output to another program alone."""
        self._stdout.close()

    def drain(self, sink: Callable[[bytes], object]) -> None:
        """Read all output until it ends."""
        for piece in self.pieces():
            sink(piece)

    def pieces(self) -> Iterator[bytes]:
        """Yield its output until it ends."""
        descriptor = self.output
        readable = select.poll()
        readable.register(descriptor, select.POLLIN)
        while True:
            if not readable.poll(self._left_ms()):
                self._overrun()
            piece = os.read(descriptor, _CHUNK_BYTES)
            if not piece:
                return
            yield piece

    def finish(self) -> Finished:
        """Wait for its end and report it."""
        if not self._ended_within(self._left_ms()):
            self._overrun()
        code = self._process.wait()
        for thread in self._threads:
            thread.join(_GRACE_S)
        if self._pump_error:
            raise self._pump_error
        words = self._said()
        if code in _NOT_STARTED and words.startswith(NOT_STARTED):
            raise ToolError(f"{self._argv[0]} cannot be started", words=words)
        return Finished(self._argv, code, b"", words)

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        if self._process.returncode is None:
            self._signal(signal.SIGTERM)
            self._ended_within(_GRACE_S * 1000)
            self._signal(signal.SIGKILL)
            self._process.wait()
        for thread in self._threads:
            thread.join(_GRACE_S)
        self._stdout.close()
        self._stderr.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _left_ms(self) -> float:
        return max(0.0, self._deadline_s - time.monotonic()) * 1000

    def _ended_within(self, limit_ms: float) -> bool:
        """Whether it ends in time; it is not reaped, so its group's number stays taken."""
        descriptor = os.pidfd_open(self._process.pid)
        try:
            ended = select.poll()
            ended.register(descriptor, select.POLLIN)
            return bool(ended.poll(limit_ms))
        finally:
            os.close(descriptor)

    def _overrun(self) -> None:
        self.end()
        name = Path(self._argv[0]).name
        raise ToolTimeoutError(f"{name} took too long and was ended", words=self._said())

    def _said(self) -> str:
        return bytes(self._words.data).decode(errors="replace")

    def _read_words(self) -> None:
        while piece := os.read(self._stderr.fileno(), _CHUNK_BYTES):
            self._words.add(piece)

    def _pump(self, pieces: Iterable[bytes]) -> None:
        """Feed its input; a program that has read enough and left is no error."""
        feed = cast("IO[bytes]", self._process.stdin)
        try:
            for piece in pieces:
                rest = memoryview(piece)
                while rest:
                    rest = rest[os.write(feed.fileno(), rest) :]
        except BrokenPipeError:
            pass
        except Exception as error:  # noqa: BLE001  # raised again in finish(), in the owner's thread
            self._pump_error = error
        finally:
            feed.close()


@contextmanager
def started(
    argv: Sequence[str | Path], stdin: Stdin, deadline_s: float, *, deaf: bool = False
) -> Iterator[Program]:
    program = Program(tuple(str(word) for word in argv), stdin, deadline_s, deaf=deaf)
    try:
        yield program
    finally:
        program.end()


def chained(
    programs: Sequence[Sequence[str | Path]],
    stdin: Stdin,
    deadline_s: float,
    running: ExitStack,
    *,
    deaf_end: bool = False,
) -> list[Program]:
    """Start programs, each reading what the one before it writes; running ends them."""
    chain: list[Program] = []
    for argv in programs:
        deaf = deaf_end and argv is programs[-1]
        program = started(argv, chain[-1].output if chain else stdin, deadline_s, deaf=deaf)
        chain.append(running.enter_context(program))
        for before in chain[-2:-1]:
            before.release_output()
    return chain
