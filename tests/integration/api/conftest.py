"""A short place for sockets: their paths hold at most 107 bytes (unix(7))."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory of its own that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="pacd-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)
