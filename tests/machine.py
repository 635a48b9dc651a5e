"""What tests need of the machine: another user, a folder for all, a disk that is soon full."""

import os
import pickle
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

NOBODY = 65_534


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Make a folder that everybody may use; pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="pacd-test-"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """
    Mount a disk of one mebibyte.

    Skips the test where this user may not.
    """
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "pacd-test", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(filler: Path) -> None:
    """Take all the room there is."""
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)) == 4096:
            pass


@contextmanager
def full_disk(place: Path) -> Iterator[Path]:
    """Mount a small disk and fill it; yield the path of a file there that holds nothing yet."""
    with small_disk(place) as disk:
        empty = disk / "empty"
        empty.touch()
        fill(disk / "filler")
        yield empty


def as_nobody(work: Callable[[], Any]) -> Any:
    """
    Call work in a child process with the rights of nobody; return its result.

    Skips the test where this user cannot become another.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _live(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    assert told, "the child died"
    return pickle.loads(told)  # noqa: S301  # our own child wrote it


def _live(work: Callable[[], Any], writing: int) -> None:
    """Do the work and leave without any of pytest's cleaning up."""
    try:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.write(writing, pickle.dumps(work()))
    finally:
        os._exit(0)
