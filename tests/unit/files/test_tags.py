"""The mapping of a master's comments onto an Opus output."""

from base64 import b64decode
from pathlib import Path, PurePosixPath

import mutagen.flac
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacd import VERSION
from pacd.domain.media import Tags
from pacd.domain.policy import MirrorPolicy, OpusGain
from pacd.files.tags import (
    PAC_KEYS,
    PacTags,
    opus_tags,
    picture_comment,
    source_rel_path,
    source_rel_text,
)


def mapped(*pairs: tuple[str, str], gain: OpusGain = OpusGain.R128) -> list[tuple[str, str]]:
    return list(opus_tags(Tags.of(pairs), gain).pairs)


def lost(*pairs: tuple[str, str], gain: OpusGain = OpusGain.R128) -> str:
    return "\n".join(opus_tags(Tags.of(pairs), gain).lost)


def test_multi_values_keep_their_order() -> None:
    """M6, users 2: several values of one key stay several, in file order, between other keys."""
    pairs = [
        ("ARTIST", "B"),
        ("GENRE", "Rock"),
        ("ARTIST", "A"),
        ("GENRE", "Jazz"),
        ("ALBUMARTISTSORT", "Z"),
        ("MUSICBRAINZ_ARTISTID", "1"),
        ("MUSICBRAINZ_ARTISTID", "2"),
        ("COMPILATION", "1"),
        ("ENCODEDBY", "me"),
        ("ODD KEY}", "kept"),
        ("TITLE", ""),
        ("COMMENT", "a=b\nc\0d"),
    ]

    assert pairs == mapped(*pairs)


@pytest.mark.parametrize(
    "key",
    [
        "ENCODER",
        "ENCODER_OPTIONS",
        "COMPRESSION",
        "WAVEFORMATEXTENSIBLE_CHANNEL_MASK",
        "PAC_SRC_MD5",
        "PAC_ANYTHING",
    ],
)
def test_what_is_true_of_the_master_only_stays_behind(key: str) -> None:
    """M6: what describes the FLAC stream, or claims to be PAC's, is no loss and is not copied."""
    assert ([], "") == (mapped((key, "x")), lost((key, "x")))


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("CUESHEET", "CUESHEET: a cue sheet counts samples of the FLAC file"),
        ("METADATA_BLOCK_PICTURE", "METADATA_BLOCK_PICTURE: a picture kept as text"),
        ("KÉY", "'KÉY': no valid name"),
        ("", "'': no valid name"),
        ("A\nB", "'A\\nB': no valid name"),
        ("A~B", "'A~B': no valid name"),
    ],
)
def test_what_cannot_be_carried_is_told(key: str, reason: str) -> None:
    """M6: a field that cannot be carried is named with the reason."""
    assert [] == mapped((key, "x"))
    assert lost((key, "x")).startswith(reason)


def test_thousands_of_losses_are_counted_not_listed() -> None:
    """X2: a hostile file cannot flood the history with what it lost."""
    sentences = opus_tags(Tags.of((f"é{n}", "x") for n in range(1000)), OpusGain.R128).lost

    assert (21, "and 980 more") == (len(sentences), sentences[-1])


def test_bytes_that_are_not_utf8_are_marked() -> None:
    """X2: undecodable bytes become U+FFFD, since Ogg comments are UTF-8, and that is told."""
    assert [("TITLE", "a\ufffdb")] == mapped(("TITLE", "a\udcffb"))
    assert "TITLE: bytes that are not UTF-8" in lost(("TITLE", "a\udcffb"))


@pytest.mark.parametrize(
    ("given_pairs", "expected"),
    [
        ([("TRACKNUMBER", "3/12")], [("TRACKNUMBER", "3"), ("TRACKTOTAL", "12")]),
        ([("TRACKNUMBER", " 03 / 12 ")], [("TRACKNUMBER", "03"), ("TRACKTOTAL", "12")]),
        (
            [("TRACKNUMBER", "3/12"), ("TOTALTRACKS", "11")],
            [("TRACKNUMBER", "3"), ("TOTALTRACKS", "11")],
        ),
        ([("DISCNUMBER", "1/2")], [("DISCNUMBER", "1"), ("DISCTOTAL", "2")]),
        ([("TRACKNUMBER", "A3")], [("TRACKNUMBER", "A3")]),
        ([("TRACKNUMBER", "3/")], [("TRACKNUMBER", "3/")]),
    ],
)
def test_totals_get_a_comment_of_their_own(
    given_pairs: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    """M6: "3/12" is a number and a total; a total that is stated already wins."""
    assert expected == mapped(*given_pairs)


def test_lyrics_arrive_under_the_name_players_read() -> None:
    """M6: UNSYNCEDLYRICS becomes LYRICS, once."""
    assert [("LYRICS", "la")] == mapped(("UNSYNCEDLYRICS", "la"))
    assert [("LYRICS", "la")] == mapped(("UNSYNCEDLYRICS", "la"), ("LYRICS", "la"))


@pytest.mark.parametrize("key", ["KEY", "INITIALKEY"])
def test_the_musical_key_arrives_under_both_names(key: str) -> None:
    """M6: players read KEY, programs of disc jockeys INITIALKEY; what is stated is not touched."""
    both = [("KEY", "Am"), ("INITIALKEY", "8A")]

    assert {("KEY", "Am"), ("INITIALKEY", "Am")} == {*mapped((key, "Am"))}
    assert both == mapped(*both)


GAINS = (("REPLAYGAIN_TRACK_GAIN", "-7.50 dB"), ("REPLAYGAIN_TRACK_PEAK", "0.988553"))
ALBUM = ("REPLAYGAIN_ALBUM_GAIN", "-8.00 dB")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-7.50 dB", "-3200"),
        ("-8.00 dB", "-3328"),
        ("+3.25 dB", "-448"),
        ("5", "0"),
        ("-7,50 db", "-3200"),
        ("-100.00 dB", "-26880"),
    ],
)
def test_replaygain_becomes_r128(text: str, expected: str) -> None:
    """M6, users 8: q = round((gain - 5) * 256), as RFC 7845 aims 5 dB lower than ReplayGain."""
    assert [("R128_TRACK_GAIN", expected)] == mapped(("REPLAYGAIN_TRACK_GAIN", text))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [("89.0 dB", "-3200"), ("-18.00 LUFS", "-3200"), ("-23 LUFS", "-1920"), ("83 dB", "-1664")],
)
def test_gains_with_another_reference_are_shifted(reference: str, expected: str) -> None:
    """Users 8: what a gain aims at is honoured where the file states it."""
    pairs = (*GAINS, ("REPLAYGAIN_REFERENCE_LOUDNESS", reference))

    assert [("R128_TRACK_GAIN", expected)] == mapped(*pairs)


@pytest.mark.parametrize(
    "text", ["loud", "-7.5.0 dB", "nan", "inf", "1e5", "-130.00 dB", "9" * 100_000, " " * 100_000]
)
def test_an_invalid_gain_is_lost_and_told(text: str) -> None:
    """Users 8: no gain is better than a wrong one; it never ends the file."""
    assert [] == mapped(("REPLAYGAIN_TRACK_GAIN", text))
    assert bool(text.strip()) == bool(lost(("REPLAYGAIN_TRACK_GAIN", text)))


@pytest.mark.parametrize(
    ("gain", "header", "expected"),
    [
        (OpusGain.R128, 0, [("R128_TRACK_GAIN", "-3200"), ("R128_ALBUM_GAIN", "-3328")]),
        (OpusGain.REPLAYGAIN, 0, [*GAINS, ALBUM]),
        (
            OpusGain.BOTH,
            0,
            [*GAINS, ALBUM, ("R128_TRACK_GAIN", "-3200"), ("R128_ALBUM_GAIN", "-3328")],
        ),
        (OpusGain.HEADER_ALBUM, -3328, [("R128_TRACK_GAIN", "128"), ("R128_ALBUM_GAIN", "0")]),
    ],
)
def test_each_gain_mode(gain: OpusGain, header: int, expected: list[tuple[str, str]]) -> None:
    """M6, users 8: REPLAYGAIN_* goes into Opus only where the owner asks for it."""
    carried = opus_tags(Tags.of((*GAINS, ALBUM)), gain)

    assert (header, expected) == (carried.output_gain, list(carried.pairs))


def test_the_header_stays_at_zero_without_an_album_gain() -> None:
    """Users 8: a track gain alone never moves the header gain."""
    carried = opus_tags(Tags.of(GAINS), OpusGain.HEADER_ALBUM)

    assert (0, [("R128_TRACK_GAIN", "-3200")]) == (carried.output_gain, list(carried.pairs))


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("R128_TRACK_GAIN", "-256")], [("R128_TRACK_GAIN", "-256")]),
        ([("R128_TRACK_GAIN", "-40000")], []),
        ([("R128_TRACK_GAIN", "1.5")], []),
        ([("R128_TRACK_GAIN", "1"), *GAINS], [("R128_TRACK_GAIN", "-3200")]),
        ([("R128_HEADER_GAIN", "1")], []),
    ],
)
def test_r128_that_stands_already(
    pairs: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    """M6: valid R128 gains are kept where ReplayGain has nothing to say."""
    assert expected == mapped(*pairs)


KEYS = st.text(st.characters()) | st.sampled_from(
    ["TITLE", "TRACKNUMBER", "REPLAYGAIN_TRACK_GAIN", "REPLAYGAIN_ALBUM_GAIN", "R128_TRACK_GAIN"]
)


@given(st.lists(st.tuples(KEYS, st.text(st.characters()))), st.sampled_from(OpusGain))
def test_whatever_comes_what_goes_out_can_be_written(
    pairs: list[tuple[str, str]], gain: OpusGain
) -> None:
    """X2: keys are valid, values are UTF-8, gains fit their field, whatever the tags say."""
    carried = opus_tags(Tags.of(pairs), gain)

    for key, value in carried.pairs:
        assert key
        assert all(" " <= char <= "}" and char != "=" for char in key)
        assert value == value.encode().decode()
        assert not key.startswith("R128_") or len(value) <= 6
    assert -32768 <= carried.output_gain <= 32767


def test_pac_tags_come_back_as_they_were() -> None:
    """M3: an output tells the origin it was given."""
    pac = PacTags("ab" * 16, "opusenc", "opus 128 kbit/s", PurePosixPath("a/b.flac"), "cd" * 16)

    assert pac == PacTags.of(Tags.of(pac.pairs))
    assert [*PAC_KEYS] == [key for key, _value in pac.pairs]
    assert ("PAC_VERSION", VERSION) in pac.pairs


def test_a_file_without_pac_tags_is_not_ours() -> None:
    """M9: files without PAC tags are never PAC's."""
    assert None is PacTags.of(Tags.of([("TITLE", "x"), ("PAC_QUALITY", "x")]))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (b"A/b.flac", "A/b.flac"),
        ("坂本/100%.flac".encode(), "坂本/100%.flac"),
        (b"a\nb.flac", "a\nb.flac"),
        (b"A/\xff%.flac", "/A/%FF%25.flac"),
    ],
)
def test_w53_a_path_that_is_not_utf8_is_escaped_and_comes_back(path: bytes, text: str) -> None:
    """w53: PAC_SOURCE_REL is UTF-8 and tells the exact bytes of the name."""
    source = PurePosixPath(path.decode(errors="surrogateescape"))

    assert text == source_rel_text(source)
    assert source == source_rel_path(text)


def test_a_picture_is_spelt_as_flac_spells_it() -> None:
    """M6: METADATA_BLOCK_PICTURE is base64 of a FLAC picture block, sizes left 0."""
    key, value = picture_comment(3, "image/jpeg", "vörne", b"data")
    block = mutagen.flac.Picture(b64decode(value))

    assert "METADATA_BLOCK_PICTURE" == key
    assert (3, "image/jpeg", "vörne", b"data") == (block.type, block.mime, block.desc, block.data)
    assert (0, 0, 0, 0) == (block.width, block.height, block.depth, block.colors)


def test_each_setting_that_shapes_tags_changes_their_hash() -> None:
    """M5: another gain or art limit retags; another bitrate does not; same in, same out."""
    root = Path("/m")
    plain = MirrorPolicy("m", root)
    others = [
        MirrorPolicy("m", root, opus_gain=OpusGain.BOTH),
        MirrorPolicy("m", root, art_max_px=500),
        MirrorPolicy("m", root, art_max_kib=100),
    ]
    hashes = {plain.tags_hash("a"), plain.tags_hash("b"), *(each.tags_hash("a") for each in others)}

    assert 5 == len(hashes)
    assert plain.tags_hash("a") == MirrorPolicy("n", root, bitrate_kbps=96).tags_hash("a")
