"""
The storm of checklist 3 at its full size: 30,000 files come while a real pacd stands still.

Run by itself: `python -m faults.watching`.
"""

import os
import shutil
import signal
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pacd.domain.change import FolderId
from tests.e2e.albums import make_album
from tests.e2e.order import assert_in_order, output_of
from tests.e2e.running import Pacd, Site, until
from tests.kernel import watches

FILES: Final = 30_000
ALBUMS: Final = 25
PATIENCE_S: Final = 600.0


@dataclass(frozen=True)
class Figures:
    """
    What came of the storm.

    Attributes:
        overflows: As the daemon counts them.
        folders: Those of the library; `watched` how many of them the kernel watches afterwards.
        unseen: Masters that were never processed; must be none.
        noticed_s: From SIGCONT to the counter, and `settled_s` to the last output.
    """

    overflows: int
    folders: int
    watched: int
    unseen: int
    noticed_s: float
    settled_s: float


def storm(base: Path, socket: Path) -> Figures:
    """
    Stop a daemon, make 30,000 files and 25 albums in new folders, and let it go on.

    Raises:
        AssertionError: A file was missed, or is not as it should be.
    """
    site = Site(base, socket)
    site.settings = {
        "watch": {"settle_s": 0.5},
        "audit": {"min_free_mib": 1},
        "flac": {"resample_to_cd": False},
        "authenticity": {"enabled": False},
    }
    site.library.mkdir(parents=True)
    site.configure()
    make_album(site.library / "Old", tracks=1)
    with site.running() as daemon:
        until(lambda: site.status()["state"] == "watching")
        _stop(daemon)
        _arrive(site)
        began_s = time.monotonic()
        daemon.process.send_signal(signal.SIGCONT)
        until(lambda: site.status()["watch"]["overflows"], PATIENCE_S)
        noticed_s = time.monotonic() - began_s
        albums = [site.library / f"New {number}" / "CD1" for number in range(ALBUMS)]
        wanted = [output_of(site, path) for folder in albums for path in folder.glob("*.flac")]
        until(lambda: all(output.exists() for output in wanted), PATIENCE_S)
        settled_s = time.monotonic() - began_s
        until(lambda: _watched(daemon) >= _folders(site.library), PATIENCE_S)
        site.pacctl("wait")
        assert_in_order(site)
        return Figures(
            overflows=site.status()["watch"]["overflows"],
            folders=len(_folders(site.library)),
            watched=len(_watched(daemon) & _folders(site.library)),
            unseen=sum(not output.exists() for output in wanted),
            noticed_s=round(noticed_s, 1),
            settled_s=round(settled_s, 1),
        )


def _stop(daemon: Pacd) -> None:
    daemon.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, daemon.pid, os.WSTOPPED | os.WNOWAIT)


def _arrive(site: Site) -> None:
    """What a stopped daemon does not see come: files where it watches, albums where it cannot."""
    for number in range(FILES):
        place = site.library / "Old" / f"scan {number}.jpg"
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
    for number in range(ALBUMS):
        make_album(site.library / f"New {number}" / "CD1", tracks=1, seed=number + 1)


def _watched(daemon: Pacd) -> frozenset[FolderId]:
    return watches(Path(f"/proc/{daemon.pid}"))


def _folders(root: Path) -> frozenset[FolderId]:
    statuses = [path.stat() for path in (root, *root.rglob("*")) if path.is_dir()]
    return frozenset((status.st_dev, status.st_ino) for status in statuses)


def main() -> None:
    base = Path(tempfile.mkdtemp(prefix="pacd-storm-"))
    try:
        for name, figure in asdict(storm(base / "site", base / "pacd.sock")).items():
            print(f"{name:10} {figure}")
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
