"""A running daemon whose disk fails at any call: it lives on, says so, and makes good."""

import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from faults.gate import Call, Gate, forked, received
from faults.looking import temporaries
from faults.naming import kinds_of
from faults.striking import Strike
from faults.syscalls import WRITING
from faults.trials import Tally
from pacd.errors import FailureKind
from pacd.protocol.files import FileState
from tests.audio import encode_pcm, pcm
from tests.e2e.killing import Supply, assert_sound
from tests.e2e.order import assert_in_order, assert_master_in_order, masters, output_of
from tests.e2e.running import Pacd, Site, until

_MASTER: Final = "01 - Träck.flac"  # as tests.e2e.killing names it
_LYRICS: Final = "01 - Träck.lrc"

_PEER: Final = struct.Struct("3i")  # unix(7), SO_PEERCRED: process, user, group
_START_S: Final = 30.0
_BY_SCAN_S: Final = 15.0
"""Before anything is tried again by itself (planning.setbacks)."""
_SLOW_S: Final = 10.0
"""Within which status answers while a disk fails, on a machine with other work, too."""


@dataclass(slots=True)
class Disk:
    """A judge that can be given a fault, and be relieved of it, while calls are made."""

    fault: Strike | None = None

    def __call__(self, call: Call) -> int | None:
        fault = self.fault
        return fault(call) if fault else None


@contextmanager
def behind_gate(site: Site, disk: Disk) -> Iterator[Pacd]:
    """A running daemon with all it starts; a thread answers its calls until none is left."""
    with (
        tempfile.TemporaryDirectory(prefix="pacd-") as short,
        socket.socket(socket.AF_UNIX) as door,
    ):
        place = f"{short}/gate"
        door.bind(place)
        door.listen(1)
        door.settimeout(_START_S)
        site.under = (sys.executable, "-m", "faults.behind", place)
        guard = threading.Thread(target=_attend, args=(door, disk))
        guard.start()
        try:
            with site.running() as daemon:
                yield daemon
        finally:
            site.under = ()
            disk.fault = None
            guard.join()


def _attend(door: socket.socket, disk: Disk) -> None:
    channel, _ = door.accept()
    with channel:
        peer = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        root, _user, _group = _PEER.unpack(peer)
        listener = received(channel, root)
    Gate(root, listener, disk).attend()


class Life:
    """One daemon behind a gate, and one album after another that meets a fault of the disk."""

    def __init__(self, site: Site, tally: Tally, disk: Disk, daemon: Pacd) -> None:
        """
        Args:
            site: With an empty library.
        """
        self._site, self._tally, self._disk, self._daemon = site, tally, disk, daemon
        self._supply = Supply(site, encode_pcm(site.base / "source.flac", pcm(0.2), level=0))

    def until_clean(self, name: str, number: int, step: int, *, lasting: bool) -> None:
        """Strike the first writing call for an album, the first and a step … until none is left."""
        for nth in count(1, step):
            if not self.meet(name, number, nth, lasting=lasting):
                return

    def meet(self, name: str, number: int, nth: int, *, lasting: bool) -> bool:
        """Have one call for a new album fail; return whether there was such a call."""
        within = (self._site.library, self._site.mirror, self._site.art)
        strike = Strike(WRITING, number, nth, within, lasting=lasting)
        self._disk.fault = strike
        album = self._give()
        until(lambda: self._told(album) or self._is_done(album), what=f"after {name}, call {nth}")
        wrong = [*self._life_signs(), *self._misnamed(strike, album)]
        self._disk.fault = None
        if strike.struck:
            wrong += self._made_good(album)
            self._tally.faults += 1
            self._tally.came[name, ", ".join(sorted(self._told(album))) or "done"] += 1
            where = f"pacd, {name} at call {nth} ({strike.name})"
            self._tally.wrong += [f"{where}: {each}" for each in wrong]
        return bool(strike.struck)

    def _give(self) -> Path:
        """An album of one master with a cover, and its lyrics; return its folder."""
        self._supply.give(self._supply.source)
        album = self._site.library / "Artist" / f"Album {self._supply.given}"
        (album / _LYRICS).write_bytes(b"words")
        return album

    def _told(self, album: Path) -> set[str]:
        """The kinds of failures that `pacctl why` tells of an album's files."""
        return {
            entry["details"]["failure"]
            for path in (album / _MASTER, album / _LYRICS)
            for entry in self._site.why(path)["history"]
            if entry["status"] == "error"
        }

    def _is_done(self, album: Path) -> bool:
        """Whether all is there that is to be made of an album, and PAC has nothing to do for it."""
        master = album / _MASTER
        output = output_of(self._site, master)
        made = (output, output.with_suffix(".lrc"), self._site.art / "Artist" / album.name)
        return (
            all(each.exists() for each in made)
            and self._site.why(master)["state"] == FileState.IN_ORDER
            and not self._site.status()["queue"]["running"]
        )

    def _life_signs(self) -> Iterator[str]:
        """Tell of a daemon that died, began anew, or does not answer while its disk fails."""
        if (code := self._daemon.process.poll()) is not None:
            yield f"it ended with {code}: {self._daemon.said()[-2000:]}"
            return
        began_s = time.monotonic()
        status = self._site.status()
        took_s = time.monotonic() - began_s
        if status["pid"] != self._daemon.pid or took_s > _SLOW_S:
            yield f"status came from {status['pid']} after {took_s:.1f} s"
        if self._daemon.events("store_err"):
            yield "it began anew"

    def _misnamed(self, strike: Strike, album: Path) -> Iterator[str]:
        """Tell of a failure that was told as another."""
        told, may_be = self._told(album), kinds_of(strike, only_reads=False)
        # Where the folder could not be synced the new master is there all the same (decision
        # 0017), and not on record: what was planned of the old one meets another file.
        first = told - {FailureKind.SOURCE_CHANGED}
        if strike.struck and told and not (first and first <= may_be):
            yield f"it told of {sorted(told)}, not of {sorted(may_be)}"

    def _made_good(self, album: Path) -> Iterator[str]:
        """Ask for a scan now that the disk works again: all is to be done by that, and whole."""
        self._site.pacctl("wait")  # what had met the fault is told before that
        scan = self._site.pacctl("scan", "--wait", check=False)
        if scan.returncode:
            yield f"scan --wait ended with {scan.returncode}: {scan.stdout} {scan.stderr}"
        try:
            until(lambda: self._is_done(album), _BY_SCAN_S, what="for the scan to make it good")
            self._supply.assert_whole()
            assert_master_in_order(self._site, album / _MASTER)
        except (AssertionError, subprocess.CalledProcessError) as error:
            yield f"{error} {traceback.format_exc(limit=-1)}"
        self._tally.files += len(masters(self._site))
        status = self._site.status()
        if status["problems"] or any(status["holds"].values()):
            yield f"it is not content: {status['problems']} {status['holds']}"


def configure(site: Site) -> None:
    """One worker, so that "the Nth call" is the same each time; and no more work than need be."""
    site.settings["workers"] = {"total": 1}
    site.settings["audit"] = {"min_free_mib": 1}
    site.settings["flac"] = {"resample_to_cd": False}
    site.settings["authenticity"] = {"enabled": False}
    site.configure()


def run(site: Site, tally: Tally, meetings: Callable[[Life], None]) -> None:
    """
    Have a daemon meet faults, and hold what is there at its end against what should be.

    Args:
        site: With an empty library.

    Raises:
        NoGateError: This machine has none.
    """
    forked(lambda: b"", lambda _call: None)
    disk = Disk()
    with behind_gate(site, disk) as daemon:
        meetings(Life(site, tally, disk, daemon))

        assert daemon.stop() == 0
    assert_sound(site.database)
    counts = site.once()["counts"]
    assert_in_order(site)
    left = temporaries(site.base)  # of workers that were there to the end, none before
    tally.temporaries += len(left)
    tally.wrong += left
    work = counts["library"]["recompressed"] + counts["mirror"]["encoded"]
    tally.duplicates += work
    tally.wrong += [f"the next start was not idle: {counts}"] * bool(work)
