"""Starts programs and waits for them; with tools.running and tools.starting, the only place."""

import signal
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from pacd.errors import ToolCrashedError, ToolError, ToolInterruptedError
from pacd.tools.memory import oom_kills
from pacd.tools.running import Finished, Kept, Stdin, chained, started
from pacd.tools.signals import signal_name

__all__ = ["Finished", "Stdin", "pipe", "reading", "run", "stream"]

# What people and systems end programs with; the kernel's OOM killer too, which is counted.
_FROM_OUTSIDE: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


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
    kept = Kept(stdout_limit)
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
    with started(argv, stdin, time.monotonic() + timeout_s) as program:
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
    kept = Kept(1 << 20)
    with ExitStack() as running:
        chain = chained(programs, stdin, deadline_s, running, deaf_end=deaf_end)
        chain[-1].drain(kept.add)
        ended = [program.finish() for program in reversed(chain)]
    last = replace(ended[0], stdout=bytes(kept.data))
    earlier = (
        each if each.exit_code == -signal.SIGPIPE else _uncrashed(each, kills) for each in ended[1:]
    )
    return tuple(reversed((_uncrashed(last, kills), *earlier)))


def reading(
    *programs: Sequence[str | Path], timeout_s: float, stdin: Stdin = None
) -> Generator[bytes, None, None]:
    """
    Yield what the last of some programs writes, the output of each being the input of the next.

    All must end well before the iterator does; closing it early ends them.

    Raises:
        ToolTimeoutError, ToolCrashedError: As run(), of any.
        ToolError: The exit code of one is not 0: of the first, where several fail; or one
            has left before it had read all.
    """
    deadline_s, kills = time.monotonic() + timeout_s, oom_kills()
    with ExitStack() as running:
        chain = chained(programs, stdin, deadline_s, running)
        yield from chain[-1].pieces()
        ended = tuple(program.finish() for program in reversed(chain))
    in_order = tuple(reversed(ended))
    cut_off = [each for each in in_order if each.exit_code == -signal.SIGPIPE]
    for done in in_order:
        if done not in cut_off:  # else the next one says why it left early
            _uncrashed(done, kills).checked()
    if cut_off:
        name = Path(cut_off[-1].argv[0]).name
        raise ToolError(f"what {name} wrote was not read to its end")


def _uncrashed(done: Finished, oom_kills_before: int) -> Finished:
    if done.exit_code >= 0:
        return done
    name, number = Path(done.argv[0]).name, -done.exit_code
    outside = number in _FROM_OUTSIDE and oom_kills() == oom_kills_before
    kind = ToolInterruptedError if outside else ToolCrashedError
    raise kind(f"{name} was ended by {signal_name(number)}", words=done.stderr)
