"""Giving outputs the places of their masters, on real files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.job import Job
from pacd.domain.plan import Action
from pacd.errors import CollisionError, PacError, SourceChangedError
from pacd.files.folders import MissingRootError, StrayPathError
from pacd.files.opus import audio_digest, read_comments
from pacd.steps.mirror import mirror_encode, mirror_rename
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import dress, write_flac
from tests.integration.steps.jobs import mirror_job


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.fixture
def outputs(tmp_path: Path, tools: Toolbox) -> tuple[Path, Path]:
    """The outputs of a/1.flac and a/2.flac."""
    for number in (1, 2):
        source = tmp_path / "library" / "a" / f"{number}.flac"
        source.parent.mkdir(parents=True, exist_ok=True)
        write_flac(source, seconds=0.1, seed=number)
        mirror_encode(mirror_job(tmp_path, f"a/{number}.flac"), tools)
    mirror = tmp_path / "mirror" / "a"
    return mirror / "1.opus", mirror / "2.opus"


def rename_job(base: Path, name: str, origin: str) -> Job:
    job = mirror_job(base, name, Action.MIRROR_RENAME)
    return replace(job, item=replace(job.item, origin=PurePosixPath(origin)))


def source_of(output: Path) -> str:
    return read_comments(output).first("PAC_SOURCE_REL")


def test_an_output_follows_its_master(
    outputs: tuple[Path, Path], tmp_path: Path, tools: Toolbox
) -> None:
    """M5: its audio stays, its tags say where the master is, and carry what is new of it."""
    one, _two = outputs
    audio = audio_digest(one)
    moved = tmp_path / "library" / "b" / "x.flac"
    moved.parent.mkdir()
    (tmp_path / "library" / "a" / "1.flac").rename(moved)
    dress(moved, {"TITLE": "new"}, ())
    done = mirror_rename(rename_job(tmp_path, "b/x.flac", "a/1.opus"), tools)
    made = tmp_path / "mirror" / "b" / "x.opus"

    assert (PurePosixPath("a/1.opus"), None, False) == (
        done.moved_from,
        done.displaced,
        done.encoded,
    )
    assert (audio, "b/x.flac") == (audio_digest(made), source_of(made))
    assert "new" == read_comments(made).first("TITLE")
    assert not one.exists()


def test_what_stood_there_is_told_of(
    outputs: tuple[Path, Path], tmp_path: Path, tools: Toolbox
) -> None:
    """M5: two that change places; the second still says its old name, until it is its turn."""
    one, two = outputs
    first, second = audio_digest(one), audio_digest(two)
    library = tmp_path / "library" / "a"
    (library / "1.flac").rename(library / "3.flac")
    (library / "2.flac").rename(library / "1.flac")
    done = mirror_rename(rename_job(tmp_path, "a/1.flac", "a/2.opus"), tools)

    assert (second, first) == (audio_digest(one), audio_digest(two))
    assert done.displaced is not None
    assert (PurePosixPath("a/2.opus"), PurePosixPath("a/1.flac")) == (
        done.displaced.path,
        done.displaced.source_rel,
    )


def _foreign(base: Path) -> None:
    (base / "mirror" / "a" / "3.opus").write_bytes(b"not PAC's")


def _foreign_origin(base: Path) -> None:
    (base / "mirror" / "a" / "1.opus").write_bytes(b"not PAC's any more")


def _other_audio(base: Path) -> None:
    (base / "mirror" / "a" / "2.opus").rename(base / "mirror" / "a" / "1.opus")


def _gone(base: Path) -> None:
    (base / "mirror" / "a" / "1.opus").unlink()


def _master_changed(base: Path) -> None:
    dress(base / "library" / "a" / "3.flac", {"TITLE": "just now"}, ())


def _linked(base: Path) -> None:
    (base / "mirror" / "a").rename(base / "elsewhere")
    (base / "mirror" / "a").symlink_to(base / "elsewhere")


def _unmounted(base: Path) -> None:
    (base / "mirror").rename(base / "elsewhere")


@pytest.mark.parametrize(
    ("happens", "error"),
    [
        pytest.param(_foreign, CollisionError, id="another's file stands there"),
        pytest.param(_foreign_origin, SourceChangedError, id="it is no output any more"),
        pytest.param(_other_audio, SourceChangedError, id="it holds other audio"),
        pytest.param(_gone, SourceChangedError, id="it has gone"),
        pytest.param(_master_changed, SourceChangedError, id="the master has changed"),
        pytest.param(_linked, StrayPathError, id="a link leads elsewhere"),
        pytest.param(_unmounted, (MissingRootError, SourceChangedError), id="the disk has gone"),
    ],
)
def test_nothing_is_renamed_that_is_not_as_planned(
    outputs: tuple[Path, Path],
    tmp_path: Path,
    tools: Toolbox,
    happens: Callable[[Path], None],
    error: type[PacError],
) -> None:
    """M9, M12: whatever has happened since the plan was made, all stays as it is then."""
    assert outputs
    library = tmp_path / "library" / "a"
    (library / "1.flac").rename(library / "3.flac")
    job = rename_job(tmp_path, "a/3.flac", "a/1.opus")
    happens(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.opus")}
    with pytest.raises(error):
        mirror_rename(job, tools)

    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.opus")}
    assert [] == list((tmp_path / "mirror").glob("**/.pacd-*"))
