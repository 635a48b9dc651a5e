"""Folders and sockets: where they lie, and which may not meet."""

import os
from pathlib import Path

import pytest

from pacd.settings import load_settings
from tests.configurations import MUSIC, environ, mistakes, write


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            MUSIC + "[[library.mirror]]\nroot = '/srv/music/opus'",
            "the mirror opus of music (/srv/music/opus) lies inside the library music (/srv/music)",
            id="mirror-in-library",
        ),
        pytest.param(
            MUSIC + "[[library]]\nroot = '/srv'\nname = 'all'",
            "the library music (/srv/music) lies inside the library all (/srv)",
            id="library-in-library",
        ),
        pytest.param(
            "[artwork]\nroot = '/srv/music'\n" + MUSIC,
            "the library music (/srv/music) and `root` in [artwork] (/srv/music) are the same",
            id="artwork-is-library",
        ),
        pytest.param(
            "[spectrogram]\nenabled = true\nroot = '/srv/music/s'\n" + MUSIC,
            "`root` in [spectrogram] (/srv/music/s) lies inside the library music (/srv/music)",
            id="spectrogram-in-library",
        ),
        pytest.param(
            "[daemon]\nstate_dir = '/srv/music/.state'\n" + MUSIC,
            "the state directory (/srv/music/.state) lies inside the library music (/srv/music)",
            id="state-in-library",
        ),
        pytest.param(
            "[[library]]\nroot = '~/Music'",
            "`root` in [artwork] (/home/anna/Music/_art) lies inside the library Music "
            "(/home/anna/Music)",
            id="default-artwork",
        ),
    ],
)
def test_roots_inside_one_another(tmp_path: Path, text: str, said: str) -> None:
    """1.2: libraries, mirrors, artwork, spectrograms and state are kept apart; both are named."""
    assert said in mistakes(write(tmp_path, text))


def test_links_do_not_hide_that_roots_meet(tmp_path: Path) -> None:
    """1.2: a root that leads into another through a link is found out."""
    (tmp_path / "music").mkdir()
    (tmp_path / "link").symlink_to("music")
    path = write(tmp_path, "[[library]]\nroot = 'music'\n[[library.mirror]]\nroot = 'link/opus'\n")

    assert (
        f"the mirror opus of music ({tmp_path}/link/opus) lies inside "
        f"the library music ({tmp_path}/music)"
    ) in mistakes(path)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[artwork]\nenabled = false\nroot = '/srv/music/art'", id="artwork-off"),
        pytest.param("[spectrogram]\nroot = '/srv/music/art'", id="spectrogram-off"),
        pytest.param("[artwork]\nroot = '/srv/music-art'", id="only-the-name-begins-alike"),
    ],
)
def test_roots_that_do_not_matter(tmp_path: Path, text: str) -> None:
    """1.2: what is switched off, or only looks alike, is no mistake."""
    settings = load_settings(write(tmp_path, f"{text}\n{MUSIC}"), environ())

    assert ["music"] == [library.name for library in settings.libraries()]


def test_paths_become_absolute(tmp_path: Path) -> None:
    """1.2: ~ is $HOME; relative paths of the file start beside it, wherever pacd is started."""
    settings = load_settings(
        write(tmp_path, "[artwork]\nroot = '../art'\n[[library]]\nroot = 'music'\n"),
        environ(PACD_DAEMON__STATE_DIR="~/state", PACD_TAGGING__MODELS_DIR="models"),
    )

    assert tmp_path / "music" == settings.libraries()[0].root
    assert tmp_path / "../art" == settings.libraries()[0].artwork.root
    assert Path("/home/anna/state") == settings.state_dir
    assert Path.cwd() / "models" == settings.sections.tagging.models_dir


def test_a_path_that_is_not_utf8(tmp_path: Path) -> None:
    """1.2: the environment may hold any bytes, and so may a path."""
    settings = load_settings(
        write(tmp_path, MUSIC), environ(PACD_DAEMON__STATE_DIR="/var/caf\udce9")
    )

    assert b"/var/caf\xe9" == os.fsencode(settings.state_dir)


@pytest.mark.parametrize(
    ("variables", "state_dir", "origin"),
    [
        ({}, "/home/anna/.local/state/pacd", "default"),
        ({"XDG_STATE_HOME": "/x"}, "/x/pacd", "$XDG_STATE_HOME"),
        ({"XDG_STATE_HOME": "x"}, "/home/anna/.local/state/pacd", "default"),
        ({"XDG_STATE_HOME": "/x", "STATE_DIRECTORY": "/a:/b"}, "/a", "$STATE_DIRECTORY"),
        (
            {"STATE_DIRECTORY": "/a", "PACD_DAEMON__STATE_DIR": "/c"},
            "/c",
            "$PACD_DAEMON__STATE_DIR",
        ),
    ],
)
def test_w39_state_directory(
    tmp_path: Path, variables: dict[str, str], state_dir: str, origin: str
) -> None:
    """1.1: w39: the settings, else systemd, else XDG say where the database lies."""
    settings = load_settings(write(tmp_path, MUSIC), environ(**variables))

    assert (Path(state_dir), origin) == (settings.state_dir, settings.origin("daemon.state_dir"))
    assert state_dir == settings.effective()["daemon"]["state_dir"]


@pytest.mark.parametrize(
    ("variables", "socket", "origin"),
    [
        ({}, "/run/pacd/pacd.sock", "default"),
        ({"XDG_RUNTIME_DIR": "/r"}, "/r/pacd/pacd.sock", "$XDG_RUNTIME_DIR"),
        (
            {"XDG_RUNTIME_DIR": "/r", "RUNTIME_DIRECTORY": "/a:/b"},
            "/a/pacd.sock",
            "$RUNTIME_DIRECTORY",
        ),
        (
            {"RUNTIME_DIRECTORY": "/a", "PACD_DAEMON__SOCKET": "/c"},
            "/c",
            "$PACD_DAEMON__SOCKET",
        ),
    ],
)
def test_w39_socket(tmp_path: Path, variables: dict[str, str], socket: str, origin: str) -> None:
    """1.1: w39: the settings, else systemd, else XDG, else /run say where the socket is."""
    settings = load_settings(write(tmp_path, MUSIC), environ(**variables))

    assert (Path(socket), origin) == (settings.socket, settings.origin("daemon.socket"))


def test_a_socket_path_linux_cannot_take(tmp_path: Path) -> None:
    """1.1: a socket path above 107 bytes is refused now, not when it is bound."""
    path = write(tmp_path, MUSIC)
    fits = "/" + "s" * 106

    assert Path(fits) == load_settings(path, environ(PACD_DAEMON__SOCKET=fits)).socket
    assert "of 108 bytes, and Linux allows 107" in mistakes(path, PACD_DAEMON__SOCKET=fits + "s")
