"""What workers are asked to do in tests; importable by name in the process that is spawned."""

import ctypes
import logging
import os
import signal
import threading
from pathlib import Path
from typing import NoReturn

from pacd.tools import process

LONG_S = 600.0


def nothing() -> None:
    """Set nothing up."""


def fails_to_start() -> NoReturn:
    """Stand for a set-up that goes wrong, as on a machine without memory."""
    raise SystemExit(3)


def double(value: int) -> int:
    return 2 * value


def size(data: bytes) -> int:
    return len(data)


def whoami() -> int:
    return os.getpid()


def oom_score_adjustment() -> str:
    """How gladly the kernel ends this process where memory is short (proc(5))."""
    return Path("/proc/self/oom_score_adj").read_text("ascii").strip()


def add(value: int, *common: int) -> int:
    """Return the sum of an argument and what every call is given."""
    return value + sum(common)


def killed(number: int) -> NoReturn:
    """End by a signal."""
    os.kill(os.getpid(), number)
    threading.Event().wait()
    raise AssertionError("unreachable")


def eats(size_bytes: int) -> int:
    """Hold so many bytes for a moment; return how many."""
    return len(bytearray(size_bytes))


def tool_eats(size_bytes: int) -> tuple[int, str]:
    """Have a tool hold so many bytes; return its exit code and its words."""
    done = process.run(["python3", "-c", f"bytearray({size_bytes})"], timeout_s=LONG_S)
    return done.exit_code, done.stderr


def logs(words: str) -> None:
    """Say something in the log, as a library does."""
    logging.getLogger("mutagen").warning(words)


def gone(code: int) -> NoReturn:
    os._exit(code)


def segfault() -> None:
    """Read what is not ours to read."""
    ctypes.string_at(0)


def raises() -> NoReturn:
    raise ValueError("a fault of ours")


def raises_eof() -> NoReturn:
    """As a parser does whose file ends too soon; a line that ends raises it, too."""
    raise EOFError


def unpicklable() -> object:
    return threading.Lock()


def waits(mark: str) -> None:
    """Say that it has begun, and wait for ever; SIGTERM ends it."""
    Path(mark).write_text(str(os.getpid()), "ascii")
    threading.Event().wait()


def waits_for(mark: str, go: str) -> int:
    """Say that it has begun, and wait until told to go on."""
    Path(mark).touch()
    with Path(go).open("rb") as pipe:
        pipe.read()
    return os.getpid()


def deaf(mark: str) -> None:
    """Hang without hearing SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    waits(mark)


def runs_a_tool(mark: str) -> None:
    """Hang in a tool, started as the steps start theirs."""
    process.run(["sh", "-c", 'echo $$ > "$1"; exec sleep 600', "sh", mark], timeout_s=LONG_S)


def stops_while_it_answers(size_bytes: int) -> bytes:
    """Be stopped while a large answer is on its way: a pipe takes but a part of it."""
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGSTOP)).start()
    return bytes(size_bytes)
