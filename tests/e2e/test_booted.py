"""The units under a real systemd that is booted for it, installed as README.md says."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
"""

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
