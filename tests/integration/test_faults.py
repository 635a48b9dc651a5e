"""The short form of `make test-faults`: calls that fail, processes that die, until none is left."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.gate import KILL, NoGateError, forked
from faults.scenes import READING, SCENES
from faults.striking import Strike
from faults.syscalls import WRITING, Kind
from faults.trials import Tally, Trial


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory, where there is one: nothing here is about the disk itself."""
    memory = Path("/dev/shm")  # noqa: S108  # our own folder in it
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder)


def strike_all(name: str, place: Path, number: int, *, lasting: bool) -> Tally:
    """Strike every writing call of a scene in turn."""
    tally = Tally()
    scene = next(each for each in SCENES if each.name == name)
    try:
        trial = Trial(scene, place, tally)
        trial.until_clean(errno.errorcode.get(number, "killed"), WRITING, number, lasting=lasting)
    except NoGateError as error:
        pytest.skip(str(error))
    return tally


@pytest.mark.parametrize(
    ("name", "number", "lasting"),
    [
        pytest.param("set COMPRESSION", errno.ENOSPC, True, id="set-compression-on-a-full-disk"),
        pytest.param("copy sidecars", errno.EIO, False, id="copy-sidecars-one-bad-call"),
        pytest.param("retag opus", errno.EDQUOT, False, id="retag-over-quota-once"),
        pytest.param("rename an output", errno.EROFS, True, id="rename-when-it-became-read-only"),
        pytest.param("restore by exchange", errno.EIO, True, id="restore-on-a-dying-disk"),
        pytest.param("database: a transaction", errno.ENOSPC, True, id="transaction-without-room"),
    ],
)
def test_no_failing_call_does_harm(name: str, number: int, *, lasting: bool, place: Path) -> None:
    """D3, w18: the 1st, 2nd, 3rd … call fails; all is old or new, told by kind, and mended."""
    tally = strike_all(name, place, number, lasting=lasting)

    assert ([], 0, 0, 0) == (tally.wrong, tally.lost, tally.temporaries, tally.duplicates)
    assert tally.faults >= 3


@pytest.mark.parametrize("name", ["recompress", "restore by exchange", "rename an output"])
def test_no_kill_between_two_calls_does_harm(name: str, place: Path) -> None:
    """D3, M12, w17: killed before each of its calls, and done again at the next start."""
    tally = strike_all(name, place, KILL, lasting=False)

    assert ([], 0, 0, 0) == (tally.wrong, tally.lost, tally.temporaries, tally.duplicates)
    assert tally.kills > 10


def test_a_read_that_fails_is_no_damage(place: Path) -> None:
    """F1, D3: flac takes it for damage; a sound master is not held for a moment of its disk."""
    tally = Tally()
    try:
        Trial(READING[0], place, tally).until_clean("EIO", {Kind.READ}, errno.EIO, lasting=False)
    except NoGateError as error:
        pytest.skip(str(error))

    assert [] == tally.wrong
    assert {("EIO", "io")} == set(tally.came)


def test_the_gate_stops_what_it_is_told_to(tmp_path: Path) -> None:
    """D3: a fault is a real one: the call is not made, and who asked is told the error."""
    target = tmp_path / "x"

    def work() -> bytes:
        target.write_bytes(b"first")
        try:
            target.write_bytes(b"second")
        except OSError as error:
            return str(error.errno).encode()
        return b"written"

    strike = Strike(frozenset({Kind.WRITE}), errno.EDQUOT, 2, (tmp_path,))
    try:
        said, status = forked(work, strike)
    except NoGateError as error:
        pytest.skip(str(error))

    assert (str(errno.EDQUOT).encode(), 0) == (said, status)
    assert (2, 1, b"") == (strike.seen, strike.struck, target.read_bytes())
