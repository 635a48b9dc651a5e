"""Reading FLAC headers, on bytes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pacd.domain.media import AudioFormat, Quirk
from pacd.files.flac_blocks import (
    Block,
    BlockType,
    DamagedHeaderError,
    Layout,
    NotFlacError,
    read_layout,
)
from pacd.files.flac_fields import Comments, EmbeddedPicture, StreamInfo, as_text, pairs
from tests.damage import (
    SAMPLES,
    STREAM_MD5,
    apev2,
    comment_block,
    frame,
    id3v1,
    id3v2,
    joined,
    stream_info,
)

FRAMES = frame(0) + frame(1)
HEADER = [(0, stream_info()), (4, comment_block(b"TITLE=x"))]
GOOD = joined(HEADER, FRAMES)


def layout_of(data: bytes) -> Layout:
    return read_layout(io.BytesIO(data))


def test_a_plain_file() -> None:
    """F3: the header is known block by block, and where the audio begins and ends."""
    layout = layout_of(GOOD)

    expected = StreamInfo(
        SAMPLES, SAMPLES, AudioFormat(44_100, 16, 2, 2 * SAMPLES), STREAM_MD5.hex()
    )
    assert expected == layout.info
    assert tuple(Block(kind, data) for kind, data in HEADER) == layout.blocks
    assert (len(GOOD) - len(FRAMES), len(GOOD)) == (layout.audio_offset, layout.end)
    assert 2 * SAMPLES == layout.samples
    assert frozenset() == layout.quirks


APE = apev2((b"Title", b"x"))
LYRICS = b"LYRICSBEGIN" + b"IND00003110" + b"000022LYRICS200"
ID3 = id3v2((b"TIT2", b"\0x"))


@pytest.mark.parametrize(
    ("before", "behind", "quirks"),
    [
        pytest.param(ID3, b"", {Quirk.ID3V2}, id="id3v2"),
        pytest.param(ID3 + id3v2(), b"", {Quirk.ID3V2}, id="two-id3v2"),
        pytest.param(b"", id3v1(), {Quirk.ID3V1}, id="id3v1"),
        pytest.param(b"", b"TAG+" + bytes(223) + id3v1(), {Quirk.ID3V1}, id="enhanced-id3v1"),
        pytest.param(b"", APE, {Quirk.TRAILING_BYTES}, id="ape"),
        pytest.param(b"", APE + id3v1(), {Quirk.TRAILING_BYTES, Quirk.ID3V1}, id="ape-id3v1"),
        pytest.param(b"", LYRICS + id3v1(), {Quirk.TRAILING_BYTES, Quirk.ID3V1}, id="lyrics3"),
        pytest.param(b"", ID3 + b"3DI" + ID3[3:10], {Quirk.TRAILING_BYTES}, id="id3v2-at-the-end"),
        pytest.param(b"", b"junk", {Quirk.TRAILING_BYTES}, id="junk"),
        pytest.param(b"", bytes(100_000), {Quirk.TRAILING_BYTES}, id="zeros"),
        pytest.param(b"", b"junk" + id3v1(), {Quirk.TRAILING_BYTES, Quirk.ID3V1}, id="junk-id3v1"),
        pytest.param(ID3, id3v1(), {Quirk.ID3V2, Quirk.ID3V1}, id="both-ends"),
    ],
)
def test_what_stands_before_and_behind(before: bytes, behind: bytes, quirks: set[Quirk]) -> None:
    """F5: tags and junk around the stream are told apart from it, to the byte."""
    layout = layout_of(before + GOOD + behind)

    assert (len(before), len(before + GOOD)) == (layout.prefix_bytes, layout.end)
    assert quirks == layout.quirks
    assert 2 * SAMPLES == layout.samples


def test_much_unknown_junk_is_not_cut_off() -> None:
    """F5: more than history can hold stays in the file, and the test will complain of it."""
    layout = layout_of(GOOD + b"\1" * 5000)

    assert len(GOOD) + 5000 == layout.end
    assert 0 == layout.samples


def test_a_tags_magic_inside_a_frame_is_audio() -> None:
    """F1: bytes that only look like a tag are not cut from the audio."""
    unlucky = joined(HEADER, frame(0) + frame(1, b"TAG" + bytes(123)))
    assert b"TAG" == unlucky[-128:-125]

    layout = layout_of(unlucky)

    assert len(unlucky) == layout.end
    assert frozenset() == layout.quirks


@pytest.mark.parametrize(
    ("blocks", "quirks"),
    [
        pytest.param([HEADER[1], HEADER[0]], {Quirk.STREAMINFO_NOT_FIRST}, id="order"),
        pytest.param([*HEADER, HEADER[1]], {Quirk.TWO_COMMENT_BLOCKS}, id="two-comment-blocks"),
        pytest.param([(0, stream_info(total=0))], {Quirk.UNKNOWN_LENGTH}, id="unknown-length"),
        pytest.param([(0, stream_info(total=SAMPLES))], {Quirk.WRONG_LENGTH}, id="too-short"),
        pytest.param([(0, stream_info(total=9 * SAMPLES))], set(), id="too-long-is-damage"),
    ],
)
def test_odd_headers(blocks: list[tuple[int, bytes]], quirks: set[Quirk]) -> None:
    """F5: what a rewrite puts right is named."""
    layout = layout_of(joined(blocks, FRAMES))

    assert quirks == layout.quirks
    assert 2 * SAMPLES == layout.samples


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(GOOD[:6], "cut off within its header", id="cut-in-block-head"),
        pytest.param(GOOD[:30], "cut off within its header", id="cut-in-streaminfo"),
        pytest.param(GOOD[: -len(FRAMES)], "holds no audio", id="no-frames"),
        pytest.param(joined(HEADER[1:], FRAMES), "no STREAMINFO", id="no-streaminfo"),
        pytest.param(joined([*HEADER, HEADER[0]], FRAMES), "2 STREAMINFO", id="two-streaminfo"),
        pytest.param(joined([(0, b"short")], FRAMES), "wrong size", id="short-streaminfo"),
        pytest.param(joined([*HEADER, (127, b"")], FRAMES), "type 127", id="forbidden-type"),
    ],
)
def test_damaged_headers(data: bytes, words: str) -> None:
    """F1: a header that cannot be read is told in words that help."""
    with pytest.raises(DamagedHeaderError, match=words):
        layout_of(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(bytes(5000), "zero bytes", id="zeros"),
        pytest.param(b"RIFF\x24\0\0\0WAVEfmt ", "a WAV file", id="wav"),
        pytest.param(b"FORM\0\0\0\0AIFF", "an AIFF file", id="aiff"),
        pytest.param(b"OggS" + bytes(24) + b"\x7fFLAC", "Ogg container", id="ogg-flac"),
        pytest.param(b"OggS" + bytes(24) + b"OpusHead", "an Ogg file", id="opus"),
        pytest.param(b"\0\0\0\x20ftypM4A ", "an MP4 or M4A file", id="m4a"),
        pytest.param(b"\xff\xfb\x90\x64", "an MP3 file", id="mp3"),
        pytest.param(ID3 + bytes(64) + b"\xff\xfb\x90\x64", "an MP3 file", id="mp3-with-id3"),
        pytest.param(ID3, "ID3v2 tag and nothing else", id="only-id3"),
        pytest.param(FRAMES, "lost its header", id="bare-frames"),
        pytest.param(b"\xff\xd8\xff\xe0", "a JPEG picture", id="jpeg"),
        pytest.param(b"PK\x03\x04", "a ZIP archive", id="zip"),
        pytest.param(b"<!DOCTYPE html>", "a web page", id="html"),
        pytest.param(b"fLa", "but with 66 4c 61", id="three-bytes"),
    ],
)
def test_what_is_no_flac(data: bytes, words: str) -> None:
    """F1: a file that is no FLAC is told for what it is."""
    with pytest.raises(NotFlacError, match=words):
        layout_of(data)


@given(some.binary(max_size=400))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """X2: whatever stands behind fLaC is read, or refused in words."""
    try:
        layout = layout_of(b"fLaC" + data)
    except DamagedHeaderError:
        return

    assert layout.audio_offset <= layout.end <= len(data) + 4


@given(some.binary(max_size=60), some.lists(some.binary(max_size=60), max_size=6))
def test_comments_come_back_byte_for_byte(vendor: bytes, entries: list[bytes]) -> None:
    """F3: comments of any bytes survive being read and written."""
    block = comment_block(*entries, vendor=vendor)

    assert Comments(vendor, tuple(entries)) == Comments.parse(block)
    assert block == Comments.parse(block).render()


@given(some.binary(max_size=200))
def test_no_comment_block_breaks_the_parser(data: bytes) -> None:
    """X2: a comment block of any bytes is read as far as it makes sense."""
    found = Comments.parse(data)

    assert len(found.rest) <= len(data)


def test_a_count_that_promises_too_much() -> None:
    """F5: a comment block that states ten comments and holds one has one."""
    block = bytearray(comment_block(b"A=1", vendor=b""))
    block[4] = 10

    assert Comments(b"", (b"A=1",)) == Comments.parse(bytes(block))


def test_second_comment_block_loses_nothing() -> None:
    """F5: two comment blocks are one; what the second repeats is not doubled."""
    second = comment_block(b"TITLE=x", b"ARTIST=a", b"ARTIST=a", b"title=X", vendor=b"other")
    layout = layout_of(joined([*HEADER, (4, second)], FRAMES))

    merged = Comments(b"tests", (b"TITLE=x", b"ARTIST=a", b"ARTIST=a", b"title=X"))
    assert merged == layout.comments


def test_comments_as_text() -> None:
    """F5: Latin-1 is read as such, and what has no key is no tag."""
    entries = [b"title=caf\xe9", b"noequals", b"=x", b"A=b=c", "K=\u00fc".encode(), b"E="]

    found = list(pairs(entries))

    assert [("TITLE", "caf\u00e9"), ("A", "b=c"), ("K", "\u00fc"), ("E", "")] == found
    assert "a\0b" == as_text(b"a\0b")


def test_pictures_come_back() -> None:
    """F3: a picture survives being written and read."""
    picture = EmbeddedPicture(3, "image/png", "fr\u00f6nt", b"data", 1, 2, 24, 0)

    assert picture == EmbeddedPicture.parse(picture.render())


@given(some.binary(max_size=120))
def test_no_picture_block_breaks_the_parser(data: bytes) -> None:
    """X2: a picture block of any bytes is a picture or none."""
    found = EmbeddedPicture.parse(data)

    assert found is None or len(found.data) <= len(data)


def test_an_address_is_no_picture() -> None:
    """F7: a block that holds a link instead of a picture is no cover."""
    assert EmbeddedPicture.parse(EmbeddedPicture(3, "-->", "", b"http://x").render()) is None


def test_block_types_are_the_standards() -> None:
    """F3: the numbers are those of RFC 9639, section 8.1."""
    named = {kind.name: kind.value for kind in BlockType}

    assert {"STREAMINFO": 0, "PADDING": 1, "APPLICATION": 2, "SEEKTABLE": 3} | {
        "VORBIS_COMMENT": 4,
        "CUESHEET": 5,
        "PICTURE": 6,
        "FORBIDDEN": 127,
    } == named
