"""What the set-up adds to a machine's apt sources."""

import pytest

from scripts.apt_components import from_lines, from_stanzas

STANZAS = """Types: deb
# the mirror next door
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF

Types: deb
URIs: https://deb.example/node_20.x
Suites: nodistro
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main contrib non-free-firmware
"""

WANTED = """Types: deb
# the mirror next door
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: contrib non-free
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: non-free
"""


def test_stanzas_keep_mirror_and_keys() -> None:
    """M2, Q1: Debian's sources are copied with the components they lack; others are not."""
    assert WANTED == from_stanzas(STANZAS)
    assert not from_stanzas(WANTED)
    assert not from_stanzas("")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("deb http://m.example/debian bookworm main", "contrib non-free"),
        ("deb [arch=amd64 signed-by=/k] http://m.example/debian bookworm main", "contrib non-free"),
        ("deb http://m.example/debian bookworm main contrib # all", "non-free"),
        ("deb http://m.example/debian bookworm main contrib non-free", ""),
        ("deb http://m.example/debian bookworm contrib", ""),
        ("deb-src http://m.example/debian bookworm main", ""),
        ("# deb http://m.example/debian bookworm main", ""),
        ("deb https://packages.example/apt cloud main", ""),
        ("", ""),
    ],
)
def test_lines_keep_mirror_and_options(line: str, wanted: str) -> None:
    """M2, Q1: the older form of sources likewise."""
    kept = line.split(" main", maxsplit=1)[0]

    assert (f"{kept} {wanted}\n" if wanted else "") == from_lines(line)
