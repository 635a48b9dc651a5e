"""The disk of the music fails under a running daemon, for a call or for good, and works again."""

import errno

import pytest

from faults.gate import NoGateError
from faults.living import Life, configure, run
from faults.trials import Tally
from tests.e2e.running import Site


def test_w18_a_daemon_lives_on_where_calls_fail(site: Site) -> None:
    """
    D3, w18: it tells what failed and why, answers meanwhile, and a scan makes all of it good.

    Every 11th of the calls that write for an album; `python -m faults.faults --only living`
    takes each.
    """
    tally = Tally()

    def meetings(life: Life) -> None:
        life.until_clean("full", errno.ENOSPC, 11, lasting=True)
        life.until_clean("bad", errno.EIO, 11, lasting=False)

    configure(site)
    try:
        run(site, tally, meetings)
    except NoGateError as error:
        pytest.skip(str(error))

    assert [] == tally.wrong
    assert tally.faults >= 7
    assert tally.came["full", "no-space"] >= 3
    assert tally.came["bad", "io"] >= 2
