"""Exporting covers into the art root, on real files."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pacd.errors import CollisionError, PacError, SourceChangedError
from pacd.files.atomic import observe
from pacd.files.covers import CoverError
from pacd.steps.artwork import export_artwork
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import Art, dress, png, write_flac
from tests.integration.steps.jobs import artwork_job

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "ietf"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the IETF corpus is not beside the repository"
)
TARGET = "A/B/front.png"


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.fixture
def master(tmp_path: Path) -> Path:
    """A master with a back picture before its front cover."""
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    return write_flac(
        source, seconds=0.1, pictures=[Art(png(seed=1), type=4), Art(png(300, 200, seed=2))]
    )


def cover(base: Path) -> Path:
    return base / "art" / TARGET


def test_the_front_cover_keeps_its_bytes(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """F7: type 3 goes out before others, byte for byte, and what is reported is what stands."""
    job = artwork_job(tmp_path, TARGET)
    done = export_artwork(job, tools)
    seen = observe(cover(tmp_path))
    assert job.facts.track is not None

    assert png(300, 200, seed=2) == cover(tmp_path).read_bytes()
    assert (True, TARGET, "image/png") == (done.written, str(done.target), done.mime)
    assert (seen.size_bytes, seen.mtime_ns) == (done.size_bytes, done.mtime_ns)
    assert job.facts.track.cover == done.picture


def test_a_second_export_writes_nothing(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """P4: the same bytes standing there already are left untouched, whoever put them there."""
    export_artwork(artwork_job(tmp_path, TARGET), tools)
    before = observe(cover(tmp_path))
    done = export_artwork(artwork_job(tmp_path, TARGET), tools)

    assert (False, before) == (done.written, observe(cover(tmp_path)))


def test_a_changed_cover_replaces_pacs_own(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """F7: exported again when the picture changes, where the plan knows the file as PAC's."""
    cover(tmp_path).parent.mkdir(parents=True)
    cover(tmp_path).write_bytes(b"older")
    done = export_artwork(artwork_job(tmp_path, TARGET, replaces=True), tools)

    assert (True, png(300, 200, seed=2)) == (done.written, cover(tmp_path).read_bytes())


def test_a_foreign_file_is_never_replaced(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """F7: a file that PAC has no record of stays."""
    cover(tmp_path).parent.mkdir(parents=True)
    cover(tmp_path).write_bytes(b"mine")
    with pytest.raises(CollisionError, match="PAC did not make it"):
        export_artwork(artwork_job(tmp_path, TARGET), tools)

    assert b"mine" == cover(tmp_path).read_bytes()


@pytest.mark.parametrize("place", ["file", "dangling", "fifo", "folder"])
def test_nothing_is_written_through_a_link(
    master: Path, tmp_path: Path, tools: Toolbox, place: str
) -> None:
    """X2, w52: links and pipes in the way are refused, even where PAC's own file is expected."""
    job = artwork_job(tmp_path, TARGET, replaces=True)
    outside = tmp_path / "outside"
    if place == "folder":
        outside.mkdir()
        cover(tmp_path).parent.parent.symlink_to(outside)
    else:
        cover(tmp_path).parent.mkdir(parents=True)
        if place == "fifo":
            os.mkfifo(cover(tmp_path))
        else:
            cover(tmp_path).symlink_to(outside)
    if place == "file":
        outside.write_bytes(b"mine")
    with pytest.raises(PacError, match="link"):
        export_artwork(job, tools)

    assert {"file": True, "folder": True}.get(place, False) == outside.exists()
    assert place != "file" or b"mine" == outside.read_bytes()
    assert place != "folder" or [] == list(outside.iterdir())


@pytest.mark.parametrize("change", ["touched", "other-picture", "gone"])
def test_a_master_that_changed_is_left_for_the_next_round(
    master: Path, tmp_path: Path, tools: Toolbox, change: str
) -> None:
    """F7: the picture that is exported is the one the plan was made for."""
    job = artwork_job(tmp_path, TARGET)
    if change == "gone":
        master.unlink()
    else:
        dress(master, {"TITLE": "x"}, [Art(png(seed=5))] if change == "other-picture" else [])
    with pytest.raises(SourceChangedError):
        export_artwork(job, tools)

    assert not cover(tmp_path).exists()


def test_max_px_scales_down(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """F7: max_px bounds the longest side."""
    export_artwork(artwork_job(tmp_path, TARGET, max_px=150), tools)

    assert (150, 100) == Image.open(BytesIO(cover(tmp_path).read_bytes())).size


def test_a_picture_of_15_mb(tmp_path: Path, tools: Toolbox) -> None:
    """Users 14: a huge cover is exported whole; FLAC blocks end at 16 MiB."""
    made = BytesIO()
    Image.frombytes("RGB", (2300, 2200), os.urandom(2300 * 2200 * 3)).save(made, "PNG")
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    write_flac(source, seconds=0.1, pictures=[Art(made.getvalue())])
    done = export_artwork(artwork_job(tmp_path, TARGET), tools)

    assert done.size_bytes > 15_000_000
    assert made.getvalue() == cover(tmp_path).read_bytes()


def test_an_unreadable_picture(tmp_path: Path, tools: Toolbox) -> None:
    """X2: garbage where a picture should be ends as a sentence, and nothing is written."""
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    write_flac(source, seconds=0.1, pictures=[Art(b"garbage")])
    with pytest.raises(CoverError, match="cannot be read"):
        export_artwork(artwork_job(tmp_path, TARGET), tools)

    assert not cover(tmp_path).exists()


@needs_corpus
@pytest.mark.parametrize(
    ("name", "suffix", "form"),
    [
        ("56 - JPG PICTURE", ".jpg", "JPEG"),
        ("57 - PNG PICTURE", ".png", "PNG"),
        ("58 - GIF PICTURE", ".png", "PNG"),
        ("59 - AVIF PICTURE", ".jpg", "JPEG"),
    ],
)
def test_pictures_of_others(
    tmp_path: Path, tools: Toolbox, name: str, suffix: str, form: str
) -> None:
    """F7: JPEG and PNG keep their bytes, GIF and AVIF are converted; the extension says which."""
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    source.write_bytes((CORPUS / "subset" / f"{name}.flac").read_bytes())
    job = artwork_job(tmp_path, f"front{suffix}")
    done = export_artwork(job, tools)
    written = tmp_path / "art" / done.target
    assert job.facts.track is not None
    assert job.facts.track.cover is not None
    kept = written.stat().st_size == job.facts.track.cover.size_bytes

    assert form == Image.open(BytesIO(written.read_bytes())).format
    assert ("J" in name or "PNG" in name) == kept


def test_no_art_root_is_made(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """F7: an art root that is not there may be one that is not mounted: it is said, not made."""
    job = artwork_job(tmp_path, TARGET)
    (tmp_path / "art").rmdir()
    with pytest.raises(PacError, match="art"):
        export_artwork(job, tools)

    assert not (tmp_path / "art").exists()
