"""Writing the tags of outputs anew, on real files."""

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from pacd.domain.change import Observation
from pacd.domain.job import Job
from pacd.domain.plan import Action
from pacd.domain.policy import OpusGain
from pacd.errors import (
    SourceChangedError,
    VerifyError,
)
from pacd.files.atomic import observe
from pacd.files.opus import audio_digest, read_comments, read_opus
from pacd.steps.mirror import mirror_encode, mirror_retag
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import Art, dress, png, write_flac
from tests.integration.steps.jobs import again, mirror_job
from tests.integration.steps.outputs import leftovers, output, pictures, tags


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.fixture
def master(tmp_path: Path) -> Path:
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    return write_flac(source, seconds=0.5)


def retag_job(job: Job, **settings: object) -> Job:
    """The same file's job for a retag, as things stand now."""
    now = again(job)
    mirror = replace(now.mirror, **settings)  # type: ignore[arg-type]  # fields of MirrorPolicy
    library = replace(now.library, mirrors=(mirror,))
    return replace(now, library=library, item=replace(now.item, action=Action.MIRROR_RETAG))


def test_a_retag_keeps_the_audio(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M5, w20, users 3 and 4: changed tags and art arrive; not one audio packet is made anew."""
    job = mirror_job(tmp_path)
    first = mirror_encode(job, tools).output
    audio = audio_digest(output(tmp_path))
    dress(master, {"TITLE": "new", "ARTIST": ["A", "B"]}, [Art(png(200, 200))])
    second = mirror_retag(retag_job(job), tools)
    made = second.output

    assert (False, audio) == (second.encoded, audio_digest(output(tmp_path)))
    assert (first.src_md5, first.quality) == (made.src_md5, made.quality)
    assert (first.encoder, observe(output(tmp_path))) == (made.encoder, made.observation)
    assert first.src_tags != made.src_tags == read_comments(output(tmp_path)).first("PAC_SRC_TAGS")
    assert [("TITLE", "new"), ("ARTIST", "A"), ("ARTIST", "B")] == tags(tmp_path)[:3]
    assert 1 == len(pictures(tmp_path))
    assert ["b.opus"] == leftovers(tmp_path)


def test_a_retag_keeps_the_quality_it_finds(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M3: a retag under another bitrate does not claim that bitrate."""
    job = mirror_job(tmp_path)
    mirror_encode(job, tools)
    made = mirror_retag(retag_job(job, bitrate_kbps=128), tools).output

    assert "opus 64 kbit/s" == made.quality


def test_a_retag_undoes_the_header_gain(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M5, users 8: another opus_gain is a retag, in both directions."""
    dress(master, {"REPLAYGAIN_ALBUM_GAIN": "-7.00 dB"}, ())
    job = mirror_job(tmp_path, opus_gain=OpusGain.HEADER_ALBUM)
    mirror_encode(job, tools)
    gains = [read_opus(output(tmp_path)).output_gain]
    for gain in (OpusGain.R128, OpusGain.HEADER_ALBUM):
        mirror_retag(retag_job(job, opus_gain=gain), tools)
        gains.append(read_opus(output(tmp_path)).output_gain)

    assert [-3072, 0, -3072] == gains


def test_a_retag_of_other_audio_is_refused(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M5: tags are never put on audio they do not belong to."""
    job = mirror_job(tmp_path)
    before = mirror_encode(job, tools).output.observation
    write_flac(master, seconds=0.5, seed=3)
    with pytest.raises(SourceChangedError):
        mirror_retag(retag_job(job), tools)

    assert before == observe(output(tmp_path))


def test_a_retag_of_a_cut_output_is_refused(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M12: damage to an output is not passed on under a new name."""
    job = mirror_job(tmp_path)
    mirror_encode(job, tools)
    output(tmp_path).write_bytes(output(tmp_path).read_bytes()[:-100])
    before = observe(output(tmp_path))
    with pytest.raises(VerifyError):
        mirror_retag(retag_job(job), tools)

    assert before == observe(output(tmp_path))


def test_a_disk_that_fills_up_while_tagging(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """w18: mutagen's failure to write stays an OSError, and the old output stays whole."""
    job = mirror_job(tmp_path)
    mirror_encode(job, tools)
    before = observe(output(tmp_path))
    dress(master, {"LYRICS": "x" * 3_000_000}, ())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            mirror_retag(retag_job(job), tools)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert (before, ["b.opus"]) == (observe(output(tmp_path)), leftovers(tmp_path))


def test_the_master_is_only_read(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """X2: mirroring leaves the master and its folder exactly as they were."""

    def seen() -> tuple[Observation, int]:
        return observe(master), master.parent.stat().st_mtime_ns

    before = seen()
    job = mirror_job(tmp_path)
    mirror_encode(job, tools)
    mirror_retag(retag_job(job), tools)

    assert before == seen()
