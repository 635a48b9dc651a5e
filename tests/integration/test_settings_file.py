"""Which configuration file counts, and files that are none."""

import tomllib
from pathlib import Path

import pytest

from pacd.settings import load_settings
from pacd.settings.file import SYSTEM_FILE
from tests.configurations import mistakes


def _named(folder: Path, name: str) -> Path:
    path = folder / "pacd.toml"
    path.parent.mkdir(parents=True)
    path.write_text(f'[[library]]\nname = "{name}"\nroot = "/srv/music"\n')
    return path


def test_the_first_file_of_the_search_counts(tmp_path: Path) -> None:
    """1.1: --config, else $PACD_CONFIG, else $XDG_CONFIG_HOME/pacd, else ~/.config/pacd."""
    option = _named(tmp_path / "option", "option")
    variable = _named(tmp_path / "variable", "variable")
    _named(tmp_path / "xdg/pacd", "xdg")
    _named(tmp_path / "home/.config/pacd", "home")
    variables = {"HOME": str(tmp_path / "home")}
    found = [load_settings(None, variables)]
    variables["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
    found.append(load_settings(None, variables))
    variables["PACD_CONFIG"] = str(variable)
    found.append(load_settings(None, variables))
    found.append(load_settings(option, variables))

    assert ["home", "xdg", "variable", "option"] == [
        settings.libraries()[0].name for settings in found
    ]
    assert option == found[-1].source


def test_w42_a_named_file_that_is_missing(tmp_path: Path) -> None:
    """1.1: w42: a missing file is a mistake if it was named; a variable is told apart."""
    gone = tmp_path / "gone.toml"

    assert f"{gone}: there is no such file." == mistakes(gone)
    assert f"{gone}: $PACD_CONFIG names a file that is not there." == mistakes(
        None, PACD_CONFIG=str(gone)
    )


@pytest.mark.parametrize(
    ("named", "near"),
    [
        ("pacd.tml", "; did you mean `{}/pacd.toml`?"),
        ("paacd/pacd.toml", "; did you mean `{}/pacd`?"),
        ("notes.txd", "; the nearest there is: `{}/pacd.toml`."),
        ("pacd.lo", "; did you mean `{}/pacd.toml`?"),
        ("music.cfg", "; the nearest there is: `{}/pacd.toml`."),
    ],
)
def test_w42_the_nearest_right_name_of_a_file(tmp_path: Path, named: str, near: str) -> None:
    """1.1: w42: a named file that is missing comes with the one that was probably meant."""
    (tmp_path / "pacd").mkdir()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "pacd.log").touch()
    (tmp_path / "pacd.toml").touch()
    gone = tmp_path / named
    said = f"{gone}: there is no such file{near.format(tmp_path)}"

    assert said == mistakes(gone)


@pytest.mark.skipif(SYSTEM_FILE.exists(), reason="this machine has a system configuration")
def test_no_file_at_all_says_how_to_write_one(tmp_path: Path) -> None:
    """1.1: the first start tells where the file goes and what stands in it."""
    said = mistakes(None, HOME=str(tmp_path))
    example = tomllib.loads(said.partition("\n")[2])

    assert f"{tmp_path}/.config/pacd/pacd.toml" in said
    assert str(SYSTEM_FILE) in said
    assert "/srv/music" == example["library"][0]["root"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"[watch]\nsettle_s =\n", ":2: is not valid TOML: Invalid value.", id="toml"),
        pytest.param(b"[watch]\n[watch]\n", ":2: is not valid TOML: ", id="twice"),
        pytest.param(b'a = "x', ":1: is not valid TOML: ", id="end"),
        pytest.param(b"# ok\n# caf\xe9\n", ":2: is not UTF-8; save it as UTF-8.", id="latin-1"),
    ],
)
def test_w42_a_file_that_is_no_toml(tmp_path: Path, content: bytes, said: str) -> None:
    """1.1: w42: file and line are named, and what is wrong there."""
    path = tmp_path / "pacd.toml"
    path.write_bytes(content)

    assert mistakes(path).startswith(f"{path}{said}")


def test_w42_a_folder_is_no_file(tmp_path: Path) -> None:
    """1.1: w42: what cannot be read is said in the system's words."""
    assert f"{tmp_path}: cannot be read: Is a directory." == mistakes(tmp_path)
