"""Real credentials of real processes."""

import grp
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import FakeDaemon
from tests.serving import environment, serving

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

_GROUP = 54_321
_STRANGER = 54_322

# Loads what it needs, then becomes another user, then asks.
_CLIENT = """
import os, socket, sys
path, verb, method, uid, gid, groups = sys.argv[1:]
os.setgroups([int(each) for each in groups.split(",") if each])
os.setresgid(*[int(gid)] * 3)
os.setresuid(*[int(uid)] * 3)
connection = socket.socket(socket.AF_UNIX)
connection.connect(path)
connection.sendall(
    f"{method} /v1/{verb} HTTP/1.1\\r\\nHost: pacd\\r\\nContent-Length: 0\\r\\n\\r\\n".encode()
)
print(connection.recv(65536).split()[1].decode())
"""

_PACCTL = """
import os, sys, grp, locale
from pacctl.__main__ import main
import pacctl.commands.status
os.setgroups([])
os.setresgid(54322, 54322, 54322)
os.setresuid(54322, 54322, 54322)
sys.exit(main(sys.argv[1:]))
"""


def _asked(path: Path, verb: str, method: str, uid: int, gid: int, groups: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", _CLIENT, str(path), verb, method, str(uid), str(gid), groups],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("uid", "gid", "groups", "read", "write"),
    [
        pytest.param(0, 0, "", "200", "200", id="root"),
        pytest.param(1_234, _GROUP, "", "200", "403", id="primary-group"),
        pytest.param(1_234, 1_234, f"7,{_GROUP},9", "200", "403", id="supplementary-group"),
        pytest.param(
            1_234, 1_234, ",".join(map(str, range(60_000, 60_200))) + f",{_GROUP}", "200", "403",
            id="many-groups",
        ),
        pytest.param(1_234, 1_234, "", "403", "403", id="stranger"),
        pytest.param(65_534, _GROUP, "", "403", "403", id="nobody"),
    ],
)  # fmt: skip
def test_w44_credentials_decide(
    place: Path, uid: int, gid: int, groups: str, read: str, write: str
) -> None:
    """w44: the kernel's word decides, also when somebody opened the socket to all."""
    daemon = FakeDaemon()
    os.chown(place, -1, _GROUP)
    place.chmod(0o2755)  # the socket takes the directory's group, as under systemd
    with serving(daemon, place / "s") as path:
        path.chmod(0o666)

        assert read == _asked(path, "status", "GET", uid, gid, groups)
        assert write == _asked(path, "pause", "POST", uid, gid, groups)

    assert (write == "200") is bool(daemon.commands)


@pytest.mark.parametrize(
    ("gid", "words"),
    [
        (1, f"Join the group {grp.getgrgid(1).gr_name} (`sudo usermod -aG"),
        (0, "Use sudo, or ask the daemon's owner"),  # nobody should join root's own group
        (_GROUP, "Use sudo, or ask the daemon's owner"),
    ],
)
def test_w48_a_user_without_the_right_is_told_how_to_get_it(
    place: Path, gid: int, words: str
) -> None:
    """w48: permission denied names the group to join, exit 3."""
    with serving(FakeDaemon(), place / "s") as path:
        os.chown(path, -1, gid)
        done = subprocess.run(
            [sys.executable, "-c", _PACCTL, "--socket", str(path), "status"],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )

    assert 3 == done.returncode
    assert f"You may not use {path}. {words}" in done.stderr
