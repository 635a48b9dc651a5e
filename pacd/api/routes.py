"""One route per verb: what it takes, and which method of the daemon answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pacd.api.requests import MAX_LIMIT, Arguments
from pacd.protocol.documents import Document, Idle, Prune, PruneState, ScanTicket, TicketState
from pacd.protocol.port import Daemon

LONGEST_WAIT_S: Final = 30.0
_HISTORY_LINES: Final = 100


def _at_once(_document: Document) -> bool:
    return True


def _idle(document: Document) -> bool:
    return isinstance(document, Idle) and document.idle


def _done(document: Document) -> bool:
    return isinstance(document, ScanTicket) and document.state is TicketState.DONE


def _pruned(document: Document) -> bool:
    return isinstance(document, Prune) and document.state is PruneState.DONE


@dataclass(frozen=True, slots=True)
class Read:
    """
    A question; it changes nothing.

    Attributes:
        takes: Names of the arguments in its query.
        ready: With `for` in its query the answer waits until this is true of it,
            or until the time is over.
        quick: Whether it looks at no disk and tells of no files: such have a thread of their
            own, so that a monitor is answered whatever others ask.
    """

    path: str
    takes: tuple[str, ...]
    answer: Callable[[Daemon, Arguments], Document]
    ready: Callable[[Document], bool] = _at_once
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """A command; the caller is named for the history."""

    path: str
    takes: tuple[str, ...]
    answer: Callable[[Daemon, Arguments, str], Document]


READS: Final = (
    Read("/status", (), lambda daemon, _: daemon.status(), quick=True),
    Read("/holds", (), lambda daemon, _: daemon.holds()),
    Read("/holds/{id}", ("id",), lambda daemon, given: daemon.hold(given.number("id"))),
    Read("/plan", ("path",), lambda daemon, given: daemon.plan(given.path_or_none())),
    Read(
        "/scan/{id}", ("id", "for"), lambda daemon, given: daemon.ticket(given.number("id")), _done
    ),
    Read("/prune", ("mirror",), lambda daemon, given: daemon.prunable(given.name("mirror"))),
    Read(
        "/prune/{id}",
        ("id", "for"),
        lambda daemon, given: daemon.pruned(given.number("id")),
        _pruned,
    ),
    Read("/restore", (), lambda daemon, _: daemon.recycled()),
    Read("/queue", (), lambda daemon, _: daemon.queue()),
    Read("/wait", ("for",), lambda daemon, _: Idle(idle=daemon.idle()), _idle),
    Read("/why", ("path",), lambda daemon, given: daemon.why(given.path())),
    Read(
        "/history",
        ("path", "limit"),
        lambda daemon, given: daemon.history(
            given.path_or_none(), given.number("limit", _HISTORY_LINES, least=1, most=MAX_LIMIT)
        ),
    ),
    Read("/health", (), lambda daemon, _: daemon.health(), quick=True),
    Read("/doctor", (), lambda daemon, _: daemon.doctor()),
    Read("/config", (), lambda daemon, _: daemon.config()),
)

WRITES: Final = (
    Write(
        "/release",
        ("ids", "accept"),
        lambda daemon, given, who: daemon.release(
            given.numbers("ids"), accept=given.claim("accept"), who=who
        ),
    ),
    Write("/scan", ("path",), lambda daemon, given, who: daemon.scan(given.path_or_none(), who)),
    Write(
        "/prune", ("mirror",), lambda daemon, given, who: daemon.prune(given.name("mirror"), who)
    ),
    Write("/restore", ("id",), lambda daemon, given, who: daemon.restore(given.number("id"), who)),
    Write(
        "/pause", ("for_s",), lambda daemon, given, who: daemon.pause(given.seconds("for_s"), who)
    ),
    Write("/resume", (), lambda daemon, _, who: daemon.resume(who)),
    Write("/reload", (), lambda daemon, _, who: daemon.reload(who)),
)
