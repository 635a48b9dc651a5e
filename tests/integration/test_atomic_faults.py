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
from tests.mounts import thin_disk

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


# Where it gives way it makes a folder, so that the trace shows what came before and after that.
_REPLACE = """
import sys
from contextlib import contextmanager
from pathlib import Path
from pacd.files import atomic
target = Path(sys.argv[1])
@contextmanager
def giving_way():
    (target.parent.parent / "given-way").mkdir()
    yield lambda: None
expected = atomic.observe(target)
with atomic.replacing(target, expected, keep_mtime=True, giving_way=giving_way()) as scratch:
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
    calls = "openat,write,fsync,rename,renameat,renameat2,unlinkat,mkdir,mkdirat,fchmod,"
    calls += "newfstatat,statx,?lstat"
    options = ["-f", "-y", "-o", str(log), "-e", f"trace={calls}", *inject]
    command = ["strace", *options, sys.executable, "-c", script, str(target)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    if b"Operation not permitted" in done.stderr and b"PTRACE" in done.stderr:
        pytest.skip("this machine allows no strace")
    return done.returncode, log.read_text().splitlines()


def occurrences(lines: list[str], pattern: str) -> list[int]:
    """Where a call that went well stands in a trace; at least once."""
    found = [number for number, line in enumerate(lines) if re.search(pattern, line)]
    assert found, f"no {pattern} in {lines}"
    return found


def last(lines: list[str], *patterns: str) -> list[int]:
    """Where each of these calls was made for the last time."""
    return [occurrences(lines, pattern)[-1] for pattern in patterns]


SYNC_DRAFT = r"fsync\(\d+<[^>]*\.pacd-[^>]*>\) += 0"


def look_at(name: str) -> str:
    """A look at what bears a name, not at what is open (lstat(2), statx(2))."""
    named = rf"\"[^\"]*{re.escape(name)}\""
    return rf"lstat\({named}|(newfstatat|statx)\([^,]*, {named}.*AT_SYMLINK_NOFOLLOW"


def test_w16_order_of_replacing(target: Path) -> None:
    """
    w16: O_EXCL and O_NOFOLLOW, content, attributes, fsync, a look at the source, rename, fsync.

    It is looked at once more after what is replaced was put by, which may take long.
    """
    code, lines = traced(_REPLACE, target)

    assert 0 == code
    found = last(
        lines,
        r"openat.*\.pacd-.*O_CREAT\|O_EXCL\|O_NOFOLLOW.*0600",
        r"write\(\d+<[^>]*\.pacd-[^>]*>, \"new\"",
        r"fchmod\(.*\.pacd-",
        SYNC_DRAFT,
        r"mkdir.*given-way",
        look_at("x.flac"),
        r"renameat.*\.pacd-.*x\.flac",
        r"fsync\(\d+<[^>]*library>\) += 0",
    )
    synced, given_way = found[3:5]

    assert sorted(found) == found
    assert any(synced < each < given_way for each in occurrences(lines, look_at("x.flac")))


def test_w16_order_of_creating(tmp_path: Path) -> None:
    """w16: the same for new files; a new folder is on disk before its file is."""
    (tmp_path / "mirror").mkdir()

    code, lines = traced(_CREATE, tmp_path / "mirror" / "album" / "x.opus")

    assert 0 == code
    found = last(
        lines,
        r"mkdirat\(.*\"album\"",
        r"fsync\(\d+<[^>]*mirror>\) += 0",
        r"openat.*\.pacd-.*O_EXCL",
        r"write\(\d+<[^>]*\.pacd-[^>]*>, \"new\"",
        SYNC_DRAFT,
        look_at("x.opus"),
        r"renameat.*\.pacd-.*x\.opus",
        r"fsync\(\d+<[^>]*album>\) += 0",
    )
    assert sorted(found) == found


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


_CARELESS = """
import os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
os.write(file, os.urandom(16 << 20))
while True:  # each error is told once
    try:
        os.fsync(file)
        break
    except OSError:
        print("told")
"""


def test_w18_an_error_that_a_tool_passed_over_is_told(tmp_path: Path) -> None:
    """
    w18, w20, F3: what the disk lost is seen although the tool that was told of it says nothing.

    So does flac 1.4.2, whose exit code is 0 where close() failed, as on NFS beyond a quota.
    """
    with thin_disk(tmp_path) as disk:
        target = disk / "x.flac"
        target.write_bytes(b"old")
        with pytest.raises(OSError) as failure:
            _write_carelessly(target)

        assert failure.value.errno in {errno.ENOSPC, errno.EIO}
        assert b"old" == target.read_bytes()
        assert ["lost+found", "x.flac"] == sorted(names(disk))


def _write_carelessly(target: Path) -> None:
    with atomic.replacing(target, atomic.observe(target), keep_mtime=False) as scratch:
        command = [sys.executable, "-c", _CARELESS, str(scratch)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert "told" in said


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
