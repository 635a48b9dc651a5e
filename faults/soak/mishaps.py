"""What goes wrong around a daemon, at random: kills, disks that go or fill up, storms, pauses."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from faults.soak.disks import Disk
from faults.soak.life import Life
from faults.soak.site import SoakSite
from faults.soak.watching import Watcher
from tests.e2e.running import Pacd, command_of, processes_of, until

STORM_FILES: Final = 9_000
"""Made and removed at once while nobody reads events: three events each, 16384 are kept."""

_TOOLS: Final = ("flac", "opusenc", "fdkaac", "ffmpeg", "metaflac")


class Mishaps:
    """Owns the daemon: ends it and starts it anew."""

    def __init__(self, site: SoakSite, life: Life, watcher: Watcher, chance: Random) -> None:
        self._site = site
        self._life = life
        self._watcher = watcher
        self._chance = chance
        self.daemon = self._started()
        self.done: dict[str, int] = {}
        self.breaches: list[str] = []
        self.stops_s: list[float] = []

    def something(self, *, deadly: bool) -> str:
        """
        Let one thing go wrong; return what.

        Args:
            deadly: Whether it may be the daemon's end.
        """
        kinds: list[Callable[[], None]] = [self._kill_child, self._kill_child, self._freeze_child]
        kinds += [self._storm, self._pause, self._reload, self._reload_badly, self._command]
        kinds += [self._fill, self._pull, self._command, self._release]
        if deadly:  # in a third of the time, and therefore often
            kinds += 2 * [self._kill_often, self._restart, self._change_while_away]
        kind = self._chance.choice(kinds)
        name = kind.__name__.strip("_")
        kind()
        self.done[name] = self.done.get(name, 0) + 1
        return name

    def calm(self) -> None:
        """Put everything back in place; the configuration is a good one since its own mishap."""
        for disk in self._site.disks.values():
            if not disk.mounted:
                disk.mount()
            disk.free()
        self._site.pacctl("resume")
        self._site.pacctl("reload")

    def end(self) -> None:
        """Stop the daemon as systemd does; nothing of it may be left (w26, w28)."""
        self._watcher.down()
        begin_s = time.monotonic()
        code = self.daemon.stop()
        self.stops_s.append(time.monotonic() - begin_s)
        if code != 0:
            self.breaches.append(f"SIGTERM ended the daemon with {code}")
        self._require_gone()

    def _started(self) -> Pacd:
        daemon = Pacd(self._site, self._site.environment())
        daemon.await_socket()
        self._watcher.up(daemon.pid)
        return daemon

    def _require_gone(self) -> None:
        try:
            until(lambda: not processes_of(self._site), 20.0)
        except AssertionError:
            left = [f"{pid} {command_of(pid)}" for pid in processes_of(self._site)]
            self.breaches.append(f"processes outlived their daemon: {left}")

    # --- the daemon and its children

    def _kill_often(self) -> None:
        """Kill -9 in a burst, also while it starts."""
        for _kill in range(self._chance.randint(1, 4)):
            self._live(self._chance.uniform(0, 3))
            self._watcher.down()
            self.daemon.kill()
            self._require_gone()
            self.daemon = self._started()

    def _restart(self) -> None:
        self.end()
        self.daemon = self._started()

    def _change_while_away(self) -> None:
        self.end()
        self._live(self._chance.uniform(1, 4))
        self.daemon = self._started()

    def _kill_child(self) -> None:
        """A worker, a tool, or whatever else belongs to the daemon."""
        for _kill in range(self._chance.randint(1, 6)):
            self._live(self._chance.uniform(0, 1))
            self._signal(self._chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)))

    def _freeze_child(self) -> None:
        victim = self._signal(signal.SIGSTOP)
        self._live(self._chance.uniform(0, 3))
        with contextlib.suppress(ProcessLookupError):
            if victim:
                os.kill(victim, signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> int:
        victims = [pid for pid in processes_of(self._site) if pid != self.daemon.pid]
        victims = [pid for pid in victims if "pacctl" not in command_of(pid)]
        if not victims:
            return 0
        victim = self._chance.choice(victims)
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, number)
        return victim

    def _storm(self) -> None:
        """More events than the kernel keeps, with changes among them (w03)."""
        self._watcher.down()
        os.kill(self.daemon.pid, signal.SIGSTOP)
        self._live(1)
        for number in range(STORM_FILES):
            path = self._site.library / f"{number}.tmp"  # a new folder would not be watched yet
            path.touch()
            path.unlink()
        self._live(2)
        os.kill(self.daemon.pid, signal.SIGCONT)
        until(self._site.status, what="for an answer after SIGCONT")
        self._watcher.up(self.daemon.pid)

    # --- what its owner asks of it

    def _pause(self) -> None:
        self._site.pacctl("pause")
        self._live(self._chance.uniform(1, 8))
        self._site.pacctl("resume")

    def _reload(self) -> None:
        site, chance = self._site, self._chance
        match chance.randrange(4):
            case 0:
                site.change("watch", settle_s=chance.choice((0.3, 0.5, 1.0)))
            case 1:
                site.change("mirror", bitrate_kbps=chance.choice((64, 96)))
            case 2:
                site.change("mirror", sidecars=chance.choice(([".lrc"], [".lrc", "cover.jpg"])))
            case _:
                site.change("artwork", enabled=chance.random() < 0.8)
        site.pacctl("reload")

    def _reload_badly(self) -> None:
        good = self._site.config.read_text()
        self._site.config.write_text(good + "\n[nonsense]\nkey = 1\n")
        done = self._site.try_pacctl("reload")
        self._site.config.write_text(good)
        if done.returncode == 0 or "nonsense" not in done.stderr:
            self.breaches.append(f"a bad configuration was taken: {done}")

    def _command(self) -> None:
        """Something asked at any time; it may be refused, and never fails otherwise."""
        commands = (["scan"], ["prune"], ["plan"], ["holds"], ["doctor"], ["history"], ["queue"])
        command = self._chance.choice(commands)
        done = self._site.try_pacctl(*command)
        if done.returncode not in {0, 1, 6} or "Traceback" in done.stderr:
            self.breaches.append(f"pacctl {command}: {done}")

    def _release(self) -> None:
        holds = list(self._site.holds().values())
        if holds:
            hold = self._chance.choice(holds)
            accept = ["--accept"] if hold["cause"] == "mass-disappearance" else []
            done = self._site.try_pacctl("release", str(hold["id"]), *accept)
            if done.returncode not in {0, 5, 6}:  # it may end by itself meanwhile
                self.breaches.append(f"a hold was not released: {done}")

    # --- disks

    def _fill(self) -> None:
        disk = self._disk()
        self._life.finish()
        disk.fill(self._chance.choice((0, 100_000, 1_000_000, 3_000_000)))
        full = disk.place == self._site.library
        self._live(self._chance.uniform(2, 12), room=not full)
        disk.free()

    def _pull(self) -> None:
        """A disk goes and comes back, with or without its folder (w08)."""
        disk = self._disk()
        self._life.finish()
        disk.pull(with_folder=self._chance.random() < 0.5)
        away_s = self._chance.uniform(0.5, 15)
        if disk.place == self._site.library:
            deadline_s = time.monotonic() + away_s
            until(lambda: time.monotonic() > deadline_s)
        else:
            self._live(away_s)
        if disk.place.exists() and (strays := list(disk.place.iterdir())):
            self.breaches.append(f"written where a disk was away: {strays}")
        disk.mount()

    def _disk(self) -> Disk:
        return self._chance.choice(list(self._site.disks.values()))

    def _live(self, for_s: float, *, room: bool = True) -> None:
        """Life goes on meanwhile."""
        end_s = time.monotonic() + for_s
        while time.monotonic() < end_s:
            self._life.something(room=room)
            time.sleep(self._chance.uniform(0, 0.5))


def scratch_files(root: Path) -> list[Path]:
    """Temporaries of PAC's or of a tool's below a folder."""
    return [
        path
        for path in root.rglob("*")
        if (path.name.startswith(".pacd-") and path.name != ".pacd-recycle")
        or path.name.endswith(("tmp,fl-ac+en'c", ".metadata_edit"))
    ]
