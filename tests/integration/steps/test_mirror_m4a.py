"""Making and retagging M4A outputs, on real files with the real programs."""

import os
import resource
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import mutagen.mp4
import pytest
from PIL import Image

from pacd import VERSION
from pacd.domain.job import Job
from pacd.domain.media import Codec
from pacd.domain.output import OutputState
from pacd.domain.plan import Action
from pacd.domain.policy import OpusGain
from pacd.errors import CollisionError, PacError, SourceChangedError, ToolError, VerifyError
from pacd.files.atomic import observe
from pacd.files.m4a import m4a_audio_digest, m4a_length_matches, read_m4a
from pacd.files.opus import read_opus
from pacd.steps.look import look_at_outputs
from pacd.steps.mirror import mirror_encode, mirror_retag
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import Art, dress, encode_pcm, png, stated_md5, write_flac
from tests.integration.steps.jobs import again, mirror_job
from tests.integration.steps.m4a_outputs import atoms, covers, m4a_output, pac_atoms
from tests.integration.steps.outputs import jpeg, leftovers, output

REPOSITORY = Path(__file__).parents[3]
CORPUS = REPOSITORY.parent / "shared" / "corpus" / "ietf"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the IETF corpus is not beside the repository"
)

FREEFORM = "----:com.apple.iTunes:"


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    found = find_tools()
    if found.aac is None:
        pytest.skip("no AAC encoder is installed")
    return found


@pytest.fixture
def master(tmp_path: Path) -> Path:
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    return write_flac(source, seconds=0.5)


def aac_job(base: Path, **settings: Any) -> Job:
    return mirror_job(base, codec=Codec.AAC, **settings)


def retag_job(job: Job, **settings: Any) -> Job:
    """The same file's job for a retag, as things stand now."""
    now = again(job)
    library = replace(now.library, mirrors=(replace(now.mirror, **settings),))
    return replace(now, library=library, item=replace(now.item, action=Action.MIRROR_RETAG))


def played_frames(path: Path, channels: int) -> int:
    """What ffmpeg decodes."""
    command: list[str | Path] = ["ffmpeg", "-v", "error", "-xerror", "-i", path, "-map", "0:a"]
    done = subprocess.run([*command, "-f", "s16le", "-"], capture_output=True, check=True)
    return len(done.stdout) // (2 * channels)


def test_an_output_tells_its_origin(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M1, M3, M7: same folder and base name, org.pac atoms, exact length, as reported."""
    job = aac_job(tmp_path, vbr_mode=3)
    mirrored = mirror_encode(job, tools)
    track = job.facts.track
    assert track is not None
    assert tools.aac is not None
    pac = pac_atoms(tmp_path)

    assert {
        "src_md5": stated_md5(master),
        "encoder": tools.aac.name,
        "quality": job.mirror.quality,
        "version": VERSION,
        "source_rel": "a/b.flac",
        "src_tags": job.mirror.tags_hash(track.tags_md5),
    } == pac
    assert "aac" in pac["quality"]
    assert "3" in pac["quality"]
    assert track.audio.total_samples == read_m4a(m4a_output(tmp_path)).samples
    assert (True, ()) == (mirrored.encoded, mirrored.lost)
    made = mirrored.output
    assert ("a/b.m4a", OutputState.OURS) == (str(made.path), made.state)
    assert (pac["src_md5"], pac["quality"]) == (made.src_md5, made.quality)
    assert (pac["src_tags"], pac["encoder"]) == (made.src_tags, made.encoder)
    assert PurePosixPath("a/b.flac") == made.source_rel
    assert observe(m4a_output(tmp_path)) == made.observation
    assert ["b.m4a"] == leftovers(tmp_path)


def test_the_files_alone_tell_what_was_made(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M4: an output is seen as it was reported, whatever its codec."""
    both = [mirror_encode(mirror_job(tmp_path), tools), mirror_encode(aac_job(tmp_path), tools)]
    paths = [PurePosixPath("a/b.opus"), PurePosixPath("a/b.m4a")]

    assert tuple(each.output for each in both) == look_at_outputs(
        [(tmp_path / "mirror", path) for path in paths]
    )


FULL = {
    "TITLE": "T ü 龍",
    "ALBUM": "L",
    "ARTIST": ["B", "A"],
    "ALBUMARTIST": "V",
    "GENRE": ["Rock", "Jazz"],
    "TRACKNUMBER": "3/12",
    "DISCNUMBER": "1",
    "DISCTOTAL": "2",
    "COMPILATION": "1",
    "ARTISTSORT": ["B, X", "A, Y"],
    "DATE": "1999-12-31",
    "BPM": "127.6",
    "LYRICS": "one\ntwo",
    "MUSICBRAINZ_TRACKID": "recording",
    "MUSICBRAINZ_RELEASETRACKID": "track",
    "MUSICBRAINZ_ARTISTID": ["1", "2"],
    "REPLAYGAIN_TRACK_GAIN": "-8.58 dB",
    "PERFORMER": ["X (bass)", "Y (oboe)"],
    "COMPRESSION": "flac 1.4.2; level=8",
}
FULL_ATOMS = {
    "\xa9nam": ["T ü 龍"],
    "\xa9alb": ["L"],
    "\xa9ART": ["B; A"],
    "aART": ["V"],
    "\xa9gen": ["Rock", "Jazz"],
    "trkn": [(3, 12)],
    "disk": [(1, 2)],
    "cpil": True,
    "soar": ["B, X; A, Y"],
    "\xa9day": ["1999-12-31"],
    "tmpo": [128],
    "\xa9lyr": ["one\ntwo"],
    f"{FREEFORM}ARTISTS": ["B", "A"],
    f"{FREEFORM}MusicBrainz Track Id": ["recording"],
    f"{FREEFORM}MusicBrainz Release Track Id": ["track"],
    f"{FREEFORM}MusicBrainz Artist Id": ["1", "2"],
    f"{FREEFORM}REPLAYGAIN_TRACK_GAIN": ["-8.58 dB"],
    f"{FREEFORM}PERFORMER": ["X (bass)", "Y (oboe)"],
}


def test_all_tags_arrive(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M6, users 2 and 21: in the atoms that players read, several values as several."""
    dress(master, FULL, ())
    mirrored = mirror_encode(aac_job(tmp_path), tools)

    assert FULL_ATOMS == atoms(tmp_path)
    assert () == mirrored.lost


def test_what_has_no_atom_is_told(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M6: each field that cannot be carried has its sentence, of this very file."""
    dress(master, {"TRACKNUMBER": "A3", "SYNCEDLYRICS": "[00:01]x", "R128_TRACK_GAIN": "1"}, ())
    mirrored = mirror_encode(aac_job(tmp_path), tools)

    assert ["R128_TRACK_GAIN", "SYNCEDLYRICS", "TRACKNUMBER"] == sorted(
        each.partition(":")[0].strip("'") for each in mirrored.lost
    )
    assert {} == atoms(tmp_path)


def test_users_1_the_cover_arrives(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """Users 1, M6: the front first, each a baseline JPEG within the limits, or an icon's PNG."""
    back = Art(jpeg(200, 200, progressive=True), type=4, mime="image/jpeg")
    front = Art(png(600, 400))
    icon = Art(png(32, 32), type=1)
    dress(master, {}, [back, front, icon])
    mirrored = mirror_encode(aac_job(tmp_path, art_max_px=150, art_max_kib=30), tools)
    found = covers(tmp_path)
    form = mutagen.mp4.MP4Cover

    assert [form.FORMAT_JPEG, form.FORMAT_JPEG, form.FORMAT_PNG] == [
        each.imageformat for each in found
    ]
    assert icon.data == bytes(found[2])
    for each, shape in zip(found[:2], [(150, 100), (150, 150)], strict=True):
        image = Image.open(BytesIO(bytes(each)))
        assert shape == image.size
        assert len(each) <= 30 * 1024
        assert "progressive" not in image.info
    assert ["picture of type 4", "picture of type 1"] == [
        each.partition(",")[0] for each in mirrored.lost
    ]


def test_a_fitting_cover_keeps_its_bytes(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M6: a baseline JPEG within the limits arrives byte for byte, and nothing is lost."""
    cover = jpeg()
    dress(master, {}, [Art(cover, mime="image/jpeg")])
    mirrored = mirror_encode(aac_job(tmp_path), tools)

    assert ([cover], ()) == ([bytes(each) for each in covers(tmp_path)], mirrored.lost)


def test_hostile_tags(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """X2: paths, NUL, escapes, 10 MB of text and claims to be PAC's or iTunes' are only text."""
    hostile = {
        "ARTIST": "../../../etc/passwd",
        "TITLE": "a\0b\x1b]0;x\x07",
        "LYRICS": "x" * 10_000_000,
        "PAC_SRC_MD5": "0" * 32,
        "ITUNSMPB": " 00000000 00000000 00000000 0000000000000001",
        "COMMENT": "",
    }
    dress(master, hostile, ())
    mirror_encode(aac_job(tmp_path), tools)
    found = atoms(tmp_path)

    assert stated_md5(master) == pac_atoms(tmp_path)["src_md5"]
    for atom, key in (("\xa9ART", "ARTIST"), ("\xa9nam", "TITLE"), ("\xa9lyr", "LYRICS")):
        assert [hostile[key]] == found[atom]
    assert 22_050 == read_m4a(m4a_output(tmp_path)).samples


@pytest.mark.parametrize(
    ("seconds", "rate", "bits", "channels", "heard"),
    [
        (0, 44_100, 16, 2, 2),
        (0.5, 44_100, 16, 1, 1),
        (0.3, 44_100, 16, 4, 5),  # AAC has no quadraphony: a silent centre is added
        (0.5, 48_000, 24, 6, 6),
        (0.3, 44_100, 16, 8, 8),
        (0.3, 96_000, 24, 2, 2),
        (0.3, 192_000, 24, 2, 2),
        (0.3, 22_050, 8, 2, 2),
    ],
)
def test_every_shape_keeps_its_length(
    tmp_path: Path,
    tools: Toolbox,
    seconds: float,
    rate: int,
    bits: int,
    channels: int,
    heard: int,
) -> None:
    """M7: one sample, mono, 5.1, high rates: as long as the master, by headers and by ear."""
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    write_flac(source, seconds=seconds, rate=rate, bits=bits, channels=channels)
    job = aac_job(tmp_path)
    assert job.facts.track is not None
    mirror_encode(job, tools)
    made = read_m4a(m4a_output(tmp_path))

    assert m4a_length_matches(job.facts.track.audio, made)
    assert (heard, True) == (made.channels, made.complete)
    # ffmpeg 5.1 plays the last frame whole: 1024 samples of AAC LC.
    assert 0 <= played_frames(m4a_output(tmp_path), heard) - made.samples < 1_024


@needs_corpus
@pytest.mark.parametrize(
    "name",
    [
        "subset/20 - samplerate 39kHz.flac",
        "subset/22 - 12 bit per sample.flac",
        "subset/28 - high resolution audio, default settings.flac",
        "subset/38 - 3 channels (3.0).flac",
        "subset/45 - no total number of samples set.flac",
        "subset/47 - only STREAMINFO.flac",
        "subset/54 - 1000x repeating VORBISCOMMENT.flac",
        "subset/58 - GIF PICTURE.flac",
        "subset/59 - AVIF PICTURE.flac",
        "faulty/01 - wrong max blocksize.flac",
        "faulty/10 - invalid vorbis comment metadata block.flac",
    ],
)
def test_files_of_others(tmp_path: Path, tools: Toolbox, name: str) -> None:
    """M6, M7: real files with odd depths, rates, channels, headers and pictures, in full."""
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    source.write_bytes((CORPUS / name).read_bytes())
    job = aac_job(tmp_path)
    assert job.facts.track is not None
    mirror_encode(job, tools)
    made = read_m4a(m4a_output(tmp_path))

    assert m4a_length_matches(job.facts.track.audio, made)
    assert made.complete
    assert 0 <= played_frames(m4a_output(tmp_path), made.channels) - made.samples < 1_024
    assert len(job.facts.track.pictures) == len(covers(tmp_path))


def test_silence(tmp_path: Path, tools: Toolbox) -> None:
    """M7: of silence, too, there is as much as in the master."""
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    encode_pcm(source, bytes(4 * 30_000))
    mirror_encode(aac_job(tmp_path), tools)

    assert 30_000 == read_m4a(m4a_output(tmp_path)).samples


@pytest.mark.parametrize("name", [b"x\xff\n;$(id).flac", b"-o.flac"])
def test_w53_odd_names(tmp_path: Path, tools: Toolbox, name: bytes) -> None:
    """w53: names that are not UTF-8 or look like options are only names, and come back."""
    text = os.fsdecode(name)
    (tmp_path / "library").mkdir()
    write_flac(tmp_path / "plain.flac", seconds=0.1).rename(tmp_path / "library" / text)
    made = mirror_encode(mirror_job(tmp_path, text, codec=Codec.AAC), tools).output

    assert (made,) == look_at_outputs([(tmp_path / "mirror", made.path)])
    assert PurePosixPath(text) == made.source_rel


def test_a_retag_keeps_the_audio(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M5, users 3 and 4: changed tags and art arrive; not one frame is made anew."""
    job = aac_job(tmp_path)
    first = mirror_encode(job, tools).output
    audio = m4a_audio_digest(m4a_output(tmp_path))
    dress(master, FULL, [Art(png(200, 200))])
    second = mirror_retag(retag_job(job), tools)
    made = second.output

    assert (False, audio) == (second.encoded, m4a_audio_digest(m4a_output(tmp_path)))
    assert (first.src_md5, first.quality) == (made.src_md5, made.quality)
    assert (first.encoder, observe(m4a_output(tmp_path))) == (made.encoder, made.observation)
    assert first.src_tags != made.src_tags == pac_atoms(tmp_path)["src_tags"]
    found = atoms(tmp_path)
    assert 1 == len(found.pop("covr"))
    assert FULL_ATOMS == found
    assert ["b.m4a"] == leftovers(tmp_path)


def test_tags_that_went_are_gone(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M5: a retag leaves nothing behind of what the master no longer says."""
    dress(master, FULL, [Art(png(200, 200))])
    job = aac_job(tmp_path)
    mirror_encode(job, tools)
    write_flac(master, seconds=0.5, tags={"TITLE": "t"})
    mirror_retag(retag_job(job), tools)

    assert {"\xa9nam": ["t"]} == atoms(tmp_path)


def test_a_retag_keeps_the_quality_it_finds(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M3: a retag under another quality does not claim it."""
    job = aac_job(tmp_path, vbr_mode=2)
    first = mirror_encode(job, tools).output
    made = mirror_retag(retag_job(job, vbr_mode=5), tools).output

    assert first.quality == made.quality


def test_loudness_of_opus_is_no_reason(master: Path, tmp_path: Path) -> None:
    """M5: another opus_gain retags no M4A output."""
    job = aac_job(tmp_path)
    hashes = {replace(job.mirror, opus_gain=gain).tags_hash("x") for gain in OpusGain}

    assert 1 == len(hashes)


@pytest.mark.parametrize("cut", [1, 100, 2_000])
def test_a_cut_output_is_made_again(master: Path, tmp_path: Path, tools: Toolbox, cut: int) -> None:
    """M4, M12: what is left of an output stands for no master, and is not retagged but replaced."""
    job = aac_job(tmp_path)
    first = mirror_encode(job, tools).output
    path = m4a_output(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    [found] = look_at_outputs([(tmp_path / "mirror", first.path)])

    assert (OutputState.OURS, "", first.quality) == (found.state, found.src_md5, found.quality)
    with pytest.raises(VerifyError):
        mirror_retag(retag_job(job), tools)
    assert found.observation == observe(path)
    assert first.src_md5 == mirror_encode(job, tools).output.src_md5


@pytest.mark.parametrize("kept", [*range(0, 3_000, 250)])
def test_no_damage_raises(master: Path, tmp_path: Path, tools: Toolbox, kept: int) -> None:
    """X2: an output cut anywhere in its headers is foreign or ours, never an exception."""
    made = mirror_encode(aac_job(tmp_path), tools).output
    path = m4a_output(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    [found] = look_at_outputs([(tmp_path / "mirror", made.path)])

    assert "" == found.src_md5


def test_a_retag_of_other_audio_is_refused(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M5: tags are never put on audio they do not belong to."""
    job = aac_job(tmp_path)
    before = mirror_encode(job, tools).output.observation
    write_flac(master, seconds=0.5, seed=3)
    with pytest.raises(SourceChangedError):
        mirror_retag(retag_job(job), tools)

    assert before == observe(m4a_output(tmp_path))


@pytest.mark.parametrize("step", [mirror_encode, mirror_retag])
@pytest.mark.parametrize("content", ["", "text", "m4a", "opus"])
def test_a_foreign_file_is_never_touched(
    master: Path, tmp_path: Path, tools: Toolbox, step: Any, content: str
) -> None:
    """M9: a file without PAC's atoms stays as it is, also where it plays well."""
    job = aac_job(tmp_path)
    path = m4a_output(tmp_path)
    path.parent.mkdir()
    path.write_text(content)
    if content == "m4a":
        command: list[str | Path] = ["ffmpeg", "-v", "error", "-y", "-i", master, path]
        subprocess.run(command, check=True)
    if content == "opus":
        mirror_encode(mirror_job(tmp_path), tools)
        output(tmp_path).rename(path)
    before = observe(path)
    with pytest.raises(CollisionError, match="was not made by PAC"):
        step(job, tools)

    assert before == observe(path)
    assert [OutputState.FOREIGN] == [
        each.state for each in look_at_outputs([(tmp_path / "mirror", PurePosixPath("a/b.m4a"))])
    ]


def test_a_disk_that_fills_up_while_tagging(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """w18: mutagen's failure to write stays an OSError, and the old output stays whole."""
    job = aac_job(tmp_path)
    mirror_encode(job, tools)
    before = observe(m4a_output(tmp_path))
    dress(master, {"LYRICS": "x" * 3_000_000}, ())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            mirror_retag(retag_job(job), tools)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert (before, ["b.m4a"]) == (observe(m4a_output(tmp_path)), leftovers(tmp_path))


def test_damage_never_gets_a_name(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M12, M7: a cut master gets no output, whatever the encoder thinks of it."""
    whole = master.read_bytes()
    master.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(PacError):
        mirror_encode(aac_job(tmp_path), tools)

    assert [] == leftovers(tmp_path)


def test_without_any_encoder(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M2: a missing encoder is a sentence that says how to get one; Opus is made all the same."""
    poor = replace(tools, qaac=None, fdkaac=None, ffmpeg=None)
    with pytest.raises(ToolError, match="no AAC encoder is installed: apt install fdkaac"):
        mirror_encode(aac_job(tmp_path), poor)
    if tools.opusenc is not None:
        mirror_encode(mirror_job(tmp_path), poor)
        assert read_opus(output(tmp_path)).complete


def test_two_mirrors_say_the_same(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """P4: nothing but the encoder's clock tells a fresh output from another."""
    dress(master, FULL, [Art(jpeg(), mime="image/jpeg")])
    seen = []
    for number in range(2):
        base = tmp_path / str(number)
        base.mkdir()
        (base / "library").symlink_to(tmp_path / "library")
        made = mirror_encode(aac_job(base), tools).output
        seen.append((replace(made, observation=None), atoms(base), pac_atoms(base)))

    assert seen[0] == seen[1]
