"""Log lines, one write each, from the daemon and its workers; touches only the given stream."""

import atexit
import io
import json
import logging
import math
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from pacd.logs.thrift import MOST, MOST_OF_A_WORKER, Thrift

# Linux, limits.h: PIPE_BUF is 4096; shorter writes to a pipe never mix with those of
# other processes (tests/integration/test_logs.py).
LINE_BYTES: Final = 4096

# These come first in a line, in this order (O1).
_FIRST: Final = (
    "time",
    "level",
    "event",
    "action",
    "status",
    "library",
    "path",
    "job_id",
    "reason",
    "exception",
)

# Characters that a value may keep: ever fewer, until the line is short enough.
_LIMITS: Final = (3000, 800, 200, 60)

# With this many characters even ten values of twelve bytes each (a surrogate pair in
# JSON) stay below LINE_BYTES.
_LAST_LIMIT: Final = 24


def configure(level: str, form: str, *, stream: TextIO | None = None, most: int = MOST) -> None:
    """
    Send this process's log lines, and those of the libraries it uses, to one stream.

    May be called again to change the level.

    Args:
        level: debug, info, warning or error; of other libraries only warnings and
            errors are written, unless the level is debug.
        form: json, console, or auto: console where the stream is a terminal.
        stream: None for stderr.
        most: Lines in half a minute; what exceeds them is told in sum (w55).
    """
    _thrift.allow(most)
    sink = _Sink(stream or sys.stderr)
    least = logging.getLevelNamesMapping()[level.upper()]
    console = form == "console" or (form == "auto" and sink.is_terminal)
    finish: tuple[Processor, ...] = _console() if console else (_json,)
    structlog.configure(
        processors=[_thrifty, *_SHARED, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", sink)),
        # A cached logger would keep the level it was first used with.
        cache_logger_on_first_use=False,
    )
    _bridge(sink, finish, least)


def configure_worker(level: str, form: str) -> None:
    """Do the same in a spawned worker, which starts with nothing configured."""
    configure(level, form, most=MOST_OF_A_WORKER)
    sys.unraisablehook = passed_over


def lines() -> dict[str, int]:
    """How many lines were written, and how many held back because they repeated others."""
    return {"written": _thrift.written, "held-back": _thrift.held_back}


def flush() -> None:
    """Say how many lines are held back just now."""
    _thrift.flush()


def _tell_held_back(line: Mapping[str, Any]) -> None:
    """Write what is said of lines that were held back; it passes whatever the limits are."""
    said = {name: value for name, value in line.items() if name not in {"level", "event"}}
    log = structlog.get_logger()
    write = {"warning": log.warning, "error": log.error}.get(str(line.get("level")), log.info)
    write(line["event"], **said)


_thrift: Final = Thrift(_tell_held_back)
atexit.register(_thrift.flush)


def _thrifty(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    if "more" not in event and not _thrift.admits({**event, "level": method}):
        raise structlog.DropEvent
    return event


class _Thrifty(logging.Filter):
    """The same for what libraries say: their lines are alike when their formats are."""

    def filter(self, record: logging.LogRecord) -> bool:
        level = record.levelname.lower()
        return _thrift.admits({"level": level, "event": record.msg, "logger": record.name})


def thread_ended(died: threading.ExceptHookArgs) -> None:
    """Write one line where an exception ends a thread; for threading.excepthook (w04)."""
    if died.exc_type is SystemExit or died.exc_value is None:
        return
    structlog.get_logger().error(
        "a thread has ended",
        action="thread",
        status="error",
        thread=died.thread.name if died.thread else None,
        reason=str(died.exc_value) or died.exc_type.__name__,
        exc_info=(died.exc_type, died.exc_value, died.exc_traceback),
    )


def passed_over(what: "sys.UnraisableHookArgs") -> None:
    """
    Write one line where an exception can end nothing; for sys.unraisablehook (w30).

    As where a signal ends a worker in the middle of an import, and warnings are errors.
    """
    structlog.get_logger().warning(
        "an exception was passed over",
        action="interpreter",
        status="warn",
        reason=str(what.exc_value) or what.exc_type.__name__,
        exc_info=(what.exc_type, what.exc_value, what.exc_traceback),
    )


class _Sink:
    """A stream that gets each line in one write, so that processes do not mix theirs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_terminal = stream.isatty()
        try:
            self._fd: int | None = stream.fileno()
        except io.UnsupportedOperation:
            self._fd = None

    def write(self, text: str) -> None:
        # A log that cannot be written must not stop the work that it tells of.
        with suppress(OSError):
            if self._fd is None:
                self._stream.write(text)
            else:
                os.write(self._fd, text.encode("utf-8", "backslashreplace"))

    def flush(self) -> None:
        """Nothing is held back."""


class _BridgeHandler(logging.StreamHandler[TextIO]):
    """Known by its class, so that configuring again replaces it and nothing else."""


def _bridge(sink: _Sink, finish: tuple[Processor, ...], least: int) -> None:
    """Bring what libraries tell the standard logging, and warnings, into the same form."""
    handler = _BridgeHandler(cast("TextIO", sink))
    handler.addFilter(_Thrifty())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _BridgeHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO if least <= logging.DEBUG else max(least, logging.WARNING))
    logging.captureWarnings(capture=True)


# Plain tracebacks: structured ones would carry local variables, paths and tags among them.
_SHARED: Final[tuple[Processor, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.processors.format_exc_info,
)


def _console() -> tuple[Processor, ...]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=False,
        sort_keys=False,
        timestamp_key="time",
        exception_formatter=structlog.dev.plain_traceback,
    )
    return (_escape, renderer, _bound)


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line of ASCII, shorter than LINE_BYTES with its newline."""
    ordered = {key: event[key] for key in _FIRST if key in event} | dict(event)
    for limit in _LIMITS:
        line = json.dumps(_plain(ordered, limit))
        if len(line) + 1 < LINE_BYTES:
            return line
    kept = {key: _cut(str(ordered[key]), _LAST_LIMIT) for key in _FIRST if key in ordered}
    return json.dumps(kept | {"cut": True})


def _plain(value: Any, limit: int) -> Any:
    """What JSON can hold, with long texts cut."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes():
            return _cut(os.fsdecode(value), limit)
        case Mapping():
            return {_cut(str(key), limit): _plain(each, limit) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(each, limit) for each in value]
        case _:
            return _cut(str(value), limit)


def _cut(text: str, limit: int) -> str:
    """Both ends of a text: of paths and tracebacks the last part says most."""
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]}…{text[-half:]}"


def _escape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Make control characters visible: a tag must not command the terminal."""
    return {
        _visible(key): _visible(_cut(str(value), _LIMITS[0]), keep="\n" * (key == "exception"))
        for key, value in event.items()
    }


def _visible(text: str, *, keep: str = "") -> str:
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode()
        for char in text
    )


def _bound(_logger: WrappedLogger, _method: str, line: Any) -> str:
    """A console line no longer than what one write keeps together."""
    encoded = str(line).encode()
    if len(encoded) + 1 < LINE_BYTES:
        return str(line)
    return encoded[: LINE_BYTES - len("…\n".encode()) - 1].decode(errors="ignore") + "…"
