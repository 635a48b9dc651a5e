"""The recycle bin on a real disk: taking in, bringing back, and being killed on the way."""

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.recycled import Recycled
from pacd.errors import CollisionError, OccupiedError, SourceChangedError
from pacd.files import atomic, recycle
from pacd.files.atomic import GivingWay
from tests.integration.bins import PATH, replace, told
from tests.integration.engine.processes import eventually
from tests.machine import small_disk

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "library"
    (place / PATH).parent.mkdir(parents=True)
    (place / PATH).write_bytes(b"old")
    return place


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "small") as place:
        yield place


def in_bin(root: Path) -> list[tuple[Recycled, bool]]:
    return list(recycle.contents(root))


def names(root: Path) -> list[str]:
    """Everything in the bin, by name."""
    place = root / recycle.BIN
    return sorted(str(each.relative_to(place)) for each in place.rglob("*"))


def test_no_bin_is_made_where_a_disk_has_gone(root: Path) -> None:
    """X2, w08: an empty mount point stays empty, whatever was under way."""
    recycled = told(root)
    root.rename(root.with_name("elsewhere"))
    root.mkdir()

    with pytest.raises(SourceChangedError), recycle.keeping(root / PATH, root, lambda: recycled):
        pytest.fail("the file is not there")

    assert [] == list(root.iterdir())


def test_the_original_lies_in_the_bin_as_it_was(root: Path) -> None:
    """F6: the very file, by another name: not a byte of it is written anew."""
    recycled = told(root)
    before = atomic.observe(root / PATH)

    replace(root, recycled)

    lies = recycle.place_of(root, recycled)
    assert b"new" == (root / PATH).read_bytes()
    assert b"old" == lies.read_bytes()
    assert before.content == atomic.observe(lies).content
    assert 1 == lies.stat().st_nlink
    assert [(recycled, True)] == in_bin(root)
    assert 0o700 == (root / recycle.BIN).stat().st_mode & 0o777


def test_a_failure_leaves_the_bin_as_it_was(root: Path) -> None:
    """F6: where nothing is replaced, nothing lies in the bin."""
    with pytest.raises(ZeroDivisionError), recycle.keeping(root / PATH, root, lambda: told(root)):
        raise ZeroDivisionError

    assert b"old" == (root / PATH).read_bytes()
    assert 1 == (root / PATH).stat().st_nlink
    assert [] == names(root)


def test_a_file_that_is_another_by_then_is_not_taken_in(root: Path) -> None:
    """F3: what was written to meanwhile is nobody's to replace."""
    recycled = told(root)
    (root / PATH).write_bytes(b"changed")

    with pytest.raises(SourceChangedError), recycle.keeping(root / PATH, root, lambda: recycled):
        pytest.fail("it was taken in")

    assert [] == names(root)


def by_another(target: Path) -> None:
    """As taggers do it: a new file, renamed over the old one."""
    other = target.with_name("other")
    other.write_bytes(b"theirs")
    other.replace(target)


def in_place(target: Path) -> None:
    target.write_bytes(b"theirs")


def by_a_link(target: Path) -> None:
    target.with_name("other").write_bytes(b"theirs")
    target.unlink()
    target.symlink_to("other")


@contextmanager
def meanwhile(way: GivingWay, change: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Have something happen once the bin is filled, and before the change of places."""
    with way as require_kept:
        change()
        yield require_kept


def refuse_to_replace(target: Path, way: GivingWay) -> None:
    """Try to put new content in the place of a file that has changed by the last look."""
    expected = atomic.observe(target)
    with (
        pytest.raises(SourceChangedError),
        atomic.replacing(target, expected, keep_mtime=True, giving_way=way) as scratch,
    ):
        scratch.write_bytes(b"new")


@pytest.mark.parametrize("change", [by_another, in_place, by_a_link])
def test_what_came_while_the_bin_was_filled_stays(
    root: Path, change: Callable[[Path], None]
) -> None:
    """w16, F3: it is looked at after the last wait for the disk; the bin is as it was."""
    target, recycled = root / PATH, told(root)
    keeping = recycle.keeping(target, root, lambda: recycled)
    way = meanwhile(keeping, lambda: change(target))

    refuse_to_replace(target, way)

    assert b"theirs" == target.read_bytes()
    assert 1 == target.stat().st_nlink
    assert [] == names(root)


def test_no_file_stands_there_once_it_has_failed(root: Path) -> None:
    """F3, D3: the bin's is the last of it then, and is to be had from there."""
    recycled = told(root)
    keeping = recycle.keeping(root / PATH, root, lambda: recycled)

    with pytest.raises(ZeroDivisionError), meanwhile(keeping, lambda: by_a_link(root / PATH)):
        raise ZeroDivisionError

    assert [(recycled, True)] == in_bin(root)


def test_a_writer_that_came_while_the_bin_was_filled(root: Path) -> None:
    """w16, F3: whoever has opened the file by then would write into the bin."""
    target, recycled = root / PATH, told(root)
    keeping = recycle.keeping(target, root, lambda: recycled)
    with ExitStack() as writers:
        way = meanwhile(keeping, lambda: writers.enter_context(target.open("r+b")))
        refuse_to_replace(target, way)

    assert b"old" == target.read_bytes()
    assert [] == names(root)


def out_of_the_bin(root: Path) -> None:
    """As a pacd does that cannot know of this one, where the file system has no locks."""
    for lies in (root / recycle.BIN).glob(".pacd-*/*.flac"):
        lies.unlink()


def whole_draft(root: Path) -> None:
    (draft,) = (root / recycle.BIN).iterdir()
    shutil.rmtree(draft)


def something_else(root: Path) -> None:
    (lies,) = (root / recycle.BIN).glob(".pacd-*/*.flac")
    by_another(lies)


@pytest.mark.parametrize("change", [out_of_the_bin, whole_draft, something_else])
def test_what_has_left_the_bin_by_then_is_not_replaced(
    root: Path, change: Callable[[Path], None]
) -> None:
    """F3, F6: the last look is also at the bin: a file without another name stays where it is."""
    target, recycled = root / PATH, told(root)
    keeping = recycle.keeping(target, root, lambda: recycled)
    way = meanwhile(keeping, lambda: change(root))

    refuse_to_replace(target, way)

    assert b"old" == target.read_bytes()
    assert [] == names(root)


def test_names_that_are_no_text(root: Path) -> None:
    """X2: bytes that are no UTF-8, and a newline."""
    path = PurePosixPath("Artist/\udce4\n.flac")
    (root / path).write_bytes(b"old")
    recycled = told(root, path=path)

    replace(root, recycled)

    assert [(recycled, True)] == in_bin(root)


def test_bringing_back(root: Path) -> None:
    """C4: to where it stood, folders and all, as it was; and the bin is empty."""
    recycled = told(root)
    replace(root, recycled)
    (root / PATH).unlink()
    (root / PATH).parent.rmdir()

    recycle.bring_back(root, recycled)

    assert b"old" == (root / PATH).read_bytes()
    assert recycled.mtime_ns == (root / PATH).stat().st_mtime_ns
    assert [] == names(root)


def test_never_over_another(root: Path) -> None:
    """C4: what stands there stays, and so does what lies in the bin."""
    recycled = told(root)
    replace(root, recycled)

    with pytest.raises(CollisionError):
        recycle.bring_back(root, recycled)

    assert b"new" == (root / PATH).read_bytes()
    assert [(recycled, True)] == in_bin(root)


def test_exchanging(root: Path) -> None:
    """F6: what was made of it goes into the bin in its stead; nothing is lost."""
    recycled = told(root)
    replace(root, recycled)
    standing = told(root, "20261121T130000Z-2")

    recycle.exchange(root, recycled, standing)

    assert b"old" == (root / PATH).read_bytes()
    assert b"new" == recycle.place_of(root, standing).read_bytes()
    assert [(standing, True)] == in_bin(root)


def test_forgetting_twice(root: Path) -> None:
    """C4: removing for good; and doing so again is harmless."""
    recycled = told(root)
    replace(root, recycled)

    recycle.forget(root, recycled)
    recycle.forget(root, recycled)

    assert [] == names(root)


def test_albums_on_another_disk_than_the_bin(root: Path, disk: Path) -> None:
    """F6: a library may reach over file systems; then files are copied, there and back."""
    (disk / "01.flac").write_bytes(b"old")
    (disk / "01.flac").chmod(0o640)
    album = root / "Mounted"
    album.mkdir()
    subprocess.run(["mount", "--bind", disk, album], check=True)
    try:
        recycled = told(root, path=PurePosixPath("Mounted/01.flac"))
        replace(root, recycled)
        lies = recycle.place_of(root, recycled)
        assert (b"old", 0o100640) == (lies.read_bytes(), lies.stat().st_mode)
        assert recycled.mtime_ns == lies.stat().st_mtime_ns

        standing = told(root, "20261121T130000Z-2", PurePosixPath("Mounted/01.flac"))
        recycle.exchange(root, recycled, standing)
        assert b"old" == (album / "01.flac").read_bytes()
        (album / "01.flac").unlink()
        recycle.bring_back(root, standing)
        assert b"new" == (album / "01.flac").read_bytes()
        assert [] == names(root)
    finally:
        subprocess.run(["umount", album], check=True)


def test_a_full_disk_beside_the_albums(root: Path, disk: Path) -> None:
    """w18: no room for a copy in the bin: nothing is replaced, and no half of it is left."""
    (disk / "Big").mkdir()
    (disk / "Big" / "01.flac").write_bytes(bytes(300_000))
    album = disk / "Mounted"
    album.mkdir()
    subprocess.run(["mount", "--bind", root, album], check=True)
    try:
        (album / "02.flac").write_bytes(bytes(1 << 20))
        recycled = told(disk, path=PurePosixPath("Mounted/02.flac"))

        with pytest.raises(OSError, match="No space left") as caught:
            replace(disk, recycled)

        assert errno.ENOSPC == caught.value.errno
        assert 1 << 20 == (album / "02.flac").stat().st_size
        assert [] == names(disk)
    finally:
        subprocess.run(["umount", album], check=True)


OUTSIDE = (
    b'{"entry": "../x", "path": "a.flac", "at": "2026-11-21T12:00:00+00:00", "reason": "", '
    b'"inode": 1, "size_bytes": 1, "mtime_ns": 1, "audio_md5": "", "made_md5": ""}'
)


@pytest.mark.parametrize(
    "about",
    [
        b"",
        b"{",
        b"[]",
        b'{"entry": "x", "path": "../../etc/passwd"}',
        OUTSIDE,
    ],
)
def test_what_makes_no_sense_is_left_alone(root: Path, about: bytes) -> None:
    """X2: nothing in a bin leads out of its library, and nothing foreign there is removed."""
    for name in ("foreign", ".pacd-1-00000000"):
        (root / recycle.BIN / name).mkdir(parents=True)
        (root / recycle.BIN / name / "about.json").write_bytes(about)
        (root / recycle.BIN / name / "a.flac").write_bytes(b"foreign")

    recycle.settle(root, lambda _pid: True)

    assert [] == in_bin(root)
    assert b"foreign" == (root / recycle.BIN / "foreign" / "a.flac").read_bytes()
    assert (root / recycle.BIN / ".pacd-1-00000000" / "a.flac").exists()


def test_a_bin_that_is_a_link(root: Path, tmp_path: Path) -> None:
    """X2: nothing is written through a symbolic link."""
    (tmp_path / "elsewhere").mkdir()
    (root / recycle.BIN).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Exception, match="is a link"):
        replace(root, told(root))

    assert [] == list((tmp_path / "elsewhere").iterdir())
    assert b"old" == (root / PATH).read_bytes()


def test_what_is_under_way_is_left_alone(root: Path) -> None:
    """D3: a worker that lives is not disturbed."""
    with recycle.keeping(root / PATH, root, lambda: told(root)):
        assert not recycle.settle(root, lambda _pid: False)
        assert 2 == len([each for each in names(root) if "/" in each])

    assert recycle.settle(root, lambda _pid: False)


def test_w17_a_maker_that_nobody_can_see_is_left_alone(root: Path) -> None:
    """w17, D3, F6: whose number says nothing here, or who is hidden: what it is at is locked."""
    hidden = ["unshare", "--pid", "--fork", "--mount-proc"]
    command = [*hidden, sys.executable, "-c", _SLOWLY, str(REPOSITORY), str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as maker:
        assert maker.stdin
        assert maker.stdout
        assert b"kept\n" == maker.stdout.readline()
        settled = [recycle.settle(root, gone) for gone in (atomic.is_left_over, lambda _name: True)]
        maker.communicate(b"\n")

    assert [False, False] == settled
    assert 0 == maker.returncode
    assert b"new" == (root / PATH).read_bytes()
    ((_, whole),) = in_bin(root)
    assert whole
    assert b"old" == next((root / recycle.BIN).rglob("*.flac")).read_bytes()


def test_w17_what_was_locked_by_a_maker_that_was_killed(root: Path) -> None:
    """w17, D3: the kernel lets go of it, whatever ends who had it, and nobody else had it."""
    command = [sys.executable, "-c", _SLOWLY, str(REPOSITORY), str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as maker:
        assert maker.stdout
        maker.stdout.readline()
        maker.kill()

    assert recycle.settle(root, lambda _name: True)
    assert [] == names(root)
    assert 1 == (root / PATH).stat().st_nlink


_SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.integration.bins import exchanged, replace, told
root = Path(sys.argv[2])
print("begin", flush=True)
{}
"""
_SLOWLY = _SCRIPT.replace('print("begin", flush=True)\n', "").format(
    """
from pacd.files import atomic, recycle
target = root / told(root).path
keeping = recycle.keeping(target, root, lambda: told(root))
with keeping as require_kept:
    print("kept", flush=True)
    sys.stdin.read(1)
    require_kept()
    target.with_name("x").write_bytes(b"new")
    target.with_name("x").replace(target)
"""
)
_REPLACE = _SCRIPT.format("replace(root, told(root))")
_EXCHANGE = _SCRIPT.format("exchanged(root)")

CALLS = (
    "mkdir",
    "mkdirat",
    "flock",
    "link",
    "linkat",
    "fsync",
    "fchmod",
    "renameat",
    "unlinkat",
    "rmdir",
)


def traced(script: str, root: Path, *inject: str) -> list[str]:
    """Run a script under strace, with accidents; return its calls once it has begun."""
    log = root.parent / "trace"
    options = ["-f", "-o", str(log), "-e", f"trace={','.join(CALLS)}"]
    accidents = [word for each in inject for word in ("-e", f"inject={each}")]
    command = ["strace", *options, *accidents, sys.executable, "-c", script]
    done = subprocess.run(
        [*command, str(REPOSITORY), str(root)], cwd=root, capture_output=True, check=False
    )
    if b"Operation not permitted" in done.stderr and b"PTRACE" in done.stderr:
        pytest.skip("this machine allows no strace")
    return [line for line in log.read_text().splitlines() if "(" in line]


def occurrences(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Each call of a run, by its name and number."""
    seen: dict[str, int] = {}
    for line in lines:
        found = re.match(r"\d+ +(\w+)\(", line)
        if found:
            seen[found[1]] = seen.get(found[1], 0) + 1
            yield found[1], seen[found[1]]


@pytest.mark.parametrize(
    ("script", "refused"),
    [
        pytest.param(_REPLACE, (), id="replace by link"),
        pytest.param(_REPLACE, ("linkat:error=EPERM",), id="replace by copy"),
        pytest.param(_EXCHANGE, (), id="exchange by link"),
        pytest.param(_EXCHANGE, ("linkat:error=EPERM",), id="exchange by copy"),
    ],
)
def test_killed_at_any_moment(tmp_path: Path, script: str, refused: tuple[str, ...]) -> None:
    """D3, F6: whenever it is killed, old and new are whole, one in its place, and none is twice."""

    def fresh(number: int) -> Path:
        root = tmp_path / str(number) / "library"
        (root / PATH).parent.mkdir(parents=True)
        (root / PATH).write_bytes(b"old")
        if script is _EXCHANGE:
            replace(root, told(root))
        return root

    found = set()
    moments = list(occurrences(traced(script, fresh(0), *refused)))
    assert len(moments) > 5
    for number, (call, when) in enumerate(moments, start=1):
        root = fresh(number)
        if (call, refused) == ("linkat", ("linkat:error=EPERM",)):
            continue
        traced(script, root, *refused, f"{call}:signal=KILL:when={when}")
        stands = (root / PATH).read_bytes()
        found.add(stands)

        assert recycle.settle(root, lambda _pid: True)

        lying = [recycle.place_of(root, each).read_bytes() for each, whole in in_bin(root) if whole]
        assert 1 == (root / PATH).stat().st_nlink, (call, when)
        assert stands == (root / PATH).read_bytes()
        wanted = {b"old", b"new"} if script is _EXCHANGE or stands == b"new" else {b"old"}
        assert sorted(wanted) == sorted([stands, *lying]), (call, when)
        assert [] == [each for each in names(root) if each.startswith(".pacd-")]
    assert {b"old", b"new"} == found  # it was killed before and after


@contextmanager
def stopped(script: str, root: Path, call: str, when: int) -> Iterator[list[bytes]]:
    """Run a script, stopped after one of its calls for the block; yields what it says then."""
    log, errors = root.parent / "trace", list[bytes]()
    stop = ["-e", f"trace={call}", "-e", f"inject={call}:signal=STOP:when={when}"]
    command = ["strace", "-f", "-o", str(log), *stop, sys.executable, "-c", script]
    with subprocess.Popen(
        [*command, str(REPOSITORY), str(root)], cwd=root, stderr=subprocess.PIPE
    ) as running:
        assert eventually(
            lambda: (
                running.poll() is not None
                or (log.exists() and b"stopped by SIGSTOP" in log.read_bytes())
            )
        )
        if running.poll() is not None and b"PTRACE" in running.communicate()[1]:
            pytest.skip("this machine allows no strace")
        yield errors
        os.kill(int(log.read_text().split()[0]), signal.SIGCONT)
        errors.append(running.communicate()[1])


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        pytest.param(lambda root: by_another(root / PATH), b"theirs", id="another file"),
        pytest.param(out_of_the_bin, b"new", id="bin emptied"),
    ],
)
def test_what_came_while_the_bin_was_filled_stays_at_a_restore(
    root: Path, change: Callable[[Path], None], stands: bytes
) -> None:
    """w16, C4: stopped at the last wait for the disk, meanwhile another file took the place."""
    recycled = told(root)
    replace(root, recycled)
    with stopped(_EXCHANGE, root, "fsync", 3) as errors:
        assert 2 == len([each for each in names(root) if each.endswith(".flac")])
        change(root)

    assert b"SourceChangedError" in errors[0] or b"OccupiedError" in errors[0]
    assert stands == (root / PATH).read_bytes()
    assert [(recycled, True)] == in_bin(root)


def test_w17_a_new_folder_that_somebody_takes_for_left_over(root: Path) -> None:
    """w17, F3: settled between its making and its locking, it is gone, and nothing is replaced."""
    (root / recycle.BIN).mkdir()
    with stopped(_REPLACE, root, "mkdirat", 1) as errors:
        assert 1 == len(names(root))
        assert recycle.settle(root, lambda _name: True)

    assert b"OccupiedError" in errors[0]
    assert b"old" == (root / PATH).read_bytes()
    assert [] == names(root)


def test_where_there_are_no_locks(root: Path) -> None:
    """F6: a file system without flock(2) keeps nobody from his work; names of processes do then."""
    traced(_REPLACE, root, "flock:error=EOPNOTSUPP")

    assert recycle.settle(root, lambda _name: True)
    assert b"new" == (root / PATH).read_bytes()
    assert [True] == [whole for _, whole in in_bin(root)]


def test_w16_a_restore_while_somebody_writes(root: Path) -> None:
    """w16, C4: what is open for writing where the original belongs is not moved away meanwhile."""
    recycled = told(root)
    replace(root, recycled)
    standing = told(root, "20261121T130000Z-2")
    with (root / PATH).open("r+b") as writer:
        with pytest.raises(OccupiedError):
            recycle.exchange(root, recycled, standing)
        writer.write(b"EDIT")

    assert b"EDIT" == (root / PATH).read_bytes()
    assert [(recycled, True)] == in_bin(root)


@pytest.mark.parametrize("call", ["fsync", "linkat", "renameat", "mkdirat"])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_failing_calls(root: Path, call: str, error: str) -> None:
    """w18: whichever call fails, the file is old or new and whole, and the old one is somewhere."""
    count = sum(name == call for name, _ in occurrences(traced(_REPLACE, root)))
    for when in range(1, count + 1):
        for each in (root / recycle.BIN, root / "Artist"):
            subprocess.run(["rm", "-rf", each], check=True)
        (root / PATH).parent.mkdir(parents=True)
        (root / PATH).write_bytes(b"old")

        traced(_REPLACE, root, f"{call}:error={error}:when={when}")

        recycle.settle(root, lambda _pid: True)
        stands = (root / PATH).read_bytes()
        lying = [recycle.place_of(root, each).read_bytes() for each, whole in in_bin(root) if whole]
        assert [b"old"] == [each for each in (stands, *lying) if each == b"old"]
        assert [PATH.name] == [each.name for each in (root / PATH).parent.iterdir()]
