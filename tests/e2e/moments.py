"""When a daemon is killed: at work, and in all that its life is besides (w17)."""

import contextlib
import random
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from tests.e2e.killing import let_pass, workers_of
from tests.e2e.running import Pacd, Site, until

PATIENCE_S: Final = 1_200.0
"""Twice what an item waits that was killed four times; a fifth time in a row it would be held."""

START_S: Final = 2.0
"""Up to which a daemon may still be starting: 0.7 s alone, 2 s beside other work."""

WALK_S: Final = 0.1
"""What the first walk of a small library takes."""

SILENT: Final = "silent"
"""The state of a daemon that does not answer: it has no socket yet, or none any more."""


class Part(StrEnum):
    """A part of a daemon's life."""

    START = "start"
    WALK = "walk"
    WORK = "work"
    IDLE = "idle"
    STOP = "stop"


def _await_start(_site: Site, _daemon: Pacd, chance: random.Random, _longest_s: float) -> None:
    """From exec on."""
    let_pass(chance, START_S)


def _await_walk(site: Site, daemon: Pacd, chance: random.Random, _longest_s: float) -> None:
    daemon.await_socket()
    until(lambda: site.status()["state"] != "starting", what="for the first walk")
    let_pass(chance, WALK_S)


def _await_work(site: Site, daemon: Pacd, chance: random.Random, longest_s: float) -> None:
    daemon.await_socket()
    until(lambda: workers_of(site, daemon), PATIENCE_S)
    let_pass(chance, longest_s)


def _await_rest(site: Site, daemon: Pacd, chance: random.Random, longest_s: float) -> None:
    daemon.await_socket()
    until(lambda: site.got("wait")["idle"], PATIENCE_S, what="for the daemon's rest")
    let_pass(chance, longest_s)


def _await_stop(site: Site, daemon: Pacd, chance: random.Random, longest_s: float) -> None:
    """After SIGTERM: it lets workers end, and writes down what they have done."""
    _await_work(site, daemon, chance, longest_s)
    daemon.process.send_signal(signal.SIGTERM)
    let_pass(chance, longest_s)


_AWAITED: Final[Mapping[Part, Callable[[Site, Pacd, random.Random, float], None]]] = {
    Part.START: _await_start,
    Part.WALK: _await_walk,
    Part.WORK: _await_work,
    Part.IDLE: _await_rest,
    Part.STOP: _await_stop,
}


def kill_in(
    part: Part, site: Site, daemon: Pacd, chance: random.Random, longest_s: float
) -> str | None:
    """
    Kill a daemon that was begun in a part of its life.

    Args:
        longest_s: Within which the kill comes once the part has begun.

    Returns:
        The state that it was in; None when it had come to its end before, which only one that
        was told to stop may.
    """
    _AWAITED[part](site, daemon, chance, longest_s)
    state = _state_of(site)
    daemon.kill()
    code = daemon.process.returncode
    if code == -signal.SIGKILL:
        return state
    assert (part, code) == (Part.STOP, 0), f"it ended with {code}: {daemon.said()[-4000:]}"
    return None


def _state_of(site: Site) -> str:
    with contextlib.suppress(OSError, AssertionError):  # it may hang up on who comes as it stops
        return str(site.status()["state"])
    return SILENT


@contextmanager
def begun(site: Site) -> Iterator[Pacd]:
    """A daemon from its first moment on: nobody has waited until it answers."""
    daemon = Pacd(site, site.environment())
    try:
        yield daemon
    finally:
        daemon.end()
