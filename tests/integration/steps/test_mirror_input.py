"""Mirrors of odd, hostile and damaged masters, with the real programs."""

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pacd.errors import (
    NotRegularError,
    PacError,
    SourceChangedError,
)
from pacd.files.opus import length_matches, read_comments, read_opus
from pacd.steps.mirror import mirror_encode
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import Art, dress, png, stated_md5, write_flac
from tests.integration.steps.jobs import mirror_job
from tests.integration.steps.outputs import leftovers, output, pictures, tags

REPOSITORY = Path(__file__).parents[3]
CORPUS = REPOSITORY.parent / "shared" / "corpus" / "ietf"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the IETF corpus is not beside the repository"
)


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.fixture
def master(tmp_path: Path) -> Path:
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    return write_flac(source, seconds=0.5)


UNDER_C = """
import sys
from pathlib import Path
from pacd.steps.mirror import mirror_encode
from pacd.tools.toolbox import find_tools
from tests.integration.steps.jobs import mirror_job
base = Path(sys.argv[1])
library = base / "library"
[source] = library.rglob("*.flac")
mirror_encode(mirror_job(base, str(source.relative_to(library))), find_tools())
"""


def test_users_24_any_locale(tmp_path: Path) -> None:
    """Users 24: under LC_ALL=C Japanese tags and names arrive as they are."""
    source = tmp_path / "library" / "坂本龍一" / "千のナイフ.flac"
    source.parent.mkdir(parents=True)
    write_flac(source, seconds=0.2, tags={"ARTIST": "坂本龍一", "TITLE": "Ünï “千”"})
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    subprocess.run(
        [sys.executable, "-c", UNDER_C, tmp_path],
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, **locale},
    )
    found = read_comments(tmp_path / "mirror" / "坂本龍一" / "千のナイフ.opus")

    assert ("坂本龍一", "Ünï “千”") == (found.first("ARTIST"), found.first("TITLE"))
    assert "坂本龍一/千のナイフ.flac" == found.first("PAC_SOURCE_REL")


@pytest.mark.parametrize("name", [b"x\xff\n;$(id).flac", b"-o.flac", "龍".encode() * 82 + b".flac"])
def test_w53_odd_names(tmp_path: Path, tools: Toolbox, name: bytes) -> None:
    """w53: names that are not UTF-8, look like options or are 251 bytes long are only names."""
    text = os.fsdecode(name)
    (tmp_path / "library").mkdir()
    write_flac(tmp_path / "plain.flac", seconds=0.1).rename(tmp_path / "library" / text)
    mirrored = mirror_encode(mirror_job(tmp_path, text), tools)

    assert (tmp_path / "mirror" / mirrored.output.path).is_file()


def test_hostile_tags(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """X2: paths, NUL, escapes, 10 MB of text and claims to be PAC's are only text."""
    hostile = {
        "ARTIST": "../../../etc/passwd",
        "TITLE": "a\0b\x1b]0;x\x07",
        "LYRICS": "x" * 10_000_000,
        "PAC_SRC_MD5": "0" * 32,
    }
    dress(master, hostile, ())
    mirror_encode(mirror_job(tmp_path), tools)
    found = read_comments(output(tmp_path))

    assert (stated_md5(master),) == found.all("PAC_SRC_MD5")
    for key in ("ARTIST", "TITLE", "LYRICS"):
        assert (hostile[key],) == found.all(key)


def test_a_huge_picture_becomes_a_small_one(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """Users 14, X2: a picture of 15 MB arrives within the limits."""
    image = BytesIO()
    Image.frombytes("RGB", (2300, 2200), os.urandom(2300 * 2200 * 3)).save(image, "PNG")
    assert len(image.getvalue()) > 15_000_000
    dress(master, {}, [Art(image.getvalue())])
    mirrored = mirror_encode(mirror_job(tmp_path), tools)

    assert () == mirrored.lost
    assert output(tmp_path).stat().st_size < 1_000_000


def test_a_picture_that_is_none_is_told(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M6, X2: an unreadable picture is lost with a sentence; the output is made all the same."""
    dress(master, {"TITLE": "x"}, [Art(b"garbage", mime="image/heic")])
    mirrored = mirror_encode(mirror_job(tmp_path), tools)
    told = "picture of type 3, 'image/heic': the picture cannot be read as any known format"

    assert (told,) == mirrored.lost
    assert [("TITLE", "x")] == tags(tmp_path)


@needs_corpus
@pytest.mark.parametrize(
    "name",
    [
        "subset/20 - samplerate 39kHz.flac",
        "subset/22 - 12 bit per sample.flac",
        "subset/41 - 6 channels (5.1).flac",
        "subset/45 - no total number of samples set.flac",
        "subset/47 - only STREAMINFO.flac",
        "subset/54 - 1000x repeating VORBISCOMMENT.flac",
        "subset/58 - GIF PICTURE.flac",
        "subset/59 - AVIF PICTURE.flac",
        "uncommon/07 - 15 bit per sample.flac",
        "faulty/01 - wrong max blocksize.flac",
        "faulty/10 - invalid vorbis comment metadata block.flac",
    ],
)
def test_files_of_others(tmp_path: Path, tools: Toolbox, name: str) -> None:
    """M6, M7: real files with odd depths, rates, headers and pictures are mirrored in full."""
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    source.write_bytes((CORPUS / name).read_bytes())
    job = mirror_job(tmp_path)
    assert job.facts.track is not None
    mirror_encode(job, tools)
    made = read_opus(output(tmp_path))

    assert length_matches(job.facts.track.audio, made)
    assert made.samples > 100_000
    assert len(job.facts.track.pictures) == len(pictures(tmp_path))


def test_damage_never_gets_a_name(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M12, M7: opusenc takes a cut master for a short one; its output is thrown away."""
    whole = master.read_bytes()
    master.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(PacError):
        mirror_encode(mirror_job(tmp_path), tools)

    assert [] == leftovers(tmp_path)


def test_a_master_that_is_gone(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M12: a master that went away before its turn is no failure of its own kind."""
    job = mirror_job(tmp_path)
    master.unlink()
    with pytest.raises(SourceChangedError):
        mirror_encode(job, tools)

    assert [] == leftovers(tmp_path)


def test_hundreds_of_pictures(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """X2: a file full of pictures takes neither hours nor a mirror's space."""
    dress(master, {}, [Art(png(16, 16, seed=number), type=0) for number in range(100)])
    mirrored = mirror_encode(mirror_job(tmp_path), tools)

    assert (32, ("68 of 100 pictures",)) == (len(pictures(tmp_path)), mirrored.lost)


@pytest.mark.parametrize("link", ["file", "fifo"])
def test_a_master_that_is_no_file(master: Path, tmp_path: Path, tools: Toolbox, link: str) -> None:
    """w52, X2: a master swapped for a link or a pipe is not opened."""
    job = mirror_job(tmp_path)
    moved = master.rename(tmp_path / "elsewhere.flac")
    if link == "file":
        master.symlink_to(moved)
    else:
        os.mkfifo(master)
    with pytest.raises(NotRegularError):
        mirror_encode(job, tools)

    assert [] == leftovers(tmp_path)
