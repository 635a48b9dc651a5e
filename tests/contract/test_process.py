"""How programs are started and ended, on real ones."""

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pacd.errors import (
    FailureKind,
    ToolCrashedError,
    ToolError,
    ToolInterruptedError,
    ToolTimeoutError,
)
from pacd.tools import process
from pacd.tools.patience import patience_s

LONG_S = 60.0
REPOSITORY = Path(__file__).parents[2]


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def gone(pid: int) -> bool:
    """Whether a process is gone within ten seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        return bool(ended.poll(10_000))
    finally:
        os.close(descriptor)


def test_tells_how_a_program_ended() -> None:
    """F1: exit code and both outputs come back, and the arguments as they were given."""
    argv = shell("printf out; printf err >&2; exit 3")

    done = process.run(argv, timeout_s=LONG_S)

    assert process.Finished(tuple(argv), 3, b"out", "err") == done
    with pytest.raises(ToolError, match="sh failed with exit code 3") as caught:
        process.run(argv, timeout_s=LONG_S, check=True)
    assert "err" == caught.value.words


def test_programs_speak_utf8_english_and_wait_for_no_input() -> None:
    """F1: texts are classified, so no locale may change them; nobody answers questions."""
    done = process.run(shell('printf "%s " "$LC_ALL"; cat; echo end'), timeout_s=LONG_S)

    assert b"C.UTF-8 end\n" == done.stdout


def test_endless_output_takes_no_memory() -> None:
    """X2: what a program prints beyond the limit is read and dropped, on both outputs."""
    script = "head -c 9000000 /dev/zero; head -c 9000000 /dev/zero >&2"

    done = process.run(shell(script), timeout_s=LONG_S, stdout_limit=1000)

    assert (0, 1000) == (done.exit_code, len(done.stdout))
    assert 1 << 16 == len(done.stderr)


def test_pumped_input_arrives_whole() -> None:
    """F1: bytes given piece by piece arrive in order."""
    pieces = [bytes([number]) * 100_000 for number in range(20)]

    done = process.run(["cat"], timeout_s=LONG_S, stdin=pieces, stdout_limit=1 << 24)

    assert b"".join(pieces) == done.stdout


def test_a_program_may_leave_its_input() -> None:
    """F1: a program that stops reading early ends as it wants."""
    done = process.run(["true"], timeout_s=LONG_S, stdin=[bytes(1 << 20)] * 20)

    assert 0 == done.exit_code


def test_a_failing_source_is_not_lost() -> None:
    """D3: an error while feeding a program is the caller's to see, not a short file's."""

    def failing() -> Iterator[bytes]:
        yield b"some"
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        process.run(["cat"], timeout_s=LONG_S, stdin=failing())


def test_input_is_read_from_where_it_stands(tmp_path: Path) -> None:
    """F5: an open file is read from its offset: tags before a stream are skipped so."""
    path = tmp_path / "file"
    path.write_bytes(b"prefix-rest")
    with path.open("rb", buffering=0) as file:
        file.seek(7)

        done = process.run(["cat"], timeout_s=LONG_S, stdin=file.fileno())

    assert b"rest" == done.stdout


def test_overrun_ends_the_whole_group(tmp_path: Path) -> None:
    """w26: a program that hangs is ended with all it started, even what ignores SIGTERM."""
    pids = tmp_path / "pids"
    inner = f"trap '' TERM; echo $$ >> {pids}; while :; do sleep 60; done"
    script = f"trap '' TERM; (sh -c \"{inner}\") & echo $$ >> {pids}; wait"
    started_s = time.monotonic()

    with pytest.raises(ToolTimeoutError, match="sh took too long"):
        process.run(shell(script), timeout_s=3.0)

    assert time.monotonic() - started_s < 30
    found = [int(line) for line in pids.read_text().split()]
    assert 2 == len(found)
    assert all(gone(pid) for pid in found)


def test_a_silent_hang_is_noticed() -> None:
    """w26: a program that has closed its outputs and lives on is ended all the same."""
    with pytest.raises(ToolTimeoutError):
        process.run(shell("exec >&- 2>&-; exec sleep 60"), timeout_s=0.3)


def test_death_by_signal_is_a_crash() -> None:
    """F1: a program that crashed says nothing of the file; the signal is named."""
    with pytest.raises(ToolCrashedError, match="sh was ended by SIGSEGV") as caught:
        process.run(shell("echo last words >&2; kill -SEGV $$"), timeout_s=LONG_S)
    assert "last words\n" == caught.value.words


def test_w25_death_by_a_signal_without_a_name_is_a_crash() -> None:
    """w25, F1: Python names the first and the last of the real-time signals alone."""
    with pytest.raises(ToolCrashedError, match="sh was ended by SIGRTMIN\\+6"):
        process.run(shell(f"kill -{signal.SIGRTMIN + 6} $$"), timeout_s=LONG_S)


@pytest.mark.parametrize("name", ["KILL", "TERM"])
def test_an_end_from_outside_says_nothing_of_the_file(name: str) -> None:
    """w25: what people and systems end programs with is an interruption, not a crash."""
    with pytest.raises(ToolInterruptedError, match=f"sh was ended by SIG{name}") as caught:
        process.run(["sh", "-c", f"kill -{name} $$"], timeout_s=LONG_S)

    assert FailureKind.INTERRUPTED == caught.value.kind


@pytest.mark.parametrize("how", ["missing", "not-executable", "no-interpreter"])
def test_what_cannot_be_started(tmp_path: Path, how: str) -> None:
    """F1: a program that does not start is told as such, and is no verdict on a file."""
    program = tmp_path / "tool"
    if how != "missing":
        program.write_text("#!/no/such/interpreter\n")
        program.chmod(0o755 if how == "no-interpreter" else 0o644)

    with pytest.raises(ToolError, match=r"tool (is not there|cannot be started)"):
        process.run([program], timeout_s=LONG_S)


def test_streams_output_in_order() -> None:
    """F2: output too large to keep is handed on piece by piece."""
    pieces: list[bytes] = []

    done = process.stream(shell("seq 100000; exit 4"), pieces.append, timeout_s=LONG_S)

    assert "".join(f"{number}\n" for number in range(1, 100_001)).encode() == b"".join(pieces)
    assert (4, b"") == (done.exit_code, done.stdout)


def test_a_failing_sink_ends_the_program() -> None:
    """w26: nothing goes on running for a caller that has given up."""

    def failing(piece: bytes) -> None:
        raise ValueError(piece[:1])

    with pytest.raises(ValueError, match="y"):
        process.stream(["yes"], failing, timeout_s=LONG_S)


def test_pipe_tells_both_exit_codes() -> None:
    """F1: a decoder that failed is not hidden by an encoder that did not mind."""
    first, second = process.pipe(
        shell("echo through; echo one >&2; exit 1"), shell("cat; echo two >&2"), timeout_s=LONG_S
    )

    assert (1, "one\n") == (first.exit_code, first.stderr)
    assert (0, b"through\n", "two\n") == (second.exit_code, second.stdout, second.stderr)


def test_pipe_whose_second_leaves_early() -> None:
    """F1: the first being cut off by SIGPIPE is no crash: the second's code tells."""
    first, second = process.pipe(["yes"], shell("exit 7"), timeout_s=LONG_S)

    assert (-signal.SIGPIPE, 7) == (first.exit_code, second.exit_code)


def test_pipe_crash_and_overrun() -> None:
    """w26: either end of a pipe that crashes or hangs is noticed, and both are ended."""
    with pytest.raises(ToolCrashedError, match="SIGABRT"):
        process.pipe(shell("kill -ABRT $$"), ["cat"], timeout_s=LONG_S)
    with pytest.raises(ToolCrashedError, match="SIGABRT"):
        process.pipe(["yes"], shell("kill -ABRT $$"), timeout_s=LONG_S)
    with pytest.raises(ToolTimeoutError):
        process.pipe(["sleep", "60"], ["cat"], timeout_s=0.3)


_WORKER = """
import sys
from pacd.tools import process
from pacd.tools.patience import patience_s
process.run(["sh", "-c", "echo $$ > " + sys.argv[1] + "; exec sleep 600"], timeout_s=600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_tool_outlives_its_worker(tmp_path: Path, number: signal.Signals) -> None:
    """w26: a killed or interrupted worker leaves no program running."""
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    worker = subprocess.Popen([sys.executable, "-c", _WORKER, fifo], cwd=REPOSITORY)
    pid = int(fifo.read_text())

    worker.send_signal(number)
    worker.wait()

    assert gone(pid)


def test_w26_a_worker_that_dies_while_it_starts_a_tool_leaves_none(tmp_path: Path) -> None:
    """w26: killed before the kernel was asked to end the tool with it; a slow setpriv is that."""
    fifo, program = tmp_path / "pid", tmp_path / "setpriv"
    os.mkfifo(fifo)
    program.write_text(
        f"#!/bin/sh\necho $$ > {fifo}\nwhile kill -0 $PPID 2>&-; do sleep 0.01; done\n"
        f'exec {shutil.which("setpriv")} "$@"\n'
    )
    program.chmod(0o755)
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, "/dev/null"],
        cwd=REPOSITORY,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    pid = int(fifo.read_text())

    worker.kill()
    worker.wait()

    left = not gone(pid)
    if left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def test_patience_grows_with_the_file() -> None:
    """w26: a large file gets more time than a small one, and a small one enough."""
    assert 120 == patience_s(0)
    assert 600 == patience_s(30 << 20)


def test_pipe_of_three() -> None:
    """M2: each program reads what the one before it wrote, and tells its own exit code."""
    done = process.pipe(
        shell("echo a; exit 3"),
        shell("sed s/a/ab/; exit 4"),
        shell("sed s/b/bc/"),
        timeout_s=LONG_S,
    )

    assert ([3, 4, 0], b"abc\n") == ([each.exit_code for each in done], done[-1].stdout)


@pytest.mark.parametrize("number", ["HUP", "INT", "TERM"])
def test_a_deaf_end_goes_on(number: str) -> None:
    """M12: a program that would end well when asked to stop is not heard to be asked."""
    stops = shell(f"trap 'echo stopped; exit 0' {number}; kill -{number} $$; echo done")
    [_, hears] = process.pipe(["true"], stops, timeout_s=LONG_S)
    [_, deaf] = process.pipe(["true"], stops, timeout_s=LONG_S, deaf_end=True)
    [first, _] = process.pipe(stops, ["cat"], timeout_s=LONG_S, deaf_end=True)

    assert (b"stopped\n", b"done\n", 0) == (hears.stdout, deaf.stdout, first.exit_code)
