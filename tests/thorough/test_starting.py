"""What a start waits for as long as SQLite has patience: `make test-faults`."""

import signal

from tests.e2e.running import STOP_S, Site
from tests.e2e.starting import hears, locked, started, waits_for


def test_w28_a_stop_is_kept_in_mind_when_the_database_is_of_no_use(site: Site) -> None:
    """D2, D3: nothing is tried again after a stop: not every ten seconds for ever."""
    with site.running():
        pass  # makes the database
    with locked(site.database), started(site) as daemon:
        waits_for(daemon, site.database)
        daemon.process.send_signal(signal.SIGTERM)
        hears(daemon)

        assert 0 == daemon.process.wait(STOP_S), daemon.said()
    assert ["stopping", "store_err"] == [event["event"] for event in daemon.events()]
