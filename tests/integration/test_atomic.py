"""Replacing and creating files, on a real disk."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pacd.errors import NotRegularError, SourceChangedError
from pacd.files import atomic

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "library" / "x.flac"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


def replace(target: Path, content: bytes = b"new", *, keep_mtime: bool = True) -> None:
    with atomic.replacing(target, atomic.observe(target), keep_mtime=keep_mtime) as scratch:
        scratch.write_bytes(content)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_replaces_whole(target: Path) -> None:
    """F3: the new content is there, under the old name, and nothing else is left."""
    before = atomic.observe(target)

    replace(target)

    assert b"new" == target.read_bytes()
    assert ["x.flac"] == names(target.parent)
    assert before.inode != atomic.observe(target).inode


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(0)])
def test_a_failure_leaves_the_old_file(target: Path, error: BaseException) -> None:
    """F3: whatever ends the work, the old file stands and no scratch file is left."""
    before = atomic.observe(target)

    def failing() -> None:
        with atomic.replacing(target, before, keep_mtime=True) as scratch:
            scratch.write_bytes(b"half")
            raise error

    with pytest.raises(type(error)):
        failing()

    assert before == atomic.observe(target)
    assert ["x.flac"] == names(target.parent)


def test_w16_scratch_is_new_private_and_beside_its_target(target: Path) -> None:
    """w16: temporary sibling, our prefix and process id, the target's extension, mode 0600."""
    with atomic.replacing(target, atomic.observe(target), keep_mtime=True) as scratch:
        assert target.parent.samefile(scratch.parent)
        assert re.fullmatch(r"\.pacd-\d+-[0-9a-f]{8}\.flac", scratch.name)
        assert os.getpid() == atomic.is_scratch(scratch.name)
        assert 0o600 == stat.S_IMODE(scratch.stat().st_mode)


@pytest.mark.parametrize(
    ("name", "pid"),
    [
        (".pacd-17-0123abcd.flac", 17),
        (".pacd-17-0123abcd", 17),
        (".pacd-recycle", None),
        (".pacd-17-0123abcd.flac~", 17),
        ("x.pacd-17-0123abcd.flac", None),
        (".pacd-17-0123abc.flac", None),
        (".pacd-x-0123abcd.flac", None),
    ],
)
def test_scratch_names(name: str, pid: int | None) -> None:
    """M12: what an ended process left is known by its name, and nothing else is."""
    assert pid == atomic.is_scratch(name)


def test_whose_scratch_files_are_left_over() -> None:
    """w17, w39: theirs whose process has ended, and of those that bore its number before it."""
    code = "import time; from pacd.files.atomic import scratch_name as n; print(n(), flush=True)"
    command = [sys.executable, "-c", f"{code}; time.sleep(600)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as process:
        assert process.stdout
        name = process.stdout.readline().decode().strip()
        assert process.pid == atomic.is_scratch(name)
        start, random = name[:-8], name[-4:]
        before = f"{start}{int(name[-8:-4], 16) ^ 1:04x}{random}"
        running = [atomic.is_left_over(each) for each in (name, f"{name}.flac", before, "x.flac")]
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        unburied = atomic.is_left_over(name)

    assert [False, False, True, False] == running
    assert [True, True] == [unburied, atomic.is_left_over(name)]
    assert not atomic.is_left_over(atomic.scratch_name())


def test_scratch_names_differ() -> None:
    """w16: a process gives no name twice for a long time."""
    assert 1000 == len({atomic.scratch_name() for _ in range(1000)})


def test_w19_mode_and_times_are_kept(target: Path) -> None:
    """w19: mode and modification time, to the nanosecond."""
    target.chmod(0o640)
    os.utime(target, ns=(1_111_111_111_123_456_789, 1_222_222_222_987_654_321))

    replace(target)

    found = target.stat()
    assert 0o640 == stat.S_IMODE(found.st_mode)
    assert 1_222_222_222_987_654_321 == found.st_mtime_ns


def test_mtime_may_be_new(target: Path) -> None:
    """F3: without keep_mtime the modification time says when PAC wrote."""
    os.utime(target, ns=(0, 0))

    replace(target, keep_mtime=False)

    assert target.stat().st_mtime_ns > 0


def test_w19_read_only_files_are_replaced_and_stay_read_only(target: Path) -> None:
    """w19: a mode without write permission is kept as well."""
    target.chmod(0o444)

    replace(target)

    assert (b"new", 0o444) == (target.read_bytes(), stat.S_IMODE(target.stat().st_mode))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_w19_owner_is_kept(target: Path) -> None:
    """w19: owner and group stay those of the file, set-id bits too."""
    os.chown(target, 1234, 5678)
    target.chmod(0o2755)

    replace(target)

    found = target.stat()
    assert (1234, 5678, 0o2755) == (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))


def test_w19_extended_attributes_are_kept(target: Path) -> None:
    """w19: extended attributes."""
    os.setxattr(target, "user.rating", b"5\0\xff")

    replace(target)

    assert b"5\0\xff" == os.getxattr(target, "user.rating")


def test_w19_acl_is_kept(target: Path) -> None:
    """w19: access control lists."""
    subprocess.run(["setfacl", "-m", "u:1234:rw,g:5678:r", target], check=True)
    before = acl(target)

    replace(target)

    assert "user:1234:rw-" in before
    assert before == acl(target)


def test_w19_a_folders_default_acl_adds_nothing(target: Path) -> None:
    """w19: a file without an ACL gets none from its folder."""
    subprocess.run(["setfacl", "-d", "-m", "u:1234:rwx", target.parent], check=True)
    before = acl(target)

    replace(target)

    assert "1234" not in before
    assert before == acl(target)


def acl(path: Path) -> str:
    command = ["getfacl", "--omit-header", "--absolute-names", str(path)]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def rewritten(target: Path) -> None:
    target.write_bytes(b"OLD")


def replaced(target: Path) -> None:
    other = target.with_name("other")
    other.write_bytes(b"old")
    other.replace(target)


def made_a_link(target: Path) -> None:
    target.rename(target.with_name("moved"))
    target.symlink_to("moved")


@pytest.mark.parametrize("change", [rewritten, replaced, Path.unlink, made_a_link])
def test_a_target_that_changed_is_not_replaced(target: Path, change: Any) -> None:
    """F3: what came to stand there meanwhile stays, even a link in its place."""
    left: list[dict[str, tuple[int, bytes]]] = []

    def too_late() -> None:
        with atomic.replacing(target, atomic.observe(target), keep_mtime=True) as scratch:
            change(target)
            left.append(snapshot(target.parent))
            scratch.write_bytes(b"new")

    with pytest.raises((SourceChangedError, NotRegularError)):
        too_late()

    assert left == [snapshot(target.parent)]


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All files but scratch files."""
    return {
        each.name: (each.lstat().st_ino, each.read_bytes())
        for each in folder.iterdir()
        if atomic.is_scratch(each.name) is None
    }


def test_a_target_that_changed_before_is_not_worked_on(target: Path) -> None:
    """F3: a decision made for other bytes is not carried out at all."""
    before = atomic.observe(target)
    target.write_bytes(b"newer")

    with pytest.raises(SourceChangedError), atomic.replacing(target, before, keep_mtime=True):
        pytest.fail("the block must not run")


def test_a_target_with_a_writer_is_not_replaced(target: Path) -> None:
    """F3: whoever still has the file open for writing would write into the void."""
    before = atomic.observe(target)

    with (
        target.open("r+b"),
        pytest.raises(SourceChangedError),
        atomic.replacing(target, before, keep_mtime=True) as scratch,
    ):
        scratch.write_bytes(b"new")

    assert before == atomic.observe(target)


def test_being_written(target: Path) -> None:
    """W6: a file is known to be written as long as a writer has it open, and no longer."""
    assert not atomic.being_written(target)
    with target.open("rb"):
        assert not atomic.being_written(target)
    with target.open("ab"):
        assert atomic.being_written(target)
    assert not atomic.being_written(target)
    assert not atomic.being_written(target.with_name("nothing"))


def test_what_is_no_file_is_not_being_written(target: Path) -> None:
    """X2: a pipe or a link that took a file's place meanwhile is nothing to stop the daemon."""
    pipe, link, folder = (target.with_name(name) for name in ("pipe", "link", "folder"))
    os.mkfifo(pipe)
    link.symlink_to(target)
    folder.mkdir()

    assert [False] * 3 == [atomic.being_written(each) for each in (pipe, link, folder)]


_LOOK = """
import sys, time
from pathlib import Path
from pacd.files import atomic
seen, looks, end_s = set(), 0, time.monotonic() + 60
while (looks < 5000 or len(seen) < 2) and time.monotonic() < end_s:
    seen.add(atomic.being_written(Path(sys.argv[1])))
    looks += 1
print(*sorted(seen))
"""

_WRITE = """
import sys
while True:
    open(sys.argv[1], "ab").close()
"""


def test_a_writer_that_comes_just_then_kills_nobody(target: Path) -> None:
    """D3: the kernel's signal to who holds a lease, SIGIO by default, would end the daemon."""
    writer = subprocess.Popen([sys.executable, "-c", _WRITE, target])
    try:
        look = [sys.executable, "-c", _LOOK, str(target)]
        seen = subprocess.run(look, cwd=REPOSITORY, capture_output=True, check=True).stdout
    finally:
        writer.kill()
        writer.wait()

    assert b"False True\n" == seen


def test_other_links_keep_the_old_content(target: Path) -> None:
    """F3: a second name keeps its bytes (whether to allow that is the plan's to say)."""
    other = target.with_name("other")
    other.hardlink_to(target)

    replace(target)

    assert (b"old", b"new") == (other.read_bytes(), target.read_bytes())


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling", "link", "device", "socket"])
def test_only_regular_files(target: Path, kind: str) -> None:
    """X2: a pipe, folder, link or device named x.flac is refused at once and never waited for."""
    odd = target.with_name("odd.flac")
    make_odd(odd, kind, target)

    for look in (atomic.observe, atomic.open_regular):
        with pytest.raises(NotRegularError, match=r"odd\.flac"):
            look(odd)


def make_odd(odd: Path, kind: str, target: Path) -> None:
    if kind == "fifo":
        os.mkfifo(odd)
    elif kind == "folder":
        odd.mkdir()
    elif kind == "device":
        if os.geteuid() != 0:
            pytest.skip("only root may make devices")
        os.mknod(odd, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    elif kind == "socket":
        os.mknod(odd, stat.S_IFSOCK | 0o666)
    else:
        odd.symlink_to(target if kind == "link" else "nowhere")


@pytest.mark.parametrize(
    "name",
    ["a\nb.flac", os.fsdecode(b"\xff\xfe.flac"), "\u66f2" * 83 + "\u66f2.flac", ".flac", "x"],
)
def test_odd_names(tmp_path: Path, name: str) -> None:
    """F3: names with newlines, bytes that are no UTF-8, or all 255 bytes are replaced alike."""
    encoded = os.fsencode(name)[:250] + b".flac" if len(os.fsencode(name)) > 255 else None
    target = tmp_path / (os.fsdecode(encoded) if encoded else name)
    target.write_bytes(b"old")

    replace(target)

    assert b"new" == target.read_bytes()
    assert 1 == len(names(tmp_path))
