"""The units under a real systemd that is booted for it; tests/thorough has more of them."""

import subprocess

import pytest

from tests.audio import write_flac
from tests.booting import Guest
from tests.e2e.albums import make_album
from tests.e2e.installed import (
    CONFIG,
    CONFIG_AT,
    asked,
    await_another,
    main_pid,
    setting,
)
from tests.e2e.running import until


def test_w32_w38_the_readme_installs_a_service_that_runs(service: Guest) -> None:
    """D2, Q2: its lines, copied, end in an enabled service of its own user that answers."""
    facts = service.show("pacd", "ActiveState", "UnitFileState", "User", "Type")

    assert ("active", "enabled", "pacd", "notify") == facts
    assert "pacd" in service.run("id", "--name", "--user", "pacd").stdout
    assert "0750" == service.run("stat", "--format=%#a", "/run/pacd").stdout.strip()
    assert "0700" == service.run("stat", "--format=%#a", "/var/lib/pacd").stdout.strip()


def test_w32_start_returns_once_it_answers(service: Guest) -> None:
    """D2: READY=1 comes when configuration, database and socket are there, and not before."""
    service.run("systemctl", "stop", "pacd")
    service.run("systemctl", "start", "pacd")

    assert "music" == asked(service)["libraries"][0]["name"]
    until(lambda: "Watching music" == service.show("pacd", "StatusText")[0])


def test_d2_every_tool_works_in_the_sandbox(service: Guest) -> None:
    """D2, w31, w39: hi-res to CD form, level 8, covers, Opus, AAC: all that PAC does, it may do."""
    album, draft = service.at("/srv/music/Sandbox"), service.at("/srv/elsewhere/Sandbox")
    make_album(draft, tracks=1, seconds=1.0)
    write_flac(draft / "02 - Hi-res.flac", rate=96_000, bits=24, seconds=1.0)
    service.run("chown", "-R", "pacd:pacd", "/srv/elsewhere/Sandbox")
    service.run("mv", "/srv/elsewhere/Sandbox", "/srv/music")
    wanted = [
        service.at(f"/srv/music-{kind}/Sandbox/{name}.{suffix}")
        for kind, suffix in (("opus", "opus"), ("aac", "m4a"))
        for name in ("01 - Träck 1", "02 - Hi-res")
    ]
    until(lambda: all(path.exists() for path in wanted), what="for the outputs")
    until(lambda: asked(service)["state"] == "watching", what="for rest")
    status = asked(service)
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
    inside = ["nsenter", f"--target={main_pid(service)}", "--mount", "sh", "-c"]
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
    pid = main_pid(service)
    service.at(CONFIG_AT).write_text(CONFIG.replace("settle_s = 0.2", "settle_s = 0.3"))
    service.run("systemctl", "reload", "pacd")
    until(lambda: 0.3 == setting(service, "watch.settle_s"))
    until(lambda: "running" == service.show("pacd", "SubState")[0])

    assert (pid, "active") == service.show("pacd", "MainPID", "ActiveState")


def test_w36_reload_refuses_a_bad_configuration(service: Guest) -> None:
    """D2: `systemctl reload` fails with the reason in the journal; the old one stays in force."""
    pid = main_pid(service)
    service.at(CONFIG_AT).write_text(CONFIG.replace("settle_s = 0.2", "settel_s = 0.3"))
    done = service.run("systemctl", "reload", "pacd", check=False)

    assert 0 != done.returncode
    assert (pid, "active") == service.show("pacd", "MainPID", "ActiveState")
    assert 0.2 == setting(service, "watch.settle_s")
    assert f"pacd: {CONFIG_AT}:3: there is no key `settel_s`" in service.journal("pacd")


def test_w33_a_frozen_daemon_is_restarted(service: Guest) -> None:
    """D2: a stopped main thread sends no ping, so systemd ends it; where it hung is written."""
    pid = main_pid(service)
    service.run("kill", "-STOP", pid)
    await_another(service, pid)
    until(lambda: "Fatal Python error: Aborted" in service.written_by(pid), what="for its words")

    assert "music" == asked(service)["libraries"][0]["name"]


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
