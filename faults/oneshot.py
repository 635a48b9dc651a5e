"""The whole program, its database included: killed, or its disk failing, at any call."""

import errno
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from faults.gate import KILL, forked
from faults.looking import State, state_of, temporaries
from faults.striking import Strike
from faults.syscalls import WRITING
from faults.trials import Tally
from tests.audio import Art, dress, png, write_flac
from tests.e2e.albums import album_tags
from tests.e2e.running import Site, processes_of, until

_DONE: Final = ("recompressed", "tested_ok", "art_exported", "failed", "held")


class Shots:
    """`pacd --once` on a library with one of everything, again and again on fresh copies."""

    def __init__(self, place: Path, tally: Tally) -> None:
        """
        Args:
            place: An empty folder.
        """
        self._place, self.tally = place, tally
        template = place / "template"
        template.mkdir(parents=True)
        _make(_site(template, Path()))
        with self._staged() as site:
            self._before = _files(site)
            site.once()
            self._after = _files(site)

    def until_clean(self, name: str, number: int, step: int, *, below: tuple[str, ...]) -> None:
        """
        Strike a run at its first writing call, the first and a step, and so on to its last.

        Args:
            below: Which folders of the site are struck.
        """
        for nth in count(1, step):
            with self._staged() as site:
                within = tuple(site.base / each for each in below)
                strike = Strike(WRITING, number, nth, within, lasting=number != KILL)
                if not self._struck(name, strike, site):
                    return

    def _struck(self, name: str, strike: Strike, site: Site) -> bool:
        _, status = forked(lambda: _execute(site), strike)
        until(lambda: not processes_of(site))
        if not strike.struck:
            return False
        tally, killed = self.tally, strike.answer == KILL
        tally.kills += killed
        tally.faults += not killed
        tally.files += len(self._after)
        code = os.waitstatus_to_exitcode(status)
        tally.came[name, "killed" if killed else f"exit {code}"] += 1
        wrong = [*self._harm(site)]
        if not killed and (code < 0 or "Traceback" in site.log.read_text("utf-8", "replace")):
            wrong.append(f"it ended in no defined way: {code}")
        wrong += self._mended(site)
        where = f"pacd --once, {name} at call {strike.nth} ({strike.name})"
        tally.wrong += [f"{where}: {each}" for each in wrong]
        return True

    def _harm(self, site: Site) -> Iterator[str]:
        found = _files(site)
        for path in sorted(found.keys() | self._before.keys()):
            if found.get(path) not in {self._before.get(path), self._after.get(path)}:
                self.tally.lost += 1
                yield f"{path} is neither old nor new: {found.get(path)}"

    def _mended(self, site: Site) -> Iterator[str]:
        """Start it twice more: the first brings all in order, the second finds nothing to do."""
        new = {path: _inode(site, path) for path in self._rewritten(site)}
        _let_time_pass(site)
        first = site.pacd("--once")
        if first.returncode or _files(site) != self._after:
            yield f"not in order after the next start: {first.returncode} {first.stderr[-600:]}"
        if left := temporaries(site.base):
            self.tally.temporaries += len(left)
            yield f"left behind for good: {left}"
        if again := [path for path, inode in new.items() if inode != _inode(site, path)]:
            self.tally.duplicates += len(again)
            yield f"done twice: {again}"
        counts = site.once()["counts"]
        work = {name: counts["library"][name] for name in _DONE if counts["library"][name]}
        work |= {"encoded": counts["mirror"]["encoded"]} if counts["mirror"]["encoded"] else {}
        if work:
            self.tally.duplicates += 1
            yield f"the start after that was not idle: {work}"

    def _rewritten(self, site: Site) -> list[str]:
        found = _files(site)
        return [path for path, new in self._after.items() if found.get(path) == new]

    @contextmanager
    def _staged(self) -> Iterator[Site]:
        stage = self._place / "stage"
        subprocess.run(["cp", "--archive", self._place / "template", stage], check=True)
        try:
            with tempfile.TemporaryDirectory(prefix="pacd-") as short:
                yield _site(stage, Path(short))
        finally:
            shutil.rmtree(stage)


def _site(base: Path, short: Path) -> Site:
    site = Site(base, short / "pacd.sock")
    site.settings["watch"] = {"settle_s": 0.05}
    site.settings["audit"] = {"min_free_mib": 0}
    site.settings["workers"] = {"total": 1}
    site.settings["authenticity"] = {"enabled": False}
    site.mirror_settings["bitrate_kbps"] = 32
    if short.parts:
        site.configure()
    return site


def _make(site: Site) -> None:
    """An album of one master to be brought to CD form, one to be recompressed, and lyrics."""
    folder = site.library / "A" / "B"
    folder.mkdir(parents=True)
    for number, rate, bits in ((1, 44_100, 16), (2, 48_000, 24)):
        master = folder / f"{number:02}.flac"
        write_flac(master, seconds=0.1, level=0, seed=number, rate=rate, bits=bits)
        dress(master, album_tags(folder, number), [Art(png(20, 20, seed=1))])
    (folder / "01.lrc").write_bytes(b"words")


def _files(site: Site) -> State:
    """All that is not the database, whose rows tell the time, nor what the site itself is."""
    outside = ("state/", "pacd.")
    return {
        path: shown for path, shown in state_of(site.base).items() if not path.startswith(outside)
    }


def _inode(site: Site, path: str) -> int | None:
    place = site.base / path
    return place.stat().st_ino if place.exists() else None


def _let_time_pass(site: Site) -> None:
    """Have every wait for another try be over; nobody has half an hour for each fault."""
    if site.database.exists():
        with closing(sqlite3.connect(site.database)) as database, database:
            if database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'setbacks'").fetchone():
                database.execute("UPDATE setbacks SET retry_at = 0")


def _execute(site: Site) -> bytes:
    """Become `pacd --once`; never returns."""
    log = os.open(site.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(site.base)
    command = site.command("--once")
    os.execve(command[0], command, site.environment())  # noqa: S606  # no shell is wanted
    raise OSError(errno.ENOEXEC, "unreachable")
