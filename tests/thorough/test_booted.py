"""What takes too long for each day of the service under a real systemd: `make test-faults`."""

import json
import re
import shutil
import subprocess
import time

import pytest

from tests.audio import encode_pcm, pcm
from tests.booting import PAC, REPOSITORY, Guest
from tests.e2e.albums import make_album
from tests.e2e.installed import (
    OWNERS_AT,
    answers,
    asked,
    await_another,
    main_pid,
    readme_block,
)
from tests.e2e.running import until


def test_w33_a_killed_daemon_is_restarted(service: Guest) -> None:
    """D2, D3: what was killed is started again, and answers."""
    pid = main_pid(service)
    service.run("kill", "-KILL", pid)
    await_another(service, pid)

    assert "music" == asked(service)["libraries"][0]["name"]


def test_w28_w35_stop_during_work_is_clean(service: Guest) -> None:
    """D2, w28, w35: SIGTERM goes to the daemon alone, which takes its time, and leaves nothing."""
    album, draft = service.at("/srv/music/Stopped"), service.at("/srv/elsewhere/Stopped")
    draft.mkdir()
    encode_pcm(draft / "1.flac", pcm(1.0) * 600, level=0)
    service.run("chown", "-R", "pacd:pacd", "/srv/elsewhere/Stopped")
    service.run("mv", "/srv/elsewhere/Stopped", "/srv/music")
    until(lambda: _tools(service), what="for work")
    tools = _tools(service)
    service.run("kill", "-STOP", *tools)
    began_s = time.monotonic()
    with subprocess.Popen([*service.enter(), "systemctl", "stop", "pacd"]) as stopping:
        # TimeoutStopSec has long been over: only EXTEND_TIMEOUT_USEC keeps systemd from killing.
        until(lambda: time.monotonic() > began_s + 4.0)
        service.run("kill", "-CONT", *tools)

    assert 0 == stopping.returncode
    facts = service.show("pacd", "ActiveState", "Result", "ExecMainStatus", "ExecMainCode")

    assert ("inactive", "success", "0", "1") == facts  # CLD_EXITED
    assert "" == service.run("pgrep", "--uid=pacd", check=False).stdout
    assert [] == [path for path in album.iterdir() if path.name.startswith(".pacd-")]


def test_w35_more_time_also_keeps_the_watchdog_quiet(guest: Guest) -> None:
    """w33, w35: who asks for time need not ping; a start after READY=1 (D3) lives by that."""
    guest.run("sh", "-c", f"printf '%s' '{_SLOW_AGAIN}' >/root/slow && chmod +x /root/slow")
    unit = ("--unit=slow", "--service-type=notify", "-p", "WatchdogSec=1", "-p", "NotifyAccess=all")
    began_s = time.monotonic()
    guest.run("systemd-run", "--quiet", *unit, "/root/slow")
    until(lambda: "failed" == guest.show("slow", "ActiveState")[0], what="for the watchdog")
    lasted_s = time.monotonic() - began_s

    assert "watchdog" == guest.show("slow", "Result")[0]
    assert lasted_s > 4.0


_SLOW_AGAIN = """#!/bin/sh
systemd-notify READY=1
systemd-notify EXTEND_TIMEOUT_USEC=4000000
sleep 600
"""


def _tools(guest: Guest) -> list[str]:
    """The encoders that run."""
    return guest.run("pgrep", "--uid=pacd", "--exact", "flac", check=False).stdout.split()


def test_w38_masters_of_others_keep_their_owner(service: Guest) -> None:
    """F3, D2, w38: with the drop-in's capabilities it is rewritten, and stays anna's."""
    _lines_of_drop_in(service, "CapabilityBoundingSet", "AmbientCapabilities")
    album = service.at("/srv/music/Artist/Anna's")
    make_album(album, tracks=1)
    (master,) = album.iterdir()
    service.run("chown", "-R", "anna:anna", "/srv/music/Artist/Anna's")
    try:
        service.run("systemctl", "restart", "pacd")
        until(lambda: b"COMPRESSION=" in master.read_bytes(), what="for the master")

        assert service.at("/home/anna").stat().st_uid == master.stat().st_uid
    finally:
        service.at(OWNERS_AT).unlink()
        service.run("systemctl", "daemon-reload")
        service.run("systemctl", "restart", "pacd")


def _lines_of_drop_in(guest: Guest, *keys: str) -> None:
    """Take the # away from lines of the shipped example, as an owner would."""
    example = (REPOSITORY / "systemd" / "library.conf.example").read_text("utf-8")
    lines = re.findall(rf"(?m)^#((?:{'|'.join(keys)})=.*)$", example)
    assert len(keys) == len(lines)
    guest.at(OWNERS_AT).write_text("\n".join(["[Service]", *lines, ""]))
    guest.run("systemctl", "daemon-reload")


@pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="a user manager needs dbus-daemon")
def test_w38_the_user_unit_runs_for_one_person(machine: Guest) -> None:
    """D2, w38: installed as the README says, lingering, in a user manager without a session."""
    machine.run("loginctl", "enable-linger", "anna")
    for program in ("pacd", "pacctl"):
        machine.run(
            "install", "-D", f"/usr/local/bin/{program}", f"/home/anna/.local/bin/{program}"
        )
    machine.run("chown", "-R", "anna:anna", "/home/anna/.local")
    _as_anna(machine, readme_block("install -D -m 644 config/pacd.toml ~"))
    toml = '[artwork]\nenabled = false\n[[library]]\nname = "hers"\nroot = "~/Music"\n'
    machine.at("/home/anna/.config/pacd/pacd.toml").write_text(toml)
    commands = readme_block("systemctl --user daemon-reload").splitlines()[0]
    _as_anna(machine, f"mkdir ~/Music\n{commands}")
    status = json.loads(_as_anna(machine, "~/.local/bin/pacctl --json status"))

    assert ["hers"] == [each["name"] for each in status["libraries"]]
    assert [] == status["problems"]
    assert machine.at("/home/anna/.local/state/pacd/pacd.db").exists()
    _as_anna(machine, "systemctl --user reload pacd && systemctl --user stop pacd")
    machine.run("loginctl", "disable-linger", "anna")


def _as_anna(guest: Guest, commands: str) -> str:
    """Run commands as a person who has logged in would."""
    script = f'export XDG_RUNTIME_DIR="/run/user/$(id -u)"; cd {PAC}\n{commands}'
    return guest.run("runuser", "--login", "anna", "--command", f"set -eu; {script}").stdout


def test_w37_too_little_memory_costs_a_worker_not_the_daemon(service: Guest) -> None:
    """D2: a process of the unit that wants more than MemoryMax is killed; the daemon goes on."""
    pid = main_pid(service)
    group = service.show("pacd", "ControlGroup")[0]
    service.run(
        "systemctl", "set-property", "--runtime", "pacd", "MemoryMax=300M", "MemorySwapMax=0"
    )
    hungry = service.run(
        "sh",
        "-c",
        f"for g in /sys/fs/cgroup/memory /sys/fs/cgroup; do "
        f"test -d $g{group} && echo $$ >$g{group}/cgroup.procs && break; done; "
        "exec python3 -c \"bytes(10**9).replace(b'a', b'b'); bytearray(b'1') * 10**9\"",
        check=False,
    )
    service.run("systemctl", "set-property", "--runtime", "pacd", "MemoryMax=2G")

    assert hungry.returncode in {-9, 137}, hungry
    assert (pid, "active") == service.show("pacd", "MainPID", "ActiveState")
    assert answers(service)
