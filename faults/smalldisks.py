"""A disk that fills up under a running daemon: it says so, loses nothing, and goes on by itself."""

import os
import subprocess
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from faults.campaign import made_site
from faults.looking import temporaries
from faults.trials import Tally
from tests.audio import encode_pcm, pcm
from tests.e2e.killing import Supply, assert_sound
from tests.e2e.order import assert_in_order, masters, output_of
from tests.e2e.running import Pacd, Site, until

_SIZES_MIB: Final[Mapping[str, int]] = {"library": 64, "mirror": 16, "state": 16}
"""Of each disk that fills up in turn: small beside what is to be written to it."""

ROLES: Final = tuple(_SIZES_MIB)

_ALBUMS: Final = 8
_PATIENCE_S: Final = 600.0
_PIECE: Final = bytes(1 << 16)


def run(place: Path, role: str, tally: Tally) -> None:
    """
    Fill one disk of a daemon at work, and make room again.

    Args:
        place: A folder to be made.
        role: One of ROLES.
    """
    place.mkdir()
    try:
        with _sited(place, role) as site:
            source = encode_pcm(place / "source.flac", pcm(1.0) * 20, level=0)
            supply = Supply(site, source)
            with site.running() as daemon:
                _fill_up(site, role, supply, daemon)
                tally.faults += 1
                supply.assert_whole()
                (site.base / role / "filler").unlink()
                until(lambda: _in_order(site), _PATIENCE_S, what=f"after {role} was full")
                assert daemon.process.poll() is None, daemon.said()[-2000:]
                until(lambda: _status(site)["problems"] == [], _PATIENCE_S, what="for no problem")
                assert daemon.stop() == 0
            supply.assert_whole()
            assert_sound(site.database)
            assert_in_order(site)
            tally.files += len(masters(site))
            left = temporaries(site.base)
            tally.temporaries += len(left)
            tally.wrong += left
            counts = site.once()["counts"]
            work = counts["library"]["recompressed"] + counts["mirror"]["encoded"]
            tally.duplicates += work
            assert not work, counts
    except (AssertionError, subprocess.CalledProcessError) as error:
        tally.lost += 1
        tally.wrong.append(f"disks, {role}: {error}\n{traceback.format_exc(limit=-2)}")


def _fill_up(site: Site, role: str, supply: Supply, daemon: Pacd) -> None:
    """Take all room while there is work, until the daemon says that there is none."""
    for _album in range(_ALBUMS):
        supply.give(supply.source)
    until(lambda: _status(site)["queue"]["running"], _PATIENCE_S)
    with (site.base / role / "filler").open("wb", buffering=0) as filler:

        def said() -> bool:
            _pour(filler.write)
            assert daemon.process.poll() is None, daemon.said()[-2000:]
            told = [each["what"] for each in _status(site)["problems"]]
            told += [each["reason"] for each in daemon.events("store_err")]
            return any(str(site.base / role) in what for what in told)

        until(said, _PATIENCE_S, what=f"for the daemon to say that {role} is full")


def _pour(write: Callable[[bytes], int | None]) -> None:
    """Write until the disk takes no more; others may have freed some meanwhile."""
    try:
        while write(_PIECE):
            pass
    except OSError:
        return


def _status(site: Site) -> Any:
    """The status; empty while the daemon begins anew."""
    try:
        return site.status()
    except OSError:
        return {"queue": {"running": []}, "problems": []}


def _in_order(site: Site) -> bool:
    """Whether all is done: what failed is tried again by itself, after up to two minutes."""
    done = all(output_of(site, each).exists() for each in masters(site))
    if not done or site.pacctl("wait", check=False).returncode != 0:
        return False
    try:
        assert_in_order(site)
    except AssertionError:
        return False
    return True


@contextmanager
def _sited(place: Path, role: str) -> Iterator[Site]:
    """A site of which one folder is a small disk."""
    disk = place / role
    disk.mkdir()
    size = f"size={_SIZES_MIB[role]}m,mode=0700,uid={os.getuid()}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "pacd-faults", disk], check=True)
    try:
        with made_site(place) as site:
            site.settings["watch"] = {"settle_s": 0.2}
            site.settings["audit"] = {"min_free_mib": 2}
            site.settings["flac"] = {"resample_to_cd": False}
            site.settings["authenticity"] = {"enabled": False}
            site.configure()
            yield site
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
