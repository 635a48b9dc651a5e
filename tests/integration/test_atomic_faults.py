"""Replacing files when calls fail, and the order of calls, on a real disk."""

import errno
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pacd.errors import PacError
from pacd.files import atomic
from pacd.files.attributes import OwnershipError
from tests.machine import as_nobody, shared_folder, small_disk

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "library" / "x.flac"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


@pytest.fixture
def shared() -> Iterator[Path]:
    with shared_folder() as folder:
        yield folder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "small") as place:
        yield place


def replace(target: Path, content: bytes = b"new", *, keep_mtime: bool = True) -> None:
    with atomic.replacing(target, atomic.observe(target), keep_mtime=keep_mtime) as scratch:
        scratch.write_bytes(content)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_full_disk(disk: Path) -> None:
    """w18: ENOSPC leaves the old file, and no scratch file takes the last room."""
    target = disk / "x.flac"
    target.write_bytes(bytes(600_000))
    before = atomic.observe(target)

    with pytest.raises(OSError, match="No space left") as caught:
        replace(target, bytes(600_000))

    assert errno.ENOSPC == caught.value.errno
    assert before == atomic.observe(target)
    assert ["x.flac"] == names(disk)


def test_room_can_be_asked_for(disk: Path) -> None:
    """w18: the disk's own error is had where a tool keeps it to itself."""
    with pytest.raises(OSError, match="No space left"):
        atomic.reserve(disk / ".pacd-1-0", 2 << 20)


_REPLACE = """
import sys
from pathlib import Path
from pacd.files import atomic
target = Path(sys.argv[1])
with atomic.replacing(target, atomic.observe(target), keep_mtime=True) as scratch:
    scratch.write_bytes(b"new")
"""

_CREATE = """
import sys
from pathlib import Path
from pacd.files import atomic
target = Path(sys.argv[1])
with atomic.creating(target, root=target.parent.parent, expected=None) as scratch:
    scratch.write_bytes(b"new")
"""


def traced(script: str, target: Path, *inject: str) -> tuple[int, list[str]]:
    """Run a script on a target under strace; return its exit code and its calls on files."""
    log = target.parent.parent / "trace"
    calls = "openat,fsync,rename,renameat,renameat2,unlinkat,mkdirat,fchmod"
    options = ["-f", "-y", "-o", str(log), "-e", f"trace={calls}", *inject]
    command = ["strace", *options, sys.executable, "-c", script, str(target)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    if b"Operation not permitted" in done.stderr and b"PTRACE" in done.stderr:
        pytest.skip("this machine allows no strace")
    return done.returncode, log.read_text().splitlines()


def positions(lines: list[str], *patterns: str) -> list[int]:
    """Where each pattern first occurs behind the one before."""
    found: list[int] = []
    for pattern in patterns:
        start = found[-1] + 1 if found else 0
        found.append(
            next(n for n, line in enumerate(lines) if n >= start and re.search(pattern, line))
        )
    return found


def test_w16_order_of_replacing(target: Path) -> None:
    """w16: O_EXCL and O_NOFOLLOW, fsync of the file, rename, fsync of the folder, in this order."""
    code, lines = traced(_REPLACE, target)

    assert 0 == code
    found = positions(
        lines,
        r"openat.*\.pacd-.*O_CREAT\|O_EXCL\|O_NOFOLLOW.*0600",
        r"fchmod\(.*\.pacd-",
        r"fsync\(\d+<[^>]*\.pacd-[^>]*>\) += 0",
        r"renameat.*\.pacd-.*x\.flac",
        r"fsync\(\d+<[^>]*library>\) += 0",
    )
    assert sorted(found) == found


def test_w16_order_of_creating(tmp_path: Path) -> None:
    """w16: the same for new files; a new folder is on disk before its file is."""
    (tmp_path / "mirror").mkdir()

    code, lines = traced(_CREATE, tmp_path / "mirror" / "album" / "x.opus")

    assert 0 == code
    positions(
        lines,
        r"mkdirat\(.*\"album\"",
        r"fsync\(\d+<[^>]*mirror>\) += 0",
        r"openat.*\.pacd-.*O_EXCL",
        r"fsync\(\d+<[^>]*\.pacd-[^>]*>\) += 0",
        r"renameat.*\.pacd-.*x\.opus",
        r"fsync\(\d+<[^>]*album>\) += 0",
    )


@pytest.mark.parametrize(
    ("inject", "content"),
    [
        pytest.param("fsync:error=EIO:when=1", b"old", id="file-cannot-be-synced"),
        pytest.param("fsync:error=ENOSPC:when=1", b"old", id="full-at-sync"),
        pytest.param("renameat:error=EIO", b"old", id="rename-fails"),
        pytest.param("renameat:error=EROFS", b"old", id="became-read-only"),
        pytest.param("fchmod:error=EPERM", b"old", id="mode-cannot-be-kept"),
        pytest.param("fsync:error=EIO:when=2", b"new", id="folder-cannot-be-synced"),
    ],
)
def test_failing_calls(target: Path, inject: str, content: bytes) -> None:
    """w18: whichever call fails, the file is old or new and whole, and the failure is told."""
    code, _lines = traced(_REPLACE, target, "-e", f"inject={inject}")

    assert 0 != code
    assert content == target.read_bytes()
    assert ["x.flac"] == names(target.parent)


@pytest.mark.parametrize("error", ["EINVAL", "EOPNOTSUPP"])
def test_folders_that_cannot_be_synced_at_all(target: Path, error: str) -> None:
    """D3: file systems that have no fsync for folders are used all the same."""
    code, _lines = traced(_REPLACE, target, "-e", f"inject=fsync:error={error}:when=2")

    assert (0, b"new") == (code, target.read_bytes())


def test_w19_a_foreign_owner_that_cannot_be_kept(shared: Path) -> None:
    """w19: a file of somebody else is left alone rather than taken over."""
    target = shared / "x.flac"
    target.write_bytes(b"old")
    target.chmod(0o644)
    before = atomic.observe(target)

    error = as_nobody(lambda: _failure(target))

    assert (OwnershipError.__name__, True) == error
    assert before == atomic.observe(target)
    assert ["x.flac"] == names(shared)


def _failure(target: Path) -> tuple[str, bool]:
    try:
        replace(target)
    except PacError as error:
        return type(error).__name__, "CAP_CHOWN" in str(error)
    return "", False


def test_leases_of_other_peoples_files(shared: Path) -> None:
    """W6: where the kernel gives no lease, nobody can tell, and no is the answer."""
    target = shared / "x.flac"
    target.write_bytes(b"old")
    target.chmod(0o644)

    with target.open("ab"):
        assert as_nobody(lambda: atomic.being_written(target)) is False


def test_leases_of_unreadable_files(shared: Path) -> None:
    """L3: nor of a file that may not be opened at all; the step that opens it says so."""
    target = shared / "x.flac"
    target.write_bytes(b"old")
    target.chmod(0)

    assert as_nobody(lambda: atomic.being_written(target)) is False


@pytest.mark.parametrize("flag", ["i", "a"])
def test_w19_files_that_may_not_be_replaced(target: Path, flag: str) -> None:
    """w19: an immutable or append-only file stays, and nothing is left beside it."""
    if subprocess.run(["chattr", f"+{flag}", target], check=False).returncode:
        pytest.skip("this file system or this user cannot have such files")
    try:
        before = atomic.observe(target)

        with pytest.raises(PermissionError):
            replace(target)

        assert (before, b"old") == (atomic.observe(target), target.read_bytes())
        assert ["x.flac"] == names(target.parent)
    finally:
        subprocess.run(["chattr", f"-{flag}", target], check=True)
