"""The thread that the engine lives in, from the opening of its store to the end."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import UTC, datetime

from pacd.engine.engine import Engine
from pacd.engine.events import Events
from pacd.engine.heralding import Herald
from pacd.engine.setup import Setup
from pacd.errors import PacError
from pacd.store.database import Store


class EngineThread(threading.Thread):
    """
    The thread that the engine, its store and its workers live in.

    Attributes:
        error: What has ended it before its time, if that was foreseen.
    """

    def __init__(self, setup: Setup, events: Events, ended: Callable[[], object]) -> None:
        """
        Args:
            ended: Called in this thread when it has nothing more to do, whatever the reason.
        """
        super().__init__(name="engine")
        self._setup = setup
        self._events = events
        self._ended = ended
        self.error: PacError | None = None
        self._stopped = False
        self._over = False
        self.ready: Future[Engine] = Future()

    def run(self) -> None:
        try:
            self._run()
            self._stopped = True
        except PacError as error:  # the main thread raises it again
            self.error = error
        finally:
            if not self.ready.done():  # the traceback, if there is one, stands above
                fault = self.error or RuntimeError("the engine could not be built")
                self.ready.set_exception(fault)
            self._over = True
            self._ended()

    def end(self) -> None:
        """Wait until the engine is built, which may take a migration; stop it, and see it end."""
        wait([self.ready])
        if not self.ready.exception():
            self.ready.result().stop()
        self.join()

    def check(self) -> None:
        """
        See that it runs, or has ended because it was told to.

        Raises:
            PacError: What has ended it.
            RuntimeError: A fault of PAC's own has; the traceback is in the log.
        """
        if self.error:
            raise self.error
        if self._over and not self._stopped:
            raise RuntimeError("the engine's thread has ended")

    def _run(self) -> None:
        store = Store.open(self._setup.database, now=datetime.now(UTC))
        try:
            engine = Engine(self._setup, store, self._events, starting=True)
            self.ready.set_result(engine)
            engine.run(Herald().look)
        finally:
            store.close()
