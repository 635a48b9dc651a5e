"""One pacd with a configuration of its own: writes it, runs it, asks it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PYTHON = Path(sys.executable)
PACCTL = PYTHON.with_name("pacctl")

WORKERS = 2
SETTLE_S = 0.5

_PATIENCE_S = 600.0
_LOOK_EVERY_S = 0.01

# No detector is asked: the bare tools that B1 compares with ask none either.
_CONFIG = """\
[daemon]
state_dir = {state}
socket = {socket}
[watch]
settle_s = {settle}
[workers]
total = {workers}
[artwork]
root = {art}
[authenticity]
enabled = false
"""

_LIBRARY = """\
[[library]]
name = {name}
root = {root}
"""

_MIRROR = """\
[[library.mirror]]
name = "phone"
root = {mirror}
bitrate_kbps = 128
"""


@dataclass(frozen=True, slots=True)
class Library:
    """A library of a configuration; a mirror where one is named."""

    name: str
    root: Path
    mirror: Path | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """A place with a configuration, a state directory and a socket."""

    place: Path

    @property
    def config(self) -> Path:
        return self.place / "pacd.toml"

    @property
    def socket(self) -> Path:
        return self.place / "pacd.sock"

    def configure(self, *libraries: Library) -> None:
        """Write the configuration; JSON strings are TOML strings too."""
        self.place.mkdir(parents=True, exist_ok=True)
        text = _CONFIG.format(
            state=json.dumps(str(self.place / "state")),
            socket=json.dumps(str(self.socket)),
            art=json.dumps(str(self.place / "covers")),
            settle=SETTLE_S,
            workers=WORKERS,
        )
        for library in libraries:
            text += _LIBRARY.format(
                name=json.dumps(library.name), root=json.dumps(str(library.root))
            )
            if library.mirror:
                text += _MIRROR.format(mirror=json.dumps(str(library.mirror)))
        self.config.write_text(text)

    def command(self, *options: str) -> list[str | Path]:
        """The command line of its pacd."""
        return [PYTHON, "-m", "pacd", "--config", self.config, *options]

    def status(self) -> Mapping[str, Any]:
        """What `pacctl --json status` says."""
        command: list[str | Path] = [PACCTL, "--socket", self.socket, "--json", "status"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        document: Mapping[str, Any] = json.loads(done.stdout)
        return document

    @contextmanager
    def daemon(self) -> Iterator[int]:
        """Run the daemon; yield its pid once it watches and has walked its libraries."""
        with (self.place / "log").open("ab") as log:
            process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        try:
            wait_until(lambda: process.poll() is not None or self._walked())
            yield process.pid
        finally:
            process.terminate()
            process.wait()

    def _walked(self) -> bool:
        if not self.socket.exists():
            return False
        status = self.status()
        return bool(status["watch"]["directories"]) and not status["audit"]["running"]


def wait_until(claim: Callable[[], bool]) -> None:
    """
    Wait until something is so.

    Raises:
        TimeoutError: It did not come to be.
    """
    deadline_s = time.monotonic() + _PATIENCE_S
    while not claim():
        if time.monotonic() > deadline_s:
            raise TimeoutError("the benchmark waited for something that did not come")
        time.sleep(_LOOK_EVERY_S)
