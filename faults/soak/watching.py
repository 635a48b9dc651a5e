"""Looks at a daemon all along: how it answers, and what it holds."""

import contextlib
import json
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from pacd.protocol.documents import Status
from pacd.protocol.wire import LIBRARY_COUNTS, MIRROR_COUNTS, SCHEMA
from tests.e2e.running import Site
from tests.serving import exchange, request, status_of

ASK_EVERY_S: Final = 0.25
SAMPLE_EVERY_S: Final = 10.0

_KEYS: Final = {"schema", *(each.name for each in fields(Status))}


@dataclass(frozen=True)
class Sample:
    """
    What a daemon held at one moment of its life; workers apart.

    Attributes:
        overflows: Of its queue of events since its start, as it says.
    """

    at_s: float
    resident_mib: float
    private_mib: float
    descriptors: int
    threads: int
    children: int
    overflows: int = 0


@dataclass
class Span:
    """One life of a daemon."""

    pid: int
    since_s: float
    samples: list[Sample] = field(default_factory=list)

    @property
    def lasted_s(self) -> float:
        """As far as it was looked at."""
        return self.samples[-1].at_s - self.since_s if self.samples else 0.0

    def after(self, warm_up_s: float) -> list[Sample]:
        """What was seen of it after so long."""
        return [each for each in self.samples if each.at_s - self.since_s >= warm_up_s]

    def quarters(self, value: str, warm_up_s: float) -> tuple[float, float]:
        """Medians of a value over the first and the last quarter of what followed the warm-up."""
        late = self.after(warm_up_s)
        number = max(1, len(late) // 4)
        first, last = late[:number], late[-number:]
        return _median(first, value), _median(last, value)


def _median(samples: Sequence[Sample], value: str) -> float:
    return statistics.median(float(getattr(each, value)) for each in samples)


class Watcher:
    """A thread of its own; it is told when a daemon is up, and when it cannot answer."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._up = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch)
        self._sampled_s = 0.0
        self._overflowed = 0
        self.spans: list[Span] = []
        self.answered_s: list[float] = []
        self.breaches: list[str] = []
        self.overflows = 0
        self.states: dict[str, int] = {}

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
        self._thread.join()

    def up(self, pid: int) -> None:
        """A daemon answers from now on."""
        if not self.spans or self.spans[-1].pid != pid:
            self.spans.append(Span(pid, time.monotonic()))
            self._sampled_s, self._overflowed = 0.0, 0
        self._up.set()

    def down(self) -> None:
        """Nothing is asked from now on until up(); a question under way has been answered."""
        self._up.clear()
        with self._lock:
            pass

    def _watch(self) -> None:
        while not self._ended.wait(ASK_EVERY_S):
            with self._lock:
                if self._up.is_set():
                    self._ask()
                    self._sample()

    def _ask(self) -> None:
        begin_s = time.monotonic()
        try:
            answer = exchange(self._site.socket, request("status"))
        except OSError as error:
            self.breaches.append(f"status was not answered: {error}")
            return
        self.answered_s.append(time.monotonic() - begin_s)
        if status_of(answer) != 200:
            self.breaches.append(f"status was answered by {answer[:200]!r}")
            return
        document = json.loads(answer.partition(b"\r\n\r\n")[2])
        self.states[document["state"]] = self.states.get(document["state"], 0) + 1
        self._overflowed = document["watch"]["overflows"]
        self.overflows = max(self.overflows, self._overflowed)
        self.breaches += _misshapen(document)

    def _sample(self) -> None:
        now_s = time.monotonic()
        if now_s - self._sampled_s >= SAMPLE_EVERY_S:
            self._sampled_s = now_s
            span = self.spans[-1]
            try:
                span.samples.append(_sample_of(span.pid, now_s, self._overflowed))
            except OSError as error:
                self.breaches.append(f"the daemon {span.pid} cannot be looked at: {error}")


def _misshapen(document: dict[str, Any]) -> list[str]:
    wrong = []
    if document.keys() != _KEYS or document["schema"] != SCHEMA:
        wrong.append(f"status has the keys {sorted(document)}")
    for library in document["libraries"]:
        if list(library["counts"]) != list(LIBRARY_COUNTS):
            wrong.append(f"a library counts {library['counts']}")
        for mirror in library["mirrors"]:
            if list(mirror["counts"]) != list(MIRROR_COUNTS):
                wrong.append(f"a mirror counts {mirror['counts']}")
            if any(number < 0 for number in mirror["counts"].values()):
                wrong.append(f"a mirror counts below 0: {mirror['counts']}")
    return wrong


def _below(pid: int) -> Iterator[int]:
    """Yield all descendants of a process; what ends meanwhile has none."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text("ascii").split()):
                yield child
                yield from _below(child)


def _sample_of(pid: int, now_s: float, overflows: int) -> Sample:
    process = Path(f"/proc/{pid}")
    lines = (process / "status").read_text("ascii", "replace").splitlines()
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    return Sample(
        at_s=now_s,
        resident_mib=int(found["VmRSS"].split()[0]) / 1024,
        private_mib=int(found["RssAnon"].split()[0]) / 1024,
        descriptors=sum(1 for _ in (process / "fd").iterdir()),
        threads=int(found["Threads"]),
        children=sum(1 for _ in _below(pid)),
        overflows=overflows,
    )
