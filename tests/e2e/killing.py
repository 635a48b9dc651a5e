"""What is killed at random moments, what it is killed at, and what is true afterwards."""

import contextlib
import hashlib
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pacd.files.opus import read_comments, read_opus
from tests.audio import Art, dress, png, stated_md5
from tests.e2e.albums import album_tags
from tests.e2e.order import masters, output_of
from tests.e2e.running import Pacd, Site, command_of, processes_of, until

AHEAD = 3
"""Masters that must still be without an output when somebody is killed: there is work to hit."""


@dataclass
class Supply:
    """
    Gives the library another album whenever it runs out of work, and knows what is whole.

    Attributes:
        originals: Digests of the files as they were dropped in.
        sound: Audio MD5s of what may be made of them.
        whole: Identities of files that were found whole: they need no second look.
    """

    site: Site
    source: Path
    given: int = 0
    originals: set[str] = field(default_factory=set)
    sound: set[str] = field(default_factory=set)
    whole: set[tuple[int, int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sound.add(stated_md5(self.source))

    def refill(self) -> None:
        """Copy in albums of one track until there is work ahead."""
        waiting = [each for each in masters(self.site) if not output_of(self.site, each).exists()]
        for _number in range(AHEAD - len(waiting)):
            self.give(self.source)

    def give(self, source: Path) -> None:
        """Copy in an album of one track."""
        self.given += 1
        master = self.site.library / "Artist" / f"Album {self.given}" / "01 - Träck.flac"
        master.parent.mkdir(parents=True)
        tags = album_tags(master.parent, 1)
        self.put(source, master, tags, [Art(png(20, 20, seed=self.given))])

    def put(
        self, source: Path, target: Path, tags: Mapping[str, Any], art: Sequence[Art] = ()
    ) -> None:
        """Put a copy of a file with these tags in a place, whole, over what stands there."""
        draft = self.site.library / ".draft.flac"  # on the same disk; names with a dot are ignored
        shutil.copyfile(source, draft)
        dress(draft, tags, art)
        self.originals.add(digest(draft))
        draft.rename(target)

    def assert_whole(self) -> None:
        """Every master is as it was or a sound new one; every output is whole."""
        for master in masters(self.site):
            if self._is_news(master) and digest(master) not in self.originals:
                subprocess.run(
                    ["flac", "--test", "--silent", "--warnings-as-errors", master], check=True
                )

                assert stated_md5(master) in self.sound, master
        for output in self.site.mirror.rglob("*.opus"):
            if self._is_news(output):
                assert read_opus(output).complete, output
                assert read_comments(output).first("PAC_SRC_MD5") in self.sound, output

    def _is_news(self, path: Path) -> bool:
        if path.name.startswith(".pacd-"):
            return False
        seen = path.stat()
        identity = (seen.st_ino, seen.st_size, seen.st_ctime_ns)
        news = identity not in self.whole
        self.whole.add(identity)
        return news


def digest(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()  # noqa: S324  # no secret


def workers_of(site: Site, daemon: Pacd) -> list[int]:
    """Workers and their tools; multiprocessing's own tracker is none."""
    return [
        pid
        for pid in processes_of(site)
        if pid != daemon.pid and "resource_tracker" not in command_of(pid)
    ]


def let_pass(chance: random.Random, longest_s: float) -> None:
    """The moment is what is random."""
    end_s = time.monotonic() + chance.uniform(0, longest_s)
    until(lambda: time.monotonic() > end_s)


def assert_sound(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
        assert [] == connection.execute("PRAGMA foreign_key_check").fetchall()
