"""The short form of `make test-faults`: calls that fail, processes that die, until none is left."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from faults.gate import KILL, NoGateError, forked
from faults.naming import KINDS, PERMANENT, Came, misnamed
from faults.scenes import NOW, READING, SCENES
from faults.striking import Strike
from faults.syscalls import WRITING, Kind
from faults.trials import Tally, Trial
from pacd.errors import FailureKind, StoreError
from pacd.planning.setbacks import held_for, waiting_for
from pacd.store.database import Store
from tests.builders import setback


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
        pytest.param("database: a test", errno.ENOSPC, True, id="record-a-test-without-room"),
        pytest.param("database: an output", errno.EIO, False, id="record-an-output-one-bad-call"),
        pytest.param("database: a hold", errno.EDQUOT, True, id="hold-over-quota"),
        pytest.param("database: the end of a hold", errno.EROFS, False, id="end-a-hold-read-only"),
    ],
)
def test_no_failing_call_does_harm(name: str, number: int, *, lasting: bool, place: Path) -> None:
    """D3, w18: the 1st, 2nd, 3rd … call fails; all is old or new, told by kind, and mended."""
    tally = strike_all(name, place, number, lasting=lasting)

    assert ([], 0, 0, 0) == (tally.wrong, tally.lost, tally.temporaries, tally.duplicates)
    assert tally.faults >= 3


@pytest.mark.parametrize(
    ("number", "only_reads", "how", "wrong"),
    [
        (errno.ENOSPC, False, "no-space", []),
        (errno.ENOSPC, False, "io", ["it came to io, not to ENOSPC or no-space"]),
        (errno.EDQUOT, False, "EIO", ["it came to EIO, not to EDQUOT or no-space"]),
        (errno.EROFS, True, "target-shut", ["it came to target-shut, not to EROFS or read-only"]),
        (errno.EPERM, True, "permission", ["it came to permission, not to EPERM or target-shut"]),
        (
            errno.EPERM,
            False,
            "source-changed",
            ["it came to source-changed, not to EPERM or permission"],
        ),
        (errno.EIO, False, "fault", ["it came to fault, not to EIO or io"]),
    ],
)
def test_w18_each_error_is_told_as_what_it_is(
    number: int, how: str, wrong: list[str], *, only_reads: bool
) -> None:
    """w18: the trials take no other kind of failure than that of the very error."""
    scene = replace(SCENES[0], only_reads=only_reads)
    strike = Strike(WRITING, number, 1, ())

    assert wrong == list(misnamed(Came(how), strike, scene))


@pytest.mark.parametrize("kind", sorted({*KINDS.values(), FailureKind.TARGET_SHUT}))
def test_w18_each_kind_is_tried_again_or_held_as_specified(kind: FailureKind) -> None:
    """w18, H1: a right that is refused is a person's to mend, at once; a disk's error passes."""
    first = setback(kind=kind)

    assert (kind in PERMANENT) == (held_for(first) is not None)
    assert (kind in PERMANENT) == (waiting_for(first, first.retry_at) is not None)


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


@pytest.mark.parametrize("nth", [1, 3, 5])
def test_a_database_that_cannot_be_made_is_told_in_words(nth: int, place: Path) -> None:
    """D3, w18: yoyo passes over a commit that fails, and stumbles over it later."""
    state = place / "state"
    state.mkdir()
    strike = Strike(frozenset({Kind.SYNC}), errno.ENOSPC, nth, (place,), lasting=True)
    try:
        said, _status = forked(lambda: _opening(state / "pacd.db"), strike, strike.kinds)
    except NoGateError as error:
        pytest.skip(str(error))

    assert (True, b"a migration failed") == (bool(strike.struck), said.partition(b":")[0])
    assert [] == [path for path in state.iterdir() if path.name == "pacd.db"]


def _opening(database: Path) -> bytes:
    try:
        Store.open(database, now=NOW).close()
    except StoreError as error:
        return str(error).encode()
    return b"it was made"


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
