"""The stream of events: ids that rise, gaps that are said, slow readers that are dropped."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from enum import Enum, auto

from pacd.protocol.documents import Event, dumps, event_json
from pacd.protocol.port import Daemon

Kept = Callable[[int], Awaitable[tuple[Event, ...]]]
"""Asks for the kept events with an id above the one given."""


class Pause(Enum):
    """What a reader gets when there is no event."""

    SILENCE = auto()
    END = auto()


class Subscriber:
    """One reader's queue; loop thread only."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._queue: deque[Event] = deque()
        self._woken = asyncio.Event()
        self._closed = False
        self.dropped_at: int | None = None

    def push(self, event: Event) -> None:
        """Queue an event; a reader too slow to take it in time is dropped."""
        if self.dropped_at is None and len(self._queue) >= self._capacity:
            self.dropped_at = event.id
        if self.dropped_at is None:
            self._queue.append(event)
        self._woken.set()

    def close(self) -> None:
        """End the stream once what is queued has been read."""
        self._closed = True
        self._woken.set()

    async def next(self, silence_s: float) -> Event | Pause:
        """The next event; SILENCE after waiting in vain, END when there are no more."""
        if not self._queue and not self._ended:
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), silence_s)
        if self._queue:
            return self._queue.popleft()
        return Pause.END if self._ended else Pause.SILENCE

    @property
    def _ended(self) -> bool:
        return self._closed or self.dropped_at is not None


class EventHub:
    """Takes events from the daemon's threads and hands them to every subscriber."""

    def __init__(self, daemon: Daemon, *, capacity: int, heartbeat_s: float) -> None:
        self._daemon = daemon
        self._capacity = capacity
        self._heartbeat_s = heartbeat_s
        self._subscribers: set[Subscriber] = set()
        self._unlisten: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.pulse = asyncio.Event()
        """Set at the next event, and then replaced."""

    def open(self) -> None:
        """Begin to listen; call it in the loop that the readers run in."""
        self._loop = asyncio.get_running_loop()
        self._unlisten = self._daemon.listen(self._heard)

    def close(self) -> None:
        """Stop listening and end every stream."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self.pulse.set()
        for each in self._subscribers:
            each.close()

    async def lines(self, since: int | None, kept: Kept) -> AsyncGenerator[str, None]:
        """
        The stream for one reader, line by line, until the hub closes or drops it.

        Args:
            since: The last id the reader has seen; None for only what is new.
        """
        with self._subscribed() as subscriber:
            last = since
            if since is not None:
                last, known = await _resume(since, kept)
                for line in known:
                    yield line
            while (event := await subscriber.next(self._heartbeat_s)) is not Pause.END:
                if event is Pause.SILENCE:
                    yield dumps({"message_type": "heartbeat", "id": last})
                elif last is None or event.id > last:
                    if last is not None and event.id > last + 1:
                        yield gap(last, event.id)
                    last = event.id
                    yield event_json(event)
            if subscriber.dropped_at is not None:
                yield gap(last, subscriber.dropped_at)

    def _heard(self, event: Event) -> None:
        """Runs in the daemon's threads."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop ended while this was on its way
                self._loop.call_soon_threadsafe(self._spread, event)

    def _spread(self, event: Event) -> None:
        for each in self._subscribers:
            each.push(event)
        self.pulse.set()
        self.pulse = asyncio.Event()

    @contextlib.contextmanager
    def _subscribed(self) -> Iterator[Subscriber]:
        subscriber = Subscriber(self._capacity)
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)


def gap(after: int | None, following: int) -> str:
    """Says that events between two ids were lost to this reader."""
    return dumps({"message_type": "gap", "after": after, "next": following})


async def _resume(since: int, kept: Kept) -> tuple[int, list[str]]:
    """
    What a reader missed, and the id it has then seen.

    An id from the future means that the daemon was restarted and counts anew.
    """
    events = await kept(since)
    known: list[str] = []
    if not events and since > 0:
        everything = await kept(0)
        if not everything or everything[-1].id < since:
            events = everything
            known.append(gap(since, events[0].id if events else 1))
            since = 0
    elif events and events[0].id > since + 1:
        known.append(gap(since, events[0].id))
    known.extend(event_json(each) for each in events)
    return (events[-1].id if events else since), known
