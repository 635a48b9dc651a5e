"""Whether the parts of the daemon live: what a ping to systemd's watchdog is made of (w33)."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from pacd.protocol.documents import Problem, ProblemKind
from pacd.systemd import Notifier

_log = structlog.get_logger()

HEARTBEAT_S: Final = 15.0
"""How often the daemon looks after itself when no systemd watchdog asks for more."""

TOLD_AFTER_S: Final = 5.0
"""How long something must hang before people hear of it; the ping is withheld at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """
    A part of the daemon that can be asked for a sign of life.

    Attributes:
        ask: Called by Pulse; it returns at once.  The part lives if the future ends with
            anything but False or an exception.
        patience_s: How long an answer may take; one that has come by the next beat is never late.
    """

    ask: Callable[[], "Future[object]"]
    patience_s: float = 0.0


class Pulse:
    """
    Asks each part at each beat what it has done since the beat before.

    It waits for nobody: a part that hangs cannot make it hang.  One thread uses it.
    """

    def __init__(self, parts: Mapping[str, Part]) -> None:
        """
        Args:
            parts: By name, as sentences begin with it.
        """
        self._parts = parts
        self._asked: dict[str, tuple[float, Future[object]]] = {}

    def beat(self, *, now_s: float) -> tuple[str, ...]:
        """Return a clause for each part that gave no sign of life; ask those that did again."""
        faults = [self._fault(name, now_s) for name in self._parts]
        return tuple(fault for fault in faults if fault)

    def _fault(self, name: str, now_s: float) -> str:
        part = self._parts[name]
        since_s, answer = self._asked.get(name, (now_s, _LIVES))
        if not answer.done():
            waited_s = now_s - since_s
            late = waited_s > part.patience_s
            return f"{name} has not answered for {waited_s:.0f} s" if late else ""
        self._asked[name] = now_s, part.ask()
        if answer.cancelled():
            return f"{name} has ended"
        if error := answer.exception():
            return f"{name} failed: {error}"
        return f"{name} does not work" if answer.result() is False else ""


_LIVES: Future[object] = Future()
_LIVES.set_result(True)


class Heartbeat:
    """Looks after the parts of the daemon again and again; belongs to the loop's thread."""

    def __init__(self, notifier: Notifier, line: Callable[[], str]) -> None:
        """
        Args:
            line: What ``systemctl status`` shows while all is well.
        """
        self._notifier = notifier
        self._line = line
        self._faults: tuple[str, ...] = ()
        self._well_s = time.monotonic()

    async def go_on(self, stop: asyncio.Event, parts: Mapping[str, Part]) -> None:
        """Until it is time to stop: ping systemd while all parts live, and say how things are."""
        every_s = min(HEARTBEAT_S, self._notifier.watchdog_interval_s or HEARTBEAT_S)
        pulse = Pulse(parts)
        while not stop.is_set():
            self._take(pulse.beat(now_s=time.monotonic()))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every_s)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What has given no sign of life for a while; any thread may ask."""
        if time.monotonic() - self._well_s < TOLD_AFTER_S:
            return ()
        fix = "systemd restarts pacd by itself; elsewhere restart it, and report what its log says."
        return tuple(
            Problem(kind=ProblemKind.HANGS, what=f"PAC hangs: {fault}.", fix=fix)
            for fault in self._faults
        )

    def _take(self, faults: tuple[str, ...]) -> None:
        said = "; ".join(faults)
        if faults and not self._faults:
            _log.error("not healthy", action="watchdog", status="error", reason=said)
        self._faults = faults
        if not faults:
            self._well_s = time.monotonic()
            self._notifier.watchdog()
        self._notifier.status(f"Not healthy: {said}" if faults else self._line())
