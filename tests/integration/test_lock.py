"""Who may take the lock of a state directory, and who is told what."""

import os
from pathlib import Path

import pytest

from pacd.errors import BusyError
from pacd.files.lock import Lock
from tests.machine import NOBODY, as_nobody, shared_folder


def test_the_second_is_told_who_is_first(tmp_path: Path) -> None:
    """w43: flock knows open files, so this process may play both parts."""
    first = Lock.take(tmp_path / "pacd.lock", "daemon")

    with pytest.raises(BusyError, match=rf"process {os.getpid()}\) runs as the daemon"):
        Lock.take(tmp_path / "pacd.lock", "once")
    first.release()
    Lock.take(tmp_path / "pacd.lock", "once").release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_locks_nobody_out() -> None:
    """S4: a restore by root leaves a lock that the daemon's own user can take."""
    with shared_folder() as folder:
        state = folder / "state"
        state.mkdir()
        os.chown(state, NOBODY, NOBODY)
        Lock.take(state / "pacd.lock", "restore").release()

        assert as_nobody(lambda: Lock.take(state / "pacd.lock", "daemon").release()) is None
