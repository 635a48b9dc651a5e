"""Settings that the environment overrides."""

from pathlib import Path
from typing import Any

import pytest

from pacd.settings import load_settings
from pacd.settings.file import SYSTEM_FILE
from pacd.settings.loaded import flat
from tests.configurations import MUSIC, environ, mistakes, write


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("PACD_WATCH__SETTLE_S", "2.5", "watch.settle_s", 2.5),
        ("PACD_AUDIT__VERIFY_AFTER_DAYS", "7", "audit.verify_after_days", 7),
        ("PACD_FLAC__KEEP_MTIME", "false", "flac.keep_mtime", False),
        ("PACD_FLAC__HARDLINKS", "break", "flac.hardlinks", "break"),
        ("PACD_ARTWORK__ROOT", "/art", "artwork.root", "/art"),
        ("PACD_WATCH__IGNORE", "*.bak, old", "watch.ignore", ["*.bak", "old"]),
        ("PACD_WATCH__IGNORE", '["a,b", "c"]', "watch.ignore", ["a,b", "c"]),
        ("PACD_AUTHENTICITY__DETECTORS", "builtin", "authenticity.detectors", ["builtin"]),
        ("PACD_AUTHENTICITY__SKIP_TAGS", "", "authenticity.skip_tags", []),
    ],
)
def test_variables_override_the_file(
    tmp_path: Path, variable: str, text: str, key: str, value: Any
) -> None:
    """1.1: PACD_<SECTION>__<KEY> counts more than the file, with its type."""
    path = write(tmp_path, f"[watch]\nsettle_s = 5.0\nignore = ['x']\nmax_delay_s = 60\n{MUSIC}")
    settings = load_settings(path, environ(**{variable: text}))

    assert value == flat(settings.effective())[key]
    assert f"${variable}" == settings.origin(key)
    assert 60 == settings.watch.max_delay_s


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("PACD_WATCH__SETTEL_S", "there is no such variable; did you mean `PACD_WATCH__SETTLE_S`?"),
        ("PACD_WATCH_SETTLE_S", "there is no such variable; did you mean `PACD_WATCH__SETTLE_S`?"),
        ("PACD_CONFG", "there is no such variable; did you mean `PACD_CONFIG`?"),
        ("PACD_QQQQQQQQQQQQQQ", "there is no such variable; the nearest there is: `PACD_"),
        ("PACD_LIBRARY__ROOT", "libraries and mirrors are set in the file, not by variables."),
    ],
)
def test_w42_misspelt_variables(tmp_path: Path, variable: str, said: str) -> None:
    """1.1: w42: a PACD_ variable that means nothing is a mistake, not a wish ignored."""
    assert mistakes(write(tmp_path, MUSIC), **{variable: "1"}).startswith(f"${variable}: {said}")


@pytest.mark.skipif(SYSTEM_FILE.exists(), reason="this machine has a system configuration")
@pytest.mark.parametrize(
    ("named", "missing"),
    [
        pytest.param(None, "There is no configuration: neither", id="no file at all"),
        pytest.param(Path("/gone.toml"), "/gone.toml: there is no such file", id="named"),
    ],
)
def test_w42_misspelt_variables_without_a_file(named: Path | None, missing: str) -> None:
    """1.1: w42: what was meant to name the file is told beside the file that is missing."""
    said = mistakes(named, PACD_CONFG="/srv/pacd.toml")

    assert said.startswith("The configuration has 2 mistakes:\n  $PACD_CONFG: there is no such")
    assert f"did you mean `PACD_CONFIG`?\n  {missing}" in said


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("PACD_WATCH__SETTLE_S", "soon", "`settle_s` in [watch] is 'soon', but it should be"),
        ("PACD_WATCH__IGNORE", "[1", "it is not a list in JSON"),
        ("PACD_WATCH__MODE", "", "`mode` in [watch] is '', but it should be 'auto'"),
    ],
)
def test_wrong_values_of_variables(tmp_path: Path, variable: str, text: str, said: str) -> None:
    """1.1: a wrong value is told under the variable's name, not the file's."""
    found = mistakes(write(tmp_path, MUSIC), **{variable: text})

    assert found.startswith(f"${variable}: ")
    assert said in found


def test_other_variables_are_left_alone(tmp_path: Path) -> None:
    """1.1: PACD_SOCKET is pacctl's; what does not begin with PACD_ is nobody's business here."""
    settings = load_settings(write(tmp_path, MUSIC), environ(PACD_SOCKET="/x", PAC="1", pacd_x="1"))

    assert Path("/run/pacd/pacd.sock") == settings.socket
