"""The port between the API and the daemon: every use case by name."""

from collections.abc import Callable, Sequence
from typing import Protocol

from pacd.protocol.documents import (
    Bin,
    ConfigView,
    Doctor,
    Event,
    Health,
    History,
    Holds,
    HoldView,
    Plan,
    Prune,
    Queue,
    Restored,
    ScanTicket,
    Status,
    Why,
)
from pacd.protocol.metrics import Metric


class Daemon(Protocol):
    """
    What clients may ask of the daemon.

    Every method may be called from any thread and may block shortly.  Paths are
    absolute or relative to a library's root.  `who` names the caller for the
    history, as "uid 1000 pid 4711".  What cannot be done is raised as a PacError:
    UnknownError for a path or id it does not know, RefusedError for a request
    that makes sense but not now.
    """

    def status(self) -> Status:
        """The daemon on one screen."""

    def holds(self) -> Holds:
        """What needs a person, worst first."""

    def hold(self, id: int) -> HoldView:  # noqa: A002  # the word of the route
        """
        One hold, whole.

        Raises:
            UnknownError: No open hold has this id.
        """

    def release(self, ids: Sequence[int], accept: bool, who: str) -> Holds:
        """
        End holds, all or none of them; return those that were ended.

        With accept they are known and fine, as long as the audio stays the same.

        Raises:
            UnknownError: No open hold has one of these ids.
        """

    def plan(self, path: str | None) -> Plan:
        """What would be done below path, or everywhere; changes nothing."""

    def scan(self, path: str | None, who: str) -> ScanTicket:
        """Look at path, or everything, now."""

    def ticket(self, id: int) -> ScanTicket:  # noqa: A002  # the word of the route
        """
        How a requested scan stands.

        Raises:
            UnknownError: No scan was given this id, or it is long over.
        """

    def prunable(self, mirror: str | None) -> Prune:
        """
        What `prune` would remove from the mirrors of this name, or from all; changes nothing.

        Raises:
            UnknownError: No mirror has this name.
            RefusedError: Work is under way that may yet want an output.
        """

    def prune(self, mirror: str | None, who: str) -> Prune:
        """
        Remove what no master wants from the mirrors of this name, or from all.

        What a guard refuses stands in the answer; the mirrors beside it are pruned.

        Raises:
            UnknownError: No mirror has this name.
            RefusedError: It is paused, or work is under way that may yet want an output.
        """

    def pruned(self, id: int) -> Prune:  # noqa: A002  # the word of the route
        """
        How a prune stands.

        Raises:
            UnknownError: No prune was given this id, or it is long over.
        """

    def recycled(self) -> Bin:
        """What lies in the recycle bins."""

    def restore(self, id: int, who: str) -> Restored:  # noqa: A002  # the word of the route
        """
        Bring a file back from the recycle bin; never over another.

        Raises:
            UnknownError: Nothing of this id lies in a bin.
            RefusedError: Another file stands there, it is being worked on, or its disk is away.
        """

    def queue(self) -> Queue:
        """Running and waiting items."""

    def why(self, path: str) -> Why:
        """All that is known of one file."""

    def history(self, path: str | None, limit: int) -> History:
        """The last `limit` entries of one file, of all below a folder, or of all."""

    def pause(self, for_s: float | None, who: str) -> Status:
        """Start nothing new, for a time or until `resume`; survives a restart."""

    def resume(self, who: str) -> Status:
        """End a pause; harmless when there is none."""

    def health(self) -> Health:
        """For monitors."""

    def metrics(self) -> tuple[Metric, ...]:
        """The daemon in numbers; the same names at all times."""

    def doctor(self) -> Doctor:
        """Look at tools, limits, rights and disks now."""

    def config(self) -> ConfigView:
        """The settings in force."""

    def reload(self, who: str) -> ConfigView:
        """
        Read the settings again and return those now in force.

        Raises:
            ConfigError: They are wrong; the old ones stay in force.
        """

    def idle(self) -> bool:
        """Whether nothing runs, nothing waits and no scan is under way."""

    def events(self, since: int) -> tuple[Event, ...]:
        """
        The kept events with an id above since, oldest first.

        The buffer is bounded: a first id above since + 1 means lost events.
        """

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """
        Call back for each event from now on; return what ends it.

        The callback is called from the daemon's threads, in order of the ids,
        and must return at once.
        """
