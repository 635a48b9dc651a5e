"""Many bad clients at once, and a good one that is answered all the while."""

import contextlib
import os
import random
import select
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzzing import OK, UNANSWERED, attacks, carried_out
from tests.serving import connected, exchange, request, status_of

_PAUSE_S = 0.02


@dataclass
class Figures:
    """
    What came of a siege.

    Attributes:
        wrong: Answers that should not have been, by what was wrong with them.
        examples: What was sent to get them.
        cut_off: Whole requests that came when their places were taken.
        answers_ms: How long the good client waited, each time.
        unanswered: How often it got something else than its answer.
    """

    attacks: int = 0
    cut_off: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    examples: dict[str, bytes] = field(default_factory=dict)
    answers_ms: list[float] = field(default_factory=list)
    unanswered: Counter[int] = field(default_factory=Counter)

    @property
    def median_ms(self) -> float:
        """Of the good client's waiting."""
        return statistics.median(self.answers_ms)

    @property
    def late_ms(self) -> float:
        """What 99 of 100 answers came within."""
        return statistics.quantiles(self.answers_ms, n=100)[98]


def besieged(
    path: Path, *, seconds: float, seed: int, attackers: int, crowd: int, verb: str = "health"
) -> Figures:
    """
    Attack a server while a crowd hangs about, and ask it as a good client does.

    Args:
        crowd: How many connections are there besides that say nothing, little, or never listen.
    """
    figures, end_s = Figures(), time.monotonic() + seconds
    with ExitStack() as stack:
        stack.enter_context(_crowded(path, crowd, random.Random(seed)))
        for number in range(attackers):
            chance = random.Random(f"{seed} {number}")
            thread = threading.Thread(target=_attack, args=(path, chance, figures, end_s))
            thread.start()
            stack.callback(thread.join)
        while time.monotonic() < end_s:
            begin_s = time.monotonic()
            status = status_of(exchange(path, request(verb)))
            figures.answers_ms.append(1000 * (time.monotonic() - begin_s))
            figures.unanswered.update(() if status == OK else (status,))
            time.sleep(_PAUSE_S)
    return figures


def descriptors(pid: int) -> int:
    """How many a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  # only their number


def private_mib(pid: int) -> float:
    """What a process alone holds in memory."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kib = [int(line.split()[1]) for line in lines if line.startswith("Private")]
    return sum(kib) / 1024


def _attack(path: Path, chance: random.Random, figures: Figures, end_s: float) -> None:
    make = attacks(chance)
    while time.monotonic() < end_s:
        attack = make()
        wrong = carried_out(path, attack)
        figures.attacks += 1
        if wrong == UNANSWERED:  # slow among a thousand: between its connect() and its send()
            figures.cut_off += 1
        elif wrong:
            figures.wrong[wrong] += 1
            figures.examples.setdefault(wrong, attack.raw[:2_000])


@contextmanager
def _crowded(path: Path, size: int, chance: random.Random) -> Iterator[None]:
    """Keep so many connections open: those that the server ends are made anew."""
    ended = threading.Event()
    thread = threading.Thread(target=_hang_about, args=(path, size, chance, ended))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _hang_about(path: Path, size: int, chance: random.Random, ended: threading.Event) -> None:
    there: list[tuple[socket.socket, Iterator[int]]] = []
    while not ended.is_set():
        while len(there) < size:
            there.append((connected(path), iter(chance.choice(_WORDS))))
        for client, word in list(there):
            if not _goes_on(client, word):
                client.close()
                there.remove((client, word))
        ended.wait(_PAUSE_S)
    for client, _ in there:
        client.close()


# Nothing at all; a request a byte at a time, also without an end; a plan and events never read.
_WORDS = (
    b"",
    request("status"),
    b"POST /v1/scan HTTP/1.1\r\nHost: pacd\r\nContent-Length: 60000\r\n\r\n" + b" " * 60_000,
    b"GET /" + b"a" * 60_000,
    request("events?since=0"),
    request("plan"),
)


def _goes_on(client: socket.socket, word: Iterator[int]) -> bool:
    """Send the next byte, if there is one, and read nothing; whether the server is there yet."""
    hung_up = select.poll()
    hung_up.register(client, select.POLLRDHUP)
    if hung_up.poll(0):
        return False
    byte = next(word, None)
    if byte is not None:
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            client.send(bytes([byte]))
    return True
