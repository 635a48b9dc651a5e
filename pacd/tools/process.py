"""The only place that starts programs: time-outs, process groups, bounded output."""

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, cast

from pacd.errors import ToolCrashedError, ToolError, ToolInterruptedError, ToolTimeoutError
from pacd.tools.memory import oom_kills
from pacd.tools.starting import spawn

Stdin = int | Iterable[bytes] | None
"""A file descriptor, read from where it stands; or bytes to pump; or nothing."""

_CHUNK_BYTES: Final = 1 << 16
_WORDS_BYTES: Final = 1 << 16
_GRACE_S: Final = 2.0

# What people and systems end programs with; the kernel's OOM killer too, which is counted.
_FROM_OUTSIDE: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

# util-linux 2.38 setpriv(1): it found the program and could not start it, or found none.
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


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    stdin: Stdin = None,
    stdout_limit: int = 1 << 20,
    check: bool = False,
) -> Finished:
    """
    Run a program to its end; output beyond the limit is read and dropped.

    Raises:
        ToolTimeoutError: It ran longer; its process group is gone.
        ToolCrashedError: A signal ended it; ToolInterruptedError when from outside.
        ToolError: It could not be started, or (with check) its exit code is not 0.
    """
    kept = _Kept(stdout_limit)
    done = stream(argv, kept.add, timeout_s=timeout_s, stdin=stdin)
    done = Finished(done.argv, done.exit_code, bytes(kept.data), done.stderr)
    return done.checked() if check else done


def stream(
    argv: Sequence[str | Path],
    sink: Callable[[bytes], object],
    *,
    timeout_s: float,
    stdin: Stdin = None,
) -> Finished:
    """
    Run a program to its end, giving its output piece by piece to sink; as run() otherwise.

    Returns:
        With empty stdout: it went to sink.
    """
    kills = oom_kills()
    with _started(argv, stdin, time.monotonic() + timeout_s) as program:
        program.drain(sink)
        done = program.finish()
    return _uncrashed(done, kills)


def pipe(
    *programs: Sequence[str | Path],
    timeout_s: float,
    stdin: Stdin = None,
    deaf_end: bool = False,
) -> tuple[Finished, ...]:
    """
    Run programs, the output of each being the input of the next.

    Exit codes are the caller's to judge, all of them.  Where one ends early, those
    before it may end by SIGPIPE: that is exit code -13 and no crash.

    Args:
        deaf_end: For a last program that, asked to stop, calls half its input a success:
            it is not to hear of it, and goes on until its input ends or it is killed.

    Returns:
        In the order of the programs; only the last has stdout.

    Raises:
        ToolTimeoutError, ToolCrashedError, ToolError: As run(), of any.
    """
    deadline_s, kills = time.monotonic() + timeout_s, oom_kills()
    kept = _Kept(1 << 20)
    with ExitStack() as running:
        chain: list[_Program] = []
        for argv in programs:
            deaf = deaf_end and argv is programs[-1]
            program = _started(argv, chain[-1].output if chain else stdin, deadline_s, deaf=deaf)
            chain.append(running.enter_context(program))
            for before in chain[-2:-1]:
                before.release_output()
        chain[-1].drain(kept.add)
        ended = [program.finish() for program in reversed(chain)]
    last = replace(ended[0], stdout=bytes(kept.data))
    earlier = (
        each if each.exit_code == -signal.SIGPIPE else _uncrashed(each, kills) for each in ended[1:]
    )
    return tuple(reversed((_uncrashed(last, kills), *earlier)))


class _Kept:
    """Collects bytes up to a limit."""

    def __init__(self, limit_bytes: int) -> None:
        self.data = bytearray()
        self._limit_bytes = limit_bytes

    def add(self, piece: bytes) -> None:
        """Keep what still fits."""
        self.data += piece[: self._limit_bytes - len(self.data)]


class _Program:
    """One running program; its owner's thread reads stdout, two others do the rest."""

    def __init__(
        self, argv: tuple[str, ...], stdin: Stdin, deadline_s: float, *, deaf: bool
    ) -> None:
        self._argv = argv
        self._deadline_s = deadline_s
        self._words = _Kept(_WORDS_BYTES)
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
        descriptor = self.output
        readable = select.poll()
        readable.register(descriptor, select.POLLIN)
        while True:
            if not readable.poll(self._left_ms()):
                self._overrun()
            piece = os.read(descriptor, _CHUNK_BYTES)
            if not piece:
                return
            sink(piece)

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
        if code in _NOT_STARTED and words.startswith("setpriv: failed to execute"):
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
def _started(
    argv: Sequence[str | Path], stdin: Stdin, deadline_s: float, *, deaf: bool = False
) -> Iterator[_Program]:
    program = _Program(tuple(str(word) for word in argv), stdin, deadline_s, deaf=deaf)
    try:
        yield program
    finally:
        program.end()


def _uncrashed(done: Finished, oom_kills_before: int) -> Finished:
    if done.exit_code >= 0:
        return done
    name, number = Path(done.argv[0]).name, signal.Signals(-done.exit_code)
    outside = number in _FROM_OUTSIDE and oom_kills() == oom_kills_before
    kind = ToolInterruptedError if outside else ToolCrashedError
    raise kind(f"{name} was ended by {number.name}", words=done.stderr)
