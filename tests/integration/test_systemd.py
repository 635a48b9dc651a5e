"""The notifier against a real datagram socket, the units against systemd's own programs."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

import pytest

from pacd.systemd import Notifier

SAKAMOTO = "坂本龍一 \N{EN DASH} “Thousand Knives”"
UNITS = Path(__file__).parents[2] / "systemd"

systemd_analyze = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed"
)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What systemd holds at its end of $NOTIFY_SOCKET."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(path))
        end.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield end


def test_tells_each_state_in_the_words_of_the_protocol(manager: socket.socket) -> None:
    """D2, w35: ready, watchdog, stopping and longer time-outs are what sd_notify(3) says."""
    with closing(Notifier(os.environ)) as notifier:
        notifier.ready()
        notifier.watchdog()
        notifier.extend_timeout(90)
        notifier.stopping()
    received = [manager.recv(4096) for _message in range(4)]

    assert [b"READY=1", b"WATCHDOG=1", b"EXTEND_TIMEOUT_USEC=90000000", b"STOPPING=1"] == received


def test_w36_reloading_carries_the_monotonic_time(manager: socket.socket) -> None:
    """D2: w36: a reload is announced with its moment, as systemd 253 wants it, in one message."""
    with closing(Notifier(os.environ)) as notifier:
        notifier.reloading()
    message = manager.recv(4096).decode()

    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", message)


def test_w35_more_time_is_asked_for_until_it_is_too_much(manager: socket.socket) -> None:
    """D2: w35: at once, again before the last has run out, not for ever, not after the end."""

    async def works() -> None:
        with closing(Notifier(os.environ)) as notifier:
            async with notifier.more_time(0.2, extension_s=0.15):
                await asyncio.sleep(0.6)
            manager.setblocking(False)

    asyncio.run(works())
    asked = []
    with suppress(BlockingIOError):
        while True:
            asked.append(manager.recv(4096))

    assert {b"EXTEND_TIMEOUT_USEC=150000"} == set(asked)
    assert 2 <= len(asked) <= 6  # every 50 ms, for 200 ms


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(SAKAMOTO, SAKAMOTO, id="utf-8"),
        pytest.param("Björk", "Björk", id="latin-1"),
        pytest.param("a\nREADY=1\tb\x1b[31m\x7f", "a READY=1 b [31m ", id="control"),
        pytest.param("caf\udce9.flac", "caf .flac", id="not-utf-8"),
        pytest.param("𝄞" * 5000, "𝄞" * 1000, id="too-long"),
        pytest.param("", "", id="empty"),
    ],
)
def test_w34_status_is_one_line_of_utf8(manager: socket.socket, text: str, line: str) -> None:
    """D2: w34: whatever a file is called, STATUS is one line of valid UTF-8."""
    with closing(Notifier(os.environ)) as notifier:
        notifier.status(text)

    assert f"STATUS={line}" == manager.recv(65536).decode()


def test_speaks_to_an_abstract_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """D2: containers hand down a socket without a file, written with an @."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind("")
        end.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + end.getsockname()[1:].decode())
        with closing(Notifier(os.environ)) as notifier:
            notifier.ready()

        assert b"READY=1" == end.recv(4096)


def test_a_manager_that_hangs_does_not_stop_the_daemon(manager: socket.socket) -> None:
    """D2: messages beyond what the socket holds are dropped at once, not waited for."""
    with closing(Notifier(os.environ)) as notifier:
        for _message in range(10_000):
            notifier.watchdog()

    assert b"WATCHDOG=1" == manager.recv(4096)


def test_w39_silent_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    """D2: w39: without $NOTIFY_SOCKET everything works and nothing is sent."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier({})
    notifier.ready()
    notifier.status("ready")
    notifier.close()

    assert notifier.watchdog_interval_s is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # sdnotify's socket
def test_goes_on_when_the_manager_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """D2: a $NOTIFY_SOCKET that leads nowhere stops nothing."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notifier = Notifier(os.environ)
    notifier.ready()
    notifier.close()


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        pytest.param({"WATCHDOG_USEC": "60000000"}, 30.0, id="no-pid"),
        pytest.param({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 1.5, id="us"),
        pytest.param({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None, id="another"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="zero"),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, id="nonsense"),
        pytest.param({}, None, id="unset"),
    ],
)
def test_w33_watchdog_interval_is_half_of_what_is_allowed(
    environ: dict[str, str], interval_s: float | None
) -> None:
    """D2: w33: WATCHDOG_USEC and WATCHDOG_PID are honoured."""
    assert interval_s == Notifier(environ).watchdog_interval_s


def _installed(unit: str, folder: Path) -> Path:
    """A unit as it would be installed, but with a program that is there."""
    program = r"(?m)^(Exec\w+)=(?:%h/\.local/bin/)?pacd"
    text = re.sub(program, r"\1=/bin/true", (UNITS / unit).read_text())
    installed = folder / unit
    installed.write_text(text)
    return installed


def _run(*argv: str | Path, runtime: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"XDG_RUNTIME_DIR": str(runtime)},
    )


@systemd_analyze
@pytest.mark.parametrize(
    ("unit", "manager_kind"), [("pacd.service", "--system"), ("pacd-user.service", "--user")]
)
def test_w31_units_verify_clean(unit: str, manager_kind: str, tmp_path: Path) -> None:
    """D2: w31: systemd-analyze verify has nothing to say of the units."""
    installed = _installed(unit, tmp_path)
    done = _run("systemd-analyze", manager_kind, "verify", installed, runtime=tmp_path)

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


@systemd_analyze
def test_w38_the_example_drop_in_verifies_clean(tmp_path: Path) -> None:
    """D2: w38: the unit with the example drop-in beside it verifies clean too."""
    installed = _installed("pacd.service", tmp_path)
    drop_in = tmp_path / "pacd.service.d" / "library.conf"
    drop_in.parent.mkdir()
    example = (UNITS / "library.conf.example").read_text()
    drop_in.write_text(re.sub(r"(?m)^#(?=[A-Z]\w+=)", "", example))
    done = _run("systemd-analyze", "verify", installed, runtime=tmp_path)

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert {"RequiresMountsFor", "ReadWritePaths"} <= set(re.findall(r"(?m)^(\w+)=", example))


@systemd_analyze
def test_w31_exposure_of_the_system_unit(tmp_path: Path) -> None:
    """D2: w31: the system unit's exposure is 0.5 at most (systemd counts in tenths)."""
    done = _run(
        "systemd-analyze",
        "security",
        "--offline=true",
        "--threshold=5",
        _installed("pacd.service", tmp_path),
        runtime=tmp_path,
    )

    assert 0 == done.returncode, done.stdout


@pytest.mark.parametrize("unit", ["pacd.service", "pacd-user.service"])
def test_w31_each_directive_has_its_reason(unit: str) -> None:
    """D2: w31: a comment stands right above each directive."""
    lines = (UNITS / unit).read_text().splitlines()
    bare = [
        line
        for above, line in pairwise(lines)
        if re.match(r"\w+=", line) and not above.startswith("#")
    ]

    assert [] == bare


def _directives(unit: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^(\w+)=(.*)$", (UNITS / unit).read_text()))


@pytest.mark.parametrize("unit", ["pacd.service", "pacd-user.service"])
def test_w37_what_the_unit_must_say(unit: str) -> None:
    """D2: w32, w37: priorities, limits, restarts and kills are the unit's business."""
    wanted = {
        "Type": "notify",
        "NotifyAccess": "main",
        "ExecReload": "/bin/kill -HUP $MAINPID",
        "KillMode": "mixed",
        "OOMPolicy": "continue",
        "Restart": "on-failure",
        "RestartSec": "30",
        "StartLimitIntervalSec": "0",
        "RestartPreventExitStatus": "78 3",
        "Nice": "19",
        "CPUSchedulingPolicy": "idle",
        "IOSchedulingClass": "idle",
    }
    if unit == "pacd.service":  # a user manager may have no say in these
        wanted |= {"CPUWeight": "idle", "IOWeight": "10"}
    said = _directives(unit)

    assert wanted == {key: said.get(key) for key in wanted}
    assert {"WatchdogSec", "MemoryHigh", "MemoryMax", "TasksMax"} <= set(said)


def test_w38_clients_stay_known_by_their_uid() -> None:
    """X1: the system unit keeps the user namespace that peer credentials need."""
    said = _directives("pacd.service")

    assert "no" == said["PrivateUsers"]
    assert {"StateDirectory", "StateDirectoryMode", "RuntimeDirectory", "RuntimeDirectoryMode"} <= (
        set(said)
    )


@pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="no systemd-sysusers here")
def test_w38_sysusers_makes_the_units_user(tmp_path: Path) -> None:
    """D2: w38: systemd-sysusers accepts the line and would make the unit's user."""
    installed = tmp_path / "usr/lib/sysusers.d/pacd.conf"
    installed.parent.mkdir(parents=True)
    shutil.copy(UNITS / "pacd.sysusers", installed)
    done = _run("systemd-sysusers", "--dry-run", f"--root={tmp_path}", runtime=tmp_path)

    assert 0 == done.returncode, done.stderr
    assert "Creating user 'pacd'" in done.stdout + done.stderr
