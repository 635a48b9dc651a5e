"""The service as README.md installs it, in a systemd that is booted for the tests."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.booting import PAC, REPOSITORY, Guest, booted
from tests.e2e.running import until
from tests.serving import exchange, request, status_of

CONFIG = """
[watch]
settle_s = 0.2
[audit]
min_free_mib = 1
[artwork]
root = "/srv/music-art"
[[library]]
name = "music"
root = "/srv/music"
[[library.mirror]]
name = "phone"
root = "/srv/music-opus"
[[library.mirror]]
name = "car"
codec = "aac"
root = "/srv/music-aac"
"""

# What an owner would edit, and times that a test has no patience for.
DROP_IN = """
[Unit]
RequiresMountsFor=/srv/music
[Service]
ReadWritePaths=-/srv/music -/srv/music-opus -/srv/music-aac -/srv/music-art
WatchdogSec=5
RestartSec=100ms
TimeoutStopSec=3
CPUSchedulingPolicy=other
Nice=0
"""

ROOTS = ("/srv/music", "/srv/music-opus", "/srv/music-aac", "/srv/music-art")
OWNERS_AT = "/etc/systemd/system/pacd.service.d/owners.conf"
DROP_IN_AT = "/etc/systemd/system/pacd.service.d/library.conf"
CONFIG_AT = "/etc/pacd/pacd.toml"
SOCKET = "/run/pacd/pacd.sock"


def readme_block(beginning: str) -> str:
    """The block of commands of README.md that begins so."""
    blocks = re.findall(r"(?s)```sh\n(.*?)```", (REPOSITORY / "README.md").read_text("utf-8"))
    (found,) = [block for block in blocks if block.startswith(beginning)]
    return str(found)


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    with booted(tmp_path_factory.mktemp("booted")) as guest:
        yield guest


@pytest.fixture(scope="module")
def machine(guest: Guest) -> Guest:
    """The guest with the service installed by the README's own lines, and enabled."""
    _people(guest)
    _in_sources(guest, readme_block("install -D -m 644 systemd/pacd.sysusers"))
    guest.at(CONFIG_AT).write_text(CONFIG)
    guest.at(DROP_IN_AT).write_text(DROP_IN)
    for root in ROOTS:
        guest.run("install", "-d", "--owner=pacd", "--group=pacd", root)
    guest.run("install", "-d", "--owner=pacd", "--group=pacd", "/srv/elsewhere")
    _in_sources(guest, readme_block("pacd --check"))
    return guest


@pytest.fixture
def service(machine: Guest) -> Iterator[Guest]:
    """The service, running with the configuration above, before each test."""
    if "active" != machine.show("pacd", "ActiveState")[0]:
        machine.run("systemctl", "start", "pacd")
    yield machine
    if machine.at(CONFIG_AT).read_text() != CONFIG:
        machine.at(CONFIG_AT).write_text(CONFIG)
        if "active" == machine.show("pacd", "ActiveState")[0]:
            machine.run("pacctl", "reload")


def _people(guest: Guest) -> None:
    """Anna is let in, Bert is not; the group of the first is made by sysusers later."""
    for name in ("anna", "bert"):
        guest.run("useradd", "--create-home", name)


def _in_sources(guest: Guest, commands: str) -> None:
    guest.run("sh", "-euc", f"cd {PAC}\n{commands}")


def asked(guest: Guest, verb: str = "status") -> Any:
    answer = exchange(guest.at(SOCKET), request(verb))
    assert status_of(answer) == 200, answer
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def answers(guest: Guest) -> bool:
    try:
        return bool(asked(guest))
    except (OSError, AssertionError):
        return False


def main_pid(guest: Guest) -> str:
    return guest.show("pacd", "MainPID")[0]


def await_another(guest: Guest, pid: str) -> None:
    """Wait until systemd has started another main process, and counts it as started."""

    def there() -> bool:
        state, main = guest.show("pacd", "ActiveState", "MainPID")
        return state == "active" and main not in {"0", pid}

    until(there, what="for another main process")


def setting(guest: Guest, key: str) -> Any:
    return {each["key"]: each["value"] for each in asked(guest, "config")["settings"]}[key]
