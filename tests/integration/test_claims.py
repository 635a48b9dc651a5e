"""One pacd at a time on a library, whatever state directory each has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pacd.errors import BusyError
from pacd.files.claims import Claims
from tests.machine import small_disk


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "music"
    made.mkdir()
    return made


def test_the_second_is_told_which_library_and_what_to_do(root: Path) -> None:
    """w43: flock knows open files, so this process may play both parts; nothing is written."""
    first, second = Claims(), Claims()
    first.take({"m": root})
    with pytest.raises(BusyError, match=rf"root of library m \({root}\), .*`lslocks` tells"):
        second.take({"m": root})
    assert [] == list(root.iterdir())
    first.release()
    second.take({"m": root})
    second.release()


def test_what_was_claimed_before_stays_so_where_more_is_refused(root: Path, tmp_path: Path) -> None:
    """w43: a reload that is refused changes nothing; one that is not lets go of what it drops."""
    other = tmp_path / "other"
    other.mkdir()
    first, second = Claims(), Claims()
    first.take({"m": root})
    second.take({"o": other})
    with pytest.raises(BusyError):
        first.take({"o": other, "n": tmp_path})
    Claims().take({"n": tmp_path})
    with pytest.raises(BusyError):
        second.take({"o": other, "m": root})
    first.take({})
    second.take({"o": other, "m": root})

    assert () == second.refused


def test_a_root_that_comes_later_is_claimed_then(tmp_path: Path) -> None:
    """w43, w08: and made anew, too; where another process has it by then, that is said."""
    root = tmp_path / "music"
    first, second = Claims(), Claims()
    for each in (first, second):
        each.take({"m": root})
    root.mkdir()
    first.look()
    second.look()

    assert ((), True) == (first.refused, "library m" in second.refused[0])
    root.rename(tmp_path / "old")
    root.mkdir()
    second.look()
    first.look()

    assert ((), True) == (second.refused, "library m" in first.refused[0])


def test_a_program_does_not_inherit_it(root: Path) -> None:
    """w43: what a tool that outlives its daemon holds would keep the next from starting."""
    claims = Claims()
    claims.take({"m": root})
    listed = "import os; print([os.path.realpath(f'/proc/self/fd/{n}') for n in range(3, 64)])"
    seen = subprocess.run(
        [sys.executable, "-c", listed], close_fds=False, capture_output=True, text=True, check=True
    )

    assert str(root) not in seen.stdout
    claims.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_w08_a_disk_may_be_unmounted_all_the_same(tmp_path: Path) -> None:
    """w08, W3: a daemon that one can forget keeps no disk busy; a single run may."""
    with small_disk(tmp_path / "disk") as root:
        claims = Claims(pinned=(Path("/"), tmp_path))
        claims.take({"m": root})
        subprocess.run(["umount", root], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", root], check=True)
        claims.release()
