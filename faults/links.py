"""Lets a real daemon work while its files and folders change places with links all the time."""

import random
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from faults.campaign import run
from tests.audio import Art, png, write_flac
from tests.e2e.running import Pacd, Site, until
from tests.swaps import SECRET, Swaps, outside, swapping, told

ALBUMS: Final = 6
ROOTS: Final = ("library", "mirror", "art")
PAUSE_S: Final = 0.05
REST_S: Final = 120.0


class Campaign:
    """One daemon among links; run() is all of it."""

    def __init__(self, site: Site, seconds: float, seed: int) -> None:
        self._site, self._seconds = site, seconds
        self._chance = random.Random(seed)
        self._elsewhere = site.base / "elsewhere"
        self._swaps: list[Swaps] = []
        self._changes = 0

    def run(self) -> Iterator[str]:
        """Swap, print the figures, and yield what was breached."""
        for base, secret in ((self._site.base, b""), (self._elsewhere, SECRET)):
            for number in range(ALBUMS):
                self._make_album(base, number, secret)
        for root in ("mirror", "art"):
            (self._site.base / root).mkdir()
            shutil.copytree(self._elsewhere / "library", self._elsewhere / root)
        before = outside(self._elsewhere)
        with self._site.running() as daemon:
            self._site.pacctl("wait")
            self._live_among_links()
            yield from self._told(daemon, before)

    def _make_album(self, base: Path, number: int, secret: bytes) -> None:
        album = base / "library" / f"Artist {number}" / "Album"
        album.mkdir(parents=True)
        tags = {"ARTIST": f"Artist {number}", "ALBUM": "Album", "COMMENT": secret.decode()}
        pictures = [Art(png(8, 8, seed=number) + secret)]
        write_flac(album / "01.flac", seconds=0.3, seed=number, tags=tags, pictures=pictures)
        (album / "cover.jpg").write_bytes(b"\xff\xd8\xff" + secret)
        (album / "01.lrc").write_bytes(b"[00:01.00]" + secret)

    def _live_among_links(self) -> None:
        """Have each album in some danger, and keep the daemon at work on all."""
        with ExitStack() as stack:
            for number in range(ALBUMS):
                stack.enter_context(self._endangered(number))
            end_s = time.monotonic() + self._seconds
            while time.monotonic() < end_s:
                self._change()
                self._site.pacctl("scan", check=False)
                time.sleep(PAUSE_S)

    def _endangered(self, number: int) -> ExitStack:
        """Swap an album's folders, or its files, with links to their namesakes elsewhere."""
        stack, artist = ExitStack(), f"Artist {number}"
        places = [f"{root}/{artist}" for root in ROOTS]
        if number % 2:
            names = ("01.flac", "cover.jpg", "01.lrc")
            places = [f"library/{artist}/Album/{name}" for name in names]
        for place in places:
            link = self._site.base / f"link to {place.replace('/', ' ')}"
            link.symlink_to(self._elsewhere / place)
            self._swaps.append(stack.enter_context(swapping(self._site.base / place, link)))
        return stack

    def _change(self) -> None:
        """Drop a new file into an album whose folder stays, or have the daemon doubt all of it."""
        number = self._chance.randrange(1, ALBUMS, 2)
        made = self._site.base / "made.flac"
        seed = self._chance.randrange(2**31)
        write_flac(made, seconds=0.3, seed=seed, tags={"ARTIST": f"Artist {number}"})
        made.replace(self._site.library / f"Artist {number}" / "Album" / f"new {seed % 5}.flac")
        self._changes += 1

    def _told(self, daemon: Pacd, before: dict[str, tuple[object, ...]]) -> Iterator[str]:
        after = outside(self._elsewhere)
        theirs = {
            path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
        }
        spread = told(self._site.base / "mirror") + told(self._site.base / "art")
        spread += told(self._site.library)
        until(self._at_rest, REST_S, what="for rest")
        refused = [line for line in daemon.events() if line.get("status") == "error"]
        faults = [line for line in refused if "a fault in PAC" in line.get("message", "")]
        masters = list(self._site.library.rglob("*.flac"))
        alone = [each for each in masters if not self._output_of(each).is_file()]
        done = [line for line in daemon.events() if line.get("status") == "ok"]
        print(f"swaps of a file or folder with a link  {sum(each.count for each in self._swaps):,}")
        print(f"files that came meanwhile              {self._changes}")
        print(f"actions that went well                 {len(done):,}")
        print(f"changed, made or removed elsewhere     {len(theirs)}")
        print(f"files that hold what was elsewhere     {len(spread)}")
        print(f"masters without an output at the end   {len(alone)} of {len(masters)}")
        print(f"actions refused for what they met      {len(refused)}")
        print(f"faults in PAC                          {len(faults)}")
        yield from (f"{path} was touched" for path in sorted(theirs))
        yield from (f"{path} holds what was elsewhere" for path in spread)
        yield from (f"{path} has no output" for path in alone)
        yield from (f"{line}" for line in faults)

    def _output_of(self, master: Path) -> Path:
        return self._site.mirror / master.relative_to(self._site.library).with_suffix(".opus")

    def _at_rest(self) -> bool:
        self._site.pacctl("scan", "--wait", check=False)
        return bool(self._site.status()["queue"]["waiting"] == 0)


def main() -> int:
    """Run the campaign; return 1 where something was breached."""
    return run(__doc__, lambda *how: Campaign(*how).run())


if __name__ == "__main__":
    sys.exit(main())
