"""The socket's place in the file system."""

import socket
import stat
from pathlib import Path

import pytest

from pacd.api.listener import Listener
from pacd.errors import BusyError, ConfigError
from tests.fakes import FakeDaemon
from tests.serving import connected, exchange, request, serving, status_of


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_w43_rights_are_set_before_anybody_can_connect(place: Path) -> None:
    """w43: directory 0750, socket 0660, both before listen()."""
    path = place / "run" / "pacd.sock"
    listener = Listener(path)

    assert (0o750, 0o660) == (_mode(path.parent), _mode(path))
    with pytest.raises(ConnectionRefusedError):
        connected(path)

    listener.release()

    assert not path.exists()


def test_w43_a_directory_that_is_there_keeps_its_mode(place: Path) -> None:
    """w43: systemd's RuntimeDirectoryMode is the owner's wish."""
    Listener(place / "pacd.sock").release()

    assert 0o755 == _mode(place)


def test_w43_a_second_instance_is_refused(place: Path) -> None:
    """w43: it says whom it met, and the first goes on."""
    with serving(FakeDaemon(), place / "pacd.sock") as path:
        with pytest.raises(BusyError, match=f"Another pacd listens on {path}"):
            Listener(path)

        assert 200 == status_of(exchange(path, request("health")))


def test_w43_a_listener_without_the_lock_is_seen_too(place: Path) -> None:
    """w43: whoever answers on the path keeps it."""
    path = place / "pacd.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(BusyError):
            Listener(path)

    assert path.is_socket()


def test_w43_a_stale_socket_is_replaced(place: Path) -> None:
    """w43: what a killed daemon left behind is no obstacle."""
    path = place / "pacd.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    with serving(FakeDaemon(), path):
        assert 200 == status_of(exchange(path, request("health")))


@pytest.mark.parametrize("kind", ["file", "directory", "link", "dangling link"])
def test_w43_what_is_no_socket_is_left_alone(place: Path, kind: str) -> None:
    """w43: a regular file at the path is never deleted, nor anything else."""
    path = place / "pacd.sock"
    if kind == "file":
        path.write_text("precious")
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("/etc/hostname" if kind == "link" else place / "nothing")

    with pytest.raises(ConfigError, match="no socket, so PAC leaves it alone"):
        Listener(path)

    assert path.is_symlink() or path.exists()
    assert kind != "file" or path.read_text() == "precious"


@pytest.mark.parametrize("name", ["x" * 120, "no/" * 3 + "x" * 300])
def test_w43_a_path_that_cannot_be_is_a_sentence(place: Path, name: str) -> None:
    """w43: sun_path holds 108 bytes (unix(7)); the answer says what to change."""
    with pytest.raises(ConfigError, match=r"Cannot listen on .*Name another path"):
        Listener(place / name)


def test_w43_a_socket_that_took_our_place_is_not_removed(place: Path) -> None:
    """w43: at its end a daemon removes its own socket and no other."""
    path = place / "pacd.sock"
    listener = Listener(path)
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        listener.release()

        assert path.is_socket()
