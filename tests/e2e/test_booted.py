"""The units under a real systemd that is booted for it, installed as README.md says."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.audio import encode_pcm, pcm, write_flac
from tests.booting import PAC, REPOSITORY, Guest, booted
from tests.e2e.albums import make_album
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
WatchdogSec=2
RestartSec=100ms
CPUSchedulingPolicy=other
Nice=0
"""

ROOTS = ("/srv/music", "/srv/music-opus", "/srv/music-aac", "/srv/music-art")
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


def _asked(guest: Guest, verb: str = "status") -> Any:
    answer = exchange(guest.at(SOCKET), request(verb))
    assert status_of(answer) == 200, answer
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def _answers(guest: Guest) -> bool:
    try:
        return bool(_asked(guest))
    except (OSError, AssertionError):
        return False


def _main_pid(guest: Guest) -> str:
    return guest.show("pacd", "MainPID")[0]


def _await_another(guest: Guest, pid: str) -> None:
    """Wait until systemd has started another main process, and it answers."""
    until(lambda: _main_pid(guest) not in {"0", pid} and _answers(guest))


def test_w32_w38_the_readme_installs_a_service_that_runs(service: Guest) -> None:
    """D2, Q2: its lines, copied, end in an enabled service of its own user that answers."""
    facts = service.show("pacd", "ActiveState", "UnitFileState", "User", "Type", "NRestarts")

    assert ("active", "enabled", "pacd", "notify", "0") == facts
    assert "pacd" in service.run("id", "--name", "--user", "pacd").stdout
    assert "0750" == service.run("stat", "--format=%#a", "/run/pacd").stdout.strip()
    assert "0700" == service.run("stat", "--format=%#a", "/var/lib/pacd").stdout.strip()


def test_w32_start_returns_once_it_answers(service: Guest) -> None:
    """D2: READY=1 comes when configuration, database and socket are there, and not before."""
    service.run("systemctl", "stop", "pacd")
    service.run("systemctl", "start", "pacd")

    assert "music" == _asked(service)["libraries"][0]["name"]
    until(lambda: "Watching music" == service.show("pacd", "StatusText")[0])


def test_d2_every_tool_works_in_the_sandbox(service: Guest) -> None:
    """D2, w31, w39: hi-res to CD form, level 8, covers, Opus, AAC: all that PAC does, it may do."""
    album = service.at("/srv/music/Artist/Sandbox")
    make_album(album, tracks=1, seconds=1.0)
    write_flac(album / "02 - Hi-res.flac", rate=96_000, bits=24, seconds=1.0)
    service.run("chown", "-R", "pacd:pacd", "/srv/music/Artist")
    wanted = [
        service.at(f"/srv/music-{kind}/Artist/Sandbox/{name}.{suffix}")
        for kind, suffix in (("opus", "opus"), ("aac", "m4a"))
        for name in ("01 - Träck 1", "02 - Hi-res")
    ]
    until(lambda: all(path.exists() for path in wanted), what="for the outputs")
    until(lambda: _asked(service)["state"] == "watching", what="for rest")
    status = _asked(service)
    rate = subprocess.run(
        ["metaflac", "--show-sample-rate", album / "02 - Hi-res.flac"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "44100" == rate.stdout.strip()
    assert [] == status["problems"]
    assert {"error": 0, "suspect": 0, "notice": 0} == status["holds"]
    assert (status["watch"]["directories"], "inotify") == (
        status["watch"]["watched"],
        status["watch"]["mode"],
    )
    assert any(service.at("/srv/music-art").rglob("front.*"))


def test_w38_only_what_the_drop_in_names_can_be_written(service: Guest) -> None:
    """D2, w38: in the daemon's view of the machine all else is read-only or out of sight."""
    inside = ["nsenter", f"--target={_main_pid(service)}", "--mount", "sh", "-c"]
    for place in ("/srv/elsewhere", "/etc", "/usr", "/var/lib"):
        done = service.run(*inside, f"touch {place}/test", check=False)

        assert "Read-only file system" in done.stderr
    service.run(*inside, "touch /srv/music/.test && rm /srv/music/.test")
    service.run(*inside, "test ! -e /home/anna && test ! -e /dev/kmsg")


@pytest.mark.parametrize(
    ("who", "verb", "code"),
    [
        pytest.param("anna", "status", 0, id="the group may look"),
        pytest.param("anna", "pause", 6, id="the group may not command"),
        pytest.param("bert", "status", 3, id="others get nowhere"),
        pytest.param("root", "reload", 0, id="root may command"),
    ],
)
def test_w44_who_may_what_under_the_unit(service: Guest, who: str, verb: str, code: int) -> None:
    """X1, D2: in the unit's user namespace callers are known by their uid, whatever the sandbox."""
    service.run("usermod", "--append", "--groups", "pacd", "anna")
    done = service.run("runuser", "--user", who, "--", "pacctl", verb, check=False)

    assert code == done.returncode, done.stderr


def test_w36_reload_takes_a_good_configuration(service: Guest) -> None:
    """D2: `systemctl reload` puts it in force; the process and its state stay."""
    pid = _main_pid(service)
    service.at(CONFIG_AT).write_text(CONFIG.replace("settle_s = 0.2", "settle_s = 0.3"))
    service.run("systemctl", "reload", "pacd")
    until(lambda: 0.3 == _setting(service, "watch.settle_s"))
    until(lambda: "running" == service.show("pacd", "SubState")[0])

    assert (pid, "active") == service.show("pacd", "MainPID", "ActiveState")


def test_w36_reload_refuses_a_bad_configuration(service: Guest) -> None:
    """D2: `systemctl reload` fails with the reason in the journal; the old one stays in force."""
    pid = _main_pid(service)
    service.at(CONFIG_AT).write_text(CONFIG.replace("settle_s = 0.2", "settel_s = 0.3"))
    done = service.run("systemctl", "reload", "pacd", check=False)

    assert 0 != done.returncode
    assert (pid, "active") == service.show("pacd", "MainPID", "ActiveState")
    assert 0.2 == _setting(service, "watch.settle_s")
    assert f"pacd: {CONFIG_AT}:3: there is no key `settel_s`" in service.journal("pacd")


def _setting(guest: Guest, key: str) -> Any:
    return {each["key"]: each["value"] for each in _asked(guest, "config")["settings"]}[key]


@pytest.mark.parametrize("number", ["STOP", "KILL"])
def test_w33_a_frozen_or_killed_daemon_is_restarted(service: Guest, number: str) -> None:
    """D2: a stopped main thread sends no ping, so systemd ends it; a dead one is seen at once."""
    pid = _main_pid(service)
    service.run("kill", f"-{number}", pid)
    _await_another(service, pid)

    assert "active" == service.show("pacd", "ActiveState")[0]


def test_w32_a_bad_configuration_is_no_restart_loop(service: Guest) -> None:
    """D2, 1.1: one readable line, exit code 78, and systemd leaves it at that."""
    service.at(CONFIG_AT).write_text(CONFIG.replace("settle_s = 0.2", "settle_s = -1"))
    before = service.journal("pacd")
    done = service.run("systemctl", "restart", "pacd", check=False)
    facts = service.show("pacd", "ActiveState", "SubState", "ExecMainStatus", "Result")
    (line,) = [
        line for line in service.journal("pacd")[len(before) :].splitlines() if "pacd: " in line
    ]

    assert 0 != done.returncode
    assert ("failed", "failed", "78", "exit-code") == facts
    assert line.startswith(f"pacd: {CONFIG_AT}:3: `settle_s` in [watch] is -1")


def test_w28_stop_during_work_is_clean(service: Guest) -> None:
    """D2, w28: SIGTERM goes to the daemon alone; it ends with 0 and leaves no process behind."""
    album = service.at("/srv/music/Artist/Stopped")
    album.mkdir(parents=True)
    for number in range(2):
        encode_pcm(album / f"{number}.flac", pcm(1.0, seed=number) * 90, level=0)
    service.run("chown", "-R", "pacd:pacd", "/srv/music/Artist")
    until(lambda: _asked(service)["queue"]["running"], what="for work")
    service.run("systemctl", "stop", "pacd")
    facts = service.show("pacd", "ActiveState", "Result", "ExecMainStatus", "ExecMainCode")

    assert ("inactive", "success", "0", "1") == facts  # CLD_EXITED
    assert "" == service.run("pgrep", "--uid=pacd", check=False).stdout
    assert [] == [path for path in album.iterdir() if path.name.startswith(".pacd-")]


def test_w37_too_little_memory_costs_a_worker_not_the_daemon(service: Guest) -> None:
    """D2: a process of the unit that wants more than MemoryMax is killed; the daemon goes on."""
    pid = _main_pid(service)
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
    assert _answers(service)
