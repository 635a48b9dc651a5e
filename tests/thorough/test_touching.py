"""An album that somebody never leaves alone."""

import subprocess
import sys

from tests.e2e.albums import make_album
from tests.e2e.order import await_outputs
from tests.e2e.running import Site, until

TOUCHING = """
import pathlib, sys, time
while True:
    pathlib.Path(sys.argv[1]).write_bytes(b"x")
    time.sleep(0.1)
"""


def test_w12_an_album_that_is_touched_all_the_time(site: Site) -> None:
    """w12, W1: after max_delay_s it is worked on, however often something is written there."""
    site.change("watch", settle_s=0.6, max_delay_s=1.2)
    with site.running():
        make_album(site.library / "Album", tracks=1)
        command = [sys.executable, "-c", TOUCHING, str(site.library / "Album" / "list.m3u")]
        with subprocess.Popen(command) as toucher:
            until(lambda: any(site.mirror.rglob("*.opus")))
            assert toucher.poll() is None
            toucher.terminate()
        await_outputs(site)
