"""Who may take the lock of a state directory, and who is told what."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pacd.errors import BusyError, UnwritableError
from pacd.files.lock import Lock
from tests.machine import NOBODY, as_nobody, shared_folder
from tests.mounts import ext4


def test_the_second_is_told_who_is_first(tmp_path: Path) -> None:
    """w43: flock knows open files, so this process may play both parts."""
    first = Lock.take(tmp_path / "pacd.lock", "daemon")

    with pytest.raises(BusyError, match=rf"process {os.getpid()}\) runs as the daemon"):
        Lock.take(tmp_path / "pacd.lock", "once")
    first.release()
    Lock.take(tmp_path / "pacd.lock", "once").release()


def _refusal(work: Callable[[], object]) -> str:
    """What is said where the disk is at fault, and not another pacd."""
    with pytest.raises(UnwritableError) as refused:
        work()
    return str(refused.value)


def test_a_place_that_cannot_be_is_named(tmp_path: Path) -> None:
    """D3: below a file there is no state directory: which, and what to set."""
    (tmp_path / "file").touch()
    lock = tmp_path / "file" / "state" / "pacd.lock"
    wanted = f"{lock} cannot be locked: Not a directory. Set [daemon] state_dir to "

    assert _refusal(lambda: Lock.take(lock, "daemon")).startswith(wanted)
    assert _refusal(lambda: Lock.probe(lock)).startswith(wanted)


def test_the_directory_of_another_user_is_named() -> None:
    """D3: who may not write there is told so, and what to set."""
    with shared_folder() as folder:
        state = folder / "state"
        state.mkdir(mode=0o700)
        said = as_nobody(lambda: _refusal(lambda: Lock.take(state / "pacd.lock", "daemon")))

    assert said.startswith(f"{state}/pacd.lock cannot be locked: Permission denied. Set [daemon] ")


def test_a_disk_that_fails_is_told_from_one_that_is_read_only(tmp_path: Path) -> None:
    """D3: EROFS and EIO of a real disk, each with its own advice; no descriptor stays open."""
    with ext4(tmp_path) as disk:
        lock = disk.place / "pacd.lock"
        disk.make_read_only()
        read_only = _refusal(lambda: Lock.take(lock, "daemon"))
        disk.unmount()
        disk.mount()
        disk.fail()
        before = len(list(Path("/proc/self/fd").iterdir()))
        failing = _refusal(lambda: Lock.take(lock, "daemon"))

        assert before == len(list(Path("/proc/self/fd").iterdir()))
    assert f"{lock} cannot be locked: Read-only file system. Make its file" in read_only
    assert f"{lock} cannot be locked: Input/output error. Look for disk errors" in failing


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_locks_nobody_out() -> None:
    """S4: a restore by root leaves a lock that the daemon's own user can take."""
    with shared_folder() as folder:
        state = folder / "state"
        state.mkdir()
        os.chown(state, NOBODY, NOBODY)
        Lock.take(state / "pacd.lock", "restore").release()

        assert as_nobody(lambda: Lock.take(state / "pacd.lock", "daemon").release()) is None
