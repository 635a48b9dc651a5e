"""Boots the real pacd on a folder of its own, and asks it things with the real pacctl."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.serving import environment, exchange, request, status_of

START_S = 30.0
WAIT_S = 60.0
STOP_S = 30.0
QUICK = {"WATCHDOG_USEC": "400000"}
"""A variable of a daemon that looks after itself every 0.2 s, not every 15."""

_POLL_S = 0.05
"""Most conditions ask the daemon, which takes processor time from the work that is waited for."""

Settings = Mapping[str, Mapping[str, Any]]


def until(condition: Callable[[], Any], timeout_s: float = WAIT_S, *, what: str = "") -> None:
    """
    Wait for what another process brings about.

    Args:
        what: Said when it never comes; a condition may be a long story.
    """
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f"waited {timeout_s:.0f} s in vain {what}"
        time.sleep(_POLL_S)


@dataclass
class Site:
    """
    All that one PAC works on.

    Attributes:
        socket: Short, wherever the rest lies: a socket's path holds at most 107 bytes (unix(7)).
        settings: By section and key, besides those that name folders.
        under: What every pacd is started under, such as setpriv with its options.
    """

    base: Path
    socket: Path
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    under: Sequence[str] = ()
    mirror_settings: dict[str, Any] = field(default_factory=dict)

    @property
    def library(self) -> Path:
        return self.base / "library"

    @property
    def mirror(self) -> Path:
        return self.base / "mirror"

    @property
    def art(self) -> Path:
        return self.base / "art"

    @property
    def state(self) -> Path:
        return self.base / "state"

    @property
    def database(self) -> Path:
        return self.state / "pacd.db"

    @property
    def config(self) -> Path:
        return self.base / "pacd.toml"

    @property
    def log(self) -> Path:
        return self.base / "pacd.log"

    def configure(self) -> Path:
        """Write the configuration as the settings are now."""
        sections = {name: dict(values) for name, values in self.settings.items()}
        sections.setdefault("daemon", {}).update(state_dir=self.state, socket=self.socket)
        sections.setdefault("artwork", {}).setdefault("root", self.art)
        lines = []
        for name, values in sections.items():
            lines += [f"[{name}]", *_assignments(values)]
        mirror = {"name": "phone", "root": self.mirror, **self.mirror_settings}
        lines += ["[[library]]", *_assignments({"name": "main", "root": self.library})]
        lines += ["[[library.mirror]]", *_assignments(mirror)]
        self.config.write_text("\n".join(lines) + "\n")
        return self.config

    def change(self, section: str, **values: Any) -> None:
        """Change the configuration file; "mirror" is the section of the only mirror."""
        if section == "mirror":
            self.mirror_settings.update(values)
        else:
            self.settings.setdefault(section, {}).update(values)
        self.configure()

    def pacd(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pacd with these arguments to its end."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            cwd=self.base,
            capture_output=True,
            text=True,
            check=False,
            timeout=4 * WAIT_S,
        )

    def once(self, *arguments: str, expected: int = 0) -> dict[str, Any]:
        """Run `pacd --once` and return its summary; it must end with the expected code."""
        done = self.pacd("--once", *arguments)
        assert expected == done.returncode, done.stderr[-4000:]
        summary: dict[str, Any] = json.loads(done.stdout)
        return summary

    def command(self, *arguments: str) -> list[str]:
        """How a pacd is started here."""
        config = ("--config", str(self.config))
        return [*self.under, sys.executable, "-m", "pacd", *config, *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """What a pacd sees: nothing of the machine's own settings."""
        return environment(HOME=str(self.base), **more)

    def pacctl(
        self, *arguments: str | bytes, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run pacctl on this pacd's socket."""
        done = subprocess.run(
            [sys.executable, "-m", "pacctl", "--socket", str(self.socket), *arguments],
            env=self.environment(),
            cwd=self.base,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * WAIT_S,
        )
        assert not check or done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done

    def asked(self, *arguments: str) -> Any:
        """The document that `pacctl --json` prints."""
        return json.loads(self.pacctl("--json", *arguments).stdout)

    def status(self) -> Any:
        """The status, straight from the socket: cheap enough to wait with."""
        return self.got("status")

    def holds(self) -> dict[str, Any]:
        """Open holds by path; the path of a hold is as the file's name stands in the library."""
        return {hold["path"]: hold for hold in self.got("holds")["holds"]}

    def why(self, path: Path) -> Any:
        """All that the daemon knows of one file."""
        return self.got("why", path=path)

    def got(self, verb: str, **query: str | Path) -> Any:
        """What the socket answers to a question."""
        asked = urlencode({name: os.fsencode(value) for name, value in query.items()})
        answer = exchange(self.socket, request(f"{verb}?{asked}" if asked else verb))
        assert status_of(answer) == 200, answer[:2000]
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    @contextlib.contextmanager
    def running(self, **more: str) -> Iterator["Pacd"]:
        """
        A daemon while the block runs.

        Args:
            more: Further variables of its environment.
        """
        daemon = Pacd(self, self.environment(**more))
        try:
            daemon.await_socket()
            yield daemon
        finally:
            daemon.end()


class Pacd:
    """One real daemon process; its log goes to the site's log file."""

    def __init__(self, site: Site, environ: Mapping[str, str]) -> None:
        self.site = site
        self._log_at = site.log.stat().st_size if site.log.exists() else 0
        with site.log.open("ab") as log:
            self.process = subprocess.Popen(
                site.command(), env=environ, cwd=site.base, stderr=log, stdout=log
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def await_socket(self) -> None:
        """Wait until it answers."""
        until(self.answers, START_S, what="for the daemon's socket")

    def answers(self) -> bool:
        assert self.process.poll() is None, self.said()[-4000:]
        with contextlib.suppress(OSError):
            return status_of(exchange(self.site.socket, request("status"))) == 200
        return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_S)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(STOP_S)

    def end(self) -> None:
        """Make sure that it is gone."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise

    def said(self) -> str:
        """Everything that this run has logged."""
        with self.site.log.open("rb") as log:
            log.seek(self._log_at)
            return log.read().decode("utf-8", "backslashreplace")

    def events(self, *names: str) -> list[dict[str, Any]]:
        """The lines of its log with one of these events; all without names."""
        lines = [json.loads(line) for line in self.said().splitlines(keepends=True) if "\n" in line]
        return [line for line in lines if not names or line["event"] in names]


def _assignments(values: Mapping[str, Any]) -> list[str]:
    """TOML of plain values: JSON spells them the same way."""
    return [
        f"{key} = {json.dumps(str(value) if isinstance(value, Path) else value)}"
        for key, value in values.items()
    ]


def processes_of(site: Site) -> list[int]:
    """Every process of this site's daemons that lives: they all inherited its home."""
    home = b"HOME=" + os.fsencode(site.base)
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and home in _read(entry / "environ").split(b"\0")
    ]


def command_of(pid: int) -> str:
    """What a process runs; "" when it has gone (proc(5))."""
    return _read(Path(f"/proc/{pid}/cmdline")).replace(b"\0", b" ").decode(errors="replace")


def _read(path: Path) -> bytes:
    """Zombies have no environment, and others may go at any moment."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
