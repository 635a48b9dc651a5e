"""Links put into PAC's way at the worst moment, one call at a time; what they lead to is safe."""

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.change import Observation
from pacd.engine.sweeping import sweep, sweep_folder
from pacd.errors import FailureKind, PacError, SourceChangedError, ToolError, VerifyError
from pacd.files import atomic, recycle, renaming
from pacd.files.folders import StrayPathError
from pacd.files.regular import open_below
from pacd.tools.output import handed
from tests.integration.bins import told as recycled
from tests.swaps import SECRET, outside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A library of one album, and a folder elsewhere that looks like it."""
    for base, content in (("root", b"ours"), ("elsewhere", SECRET)):
        album = tmp_path / base / "Artist" / "Album"
        album.mkdir(parents=True)
        (album / "01.flac").write_bytes(content)
        (album / ".pacd-1-0123abcd.flac").write_bytes(content)
        (tmp_path / base / "Artist" / "Empty").mkdir()
    return tmp_path / "root"


@pytest.fixture
def elsewhere(root: Path) -> Path:
    return root.with_name("elsewhere")


PATH = PurePosixPath("Artist/Album/01.flac")


def divert(root: Path) -> None:
    """Have a link to the other artist stand where the artist's folder was."""
    (root / "Artist").rename(root.with_name("moved"))
    (root / "Artist").symlink_to(root.with_name("elsewhere") / "Artist")


def replace(root: Path, meanwhile: Callable[[Path], object], expected: Observation) -> None:
    with atomic.replacing(root / PATH, expected, keep_mtime=True, root=root) as scratch:
        meanwhile(scratch)
        with atomic.open_own(scratch, empty=True) as file:
            file.write(b"new")


def test_w52_a_folder_swapped_before_is_not_entered(root: Path, elsewhere: Path) -> None:
    """w52: a master that is reached through a link alone is not replaced, however alike."""
    divert(root)
    before, expected = outside(elsewhere), atomic.observe(root / PATH)

    with pytest.raises(SourceChangedError):
        replace(root, lambda _: None, expected)
    with pytest.raises(SourceChangedError):
        open_below(root, PATH).close()
    assert before == outside(elsewhere)


def test_w52_a_folder_swapped_during_the_work_changes_nothing(root: Path, elsewhere: Path) -> None:
    """w52: also programs that open the scratch file by its path stay in the folder it is in."""
    expected, before = atomic.observe(root / PATH), outside(elsewhere)

    def meanwhile(scratch: Path) -> None:
        divert(root)
        scratch.write_bytes(b"by its path")
        with handed(scratch) as output:
            output.write_bytes(b"by a program")

    replace(root, meanwhile, expected)

    assert before == outside(elsewhere)
    assert b"new" == (root.with_name("moved") / "Album/01.flac").read_bytes()


def a_link(scratch: Path, secret: Path) -> None:
    scratch.unlink()
    scratch.symlink_to(secret)


def another_name(scratch: Path, secret: Path) -> None:
    scratch.unlink()
    os.link(secret, scratch)


def a_pipe(scratch: Path, _secret: Path) -> None:
    scratch.unlink()
    os.mkfifo(scratch)


@pytest.mark.parametrize("swap", [a_link, another_name, a_pipe])
def test_w52_a_swapped_scratch_file_is_not_written(
    root: Path, elsewhere: Path, swap: Callable[[Path, Path], None]
) -> None:
    """w52, X2: neither by PAC, nor by the programs it starts, nor are rights carried over."""
    secret = elsewhere / PATH
    master = root / PATH
    expected = atomic.observe(master)
    whole = secret.read_bytes(), secret.stat().st_mode, secret.stat().st_mtime_ns
    master.chmod(0o666)
    expected = atomic.observe(master)

    def work(opener: Callable[[Path], object]) -> None:
        with atomic.replacing(master, expected, keep_mtime=True, root=root) as scratch:
            swap(scratch, secret)
            opener(scratch)

    with pytest.raises(VerifyError, match="something else in the place"):
        work(lambda scratch: atomic.open_own(scratch, empty=True).close())
    with pytest.raises(ToolError):
        work(lambda scratch: handed(scratch).__enter__())
    with pytest.raises(VerifyError):
        work(lambda _: None)

    assert whole == (secret.read_bytes(), secret.stat().st_mode, secret.stat().st_mtime_ns)
    assert expected == atomic.observe(master)


def test_w52_a_program_writes_the_file_that_was_opened(root: Path, elsewhere: Path) -> None:
    """w52: exchanged after a program got it, a scratch file is still what it writes."""
    scratch, secret = root / "scratch", elsewhere / PATH
    with handed(scratch) as output:
        a_link(scratch, secret)
        output.write_bytes(b"by a program")

        assert b"by a program" == output.read_bytes()

    assert SECRET == secret.read_bytes()


def test_w52_the_bin_takes_nothing_through_a_link(root: Path, elsewhere: Path) -> None:
    """w52: what a link leads to is neither linked into the bin nor moved there."""
    divert(root)
    entry, before = recycled(root), outside(elsewhere)

    def keep() -> None:
        with recycle.keeping(root / PATH, root, lambda: entry):
            pass

    with pytest.raises(PacError) as caught:
        keep()

    assert FailureKind.NOT_REGULAR == caught.value.kind
    assert before == outside(elsewhere)
    assert not (root / recycle.BIN).exists()


def test_w52_the_bin_itself_may_not_be_a_link(root: Path, elsewhere: Path) -> None:
    """w52: a bin that leads elsewhere is none."""
    (root / recycle.BIN).symlink_to(elsewhere)
    entry, before = recycled(root), outside(elsewhere)

    def keep() -> None:
        with recycle.keeping(root / PATH, root, lambda: entry):
            pass

    with pytest.raises(StrayPathError):
        keep()

    assert [] == [name for name, _ in recycle.contents(elsewhere)]
    assert before == outside(elsewhere)


def test_w52_nothing_is_removed_through_a_link(root: Path, elsewhere: Path) -> None:
    """w52, M9: neither an output, nor a folder that is empty, nor what a worker left."""
    expected = atomic.observe(root / PATH)
    divert(root)
    before = outside(elsewhere)

    with pytest.raises(StrayPathError):
        renaming.remove(root / PATH, root=root, expected=expected)
    with pytest.raises(StrayPathError):
        renaming.move(root / "Artist/Empty/x", root / "y", root=root)
    album = PurePosixPath("Artist/Album")
    sweep(root, album, [".pacd-1-0123abcd.flac"], lambda _pid: True)
    sweep_folder(root, album, lambda _pid: True)

    assert before == outside(elsewhere)


def test_w52_what_is_removed_is_what_was_looked_at(root: Path) -> None:
    """w52, M9: a file that took the place of the one that was to go stays."""
    target = root / PATH
    expected = atomic.observe(target)
    target.unlink()
    target.write_bytes(b"another")

    with pytest.raises(SourceChangedError):
        renaming.remove(target, root=root, expected=expected)

    assert b"another" == target.read_bytes()
