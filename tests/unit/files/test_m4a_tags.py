"""The mapping of a master's comments onto the atoms of an M4A output."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacd.domain.media import Tags
from pacd.files.m4a_tags import ATOMS, FREEFORM, m4a_tags, pac_atoms
from pacd.files.m4a_values import AtomValues
from pacd.files.tags import PacTags


def mapped(*pairs: tuple[str, str]) -> dict[str, AtomValues]:
    return dict(m4a_tags(Tags.of(pairs)).atoms)


def lost(*pairs: tuple[str, str]) -> str:
    return "\n".join(m4a_tags(Tags.of(pairs)).lost)


# facts/tags.md 4.1, row by row, by hand: what stands here the code has to say, too.
TEXTS = {
    "TITLE": "\xa9nam",
    "ALBUM": "\xa9alb",
    "ARTIST": "\xa9ART",
    "ALBUMARTIST": "aART",
    "ARTISTS": "----:com.apple.iTunes:ARTISTS",
    "ALBUMARTISTS": "----:com.apple.iTunes:ALBUMARTISTS",
    "COMPOSER": "\xa9wrt",
    "GENRE": "\xa9gen",
    "GROUPING": "\xa9grp",
    "COMMENT": "\xa9cmt",
    "LYRICS": "\xa9lyr",
    "UNSYNCEDLYRICS": "\xa9lyr",
    "DATE": "\xa9day",
    "ORIGINALDATE": "----:com.apple.iTunes:originaldate",
    "ORIGINALYEAR": "----:com.apple.iTunes:originalyear",
    "RELEASEDATE": "----:com.apple.iTunes:RELEASEDATE",
    "ALBUMSORT": "soal",
    "ALBUMARTISTSORT": "soaa",
    "ARTISTSORT": "soar",
    "TITLESORT": "sonm",
    "COMPOSERSORT": "soco",
    "COPYRIGHT": "cprt",
    "ENCODEDBY": "----:com.apple.iTunes:ENCODEDBY",
    "KEY": "----:com.apple.iTunes:initialkey",
    "INITIALKEY": "----:com.apple.iTunes:initialkey",
    "WORK": "\xa9wrk",
    "MOVEMENTNAME": "\xa9mvn",
    **{
        key: f"----:com.apple.iTunes:{key}"
        for key in (
            *("LYRICIST", "CONDUCTOR", "ENGINEER", "PRODUCER", "MIXER", "DJMIXER", "REMIXER"),
            *("ISRC", "BARCODE", "ASIN", "MEDIA", "LABEL", "CATALOGNUMBER", "LICENSE"),
            *("SUBTITLE", "DISCSUBTITLE", "MOOD", "SCRIPT", "LANGUAGE", "PERFORMER", "ODD KEY}"),
            *("REPLAYGAIN_TRACK_GAIN", "REPLAYGAIN_TRACK_PEAK", "REPLAYGAIN_ALBUM_GAIN"),
            *("REPLAYGAIN_ALBUM_PEAK", "REPLAYGAIN_REFERENCE_LOUDNESS", "A:B", "\xc9TAT"),
        )
    },
    "MUSICBRAINZ_TRACKID": "----:com.apple.iTunes:MusicBrainz Track Id",
    "MUSICBRAINZ_RELEASETRACKID": "----:com.apple.iTunes:MusicBrainz Release Track Id",
    "MUSICBRAINZ_ALBUMID": "----:com.apple.iTunes:MusicBrainz Album Id",
    "MUSICBRAINZ_ARTISTID": "----:com.apple.iTunes:MusicBrainz Artist Id",
    "MUSICBRAINZ_ALBUMARTISTID": "----:com.apple.iTunes:MusicBrainz Album Artist Id",
    "MUSICBRAINZ_RELEASEGROUPID": "----:com.apple.iTunes:MusicBrainz Release Group Id",
    "MUSICBRAINZ_WORKID": "----:com.apple.iTunes:MusicBrainz Work Id",
    "MUSICBRAINZ_DISCID": "----:com.apple.iTunes:MusicBrainz Disc Id",
    "RELEASETYPE": "----:com.apple.iTunes:MusicBrainz Album Type",
    "RELEASESTATUS": "----:com.apple.iTunes:MusicBrainz Album Status",
    "RELEASECOUNTRY": "----:com.apple.iTunes:MusicBrainz Album Release Country",
    "ACOUSTID_ID": "----:com.apple.iTunes:Acoustid Id",
    "ACOUSTID_FINGERPRINT": "----:com.apple.iTunes:Acoustid Fingerprint",
}


@pytest.mark.parametrize(("key", "atom"), TEXTS.items())
def test_each_text_has_its_atom(key: str, atom: str) -> None:
    """M6: facts/tags.md 4.1, every row; whatever the case of the comment's name."""
    assert {atom: ("x",)} == mapped((key.lower(), "x"))
    assert "" == lost((key, "x"))


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("TRACKNUMBER", "3")], {"trkn": ((3, 0),)}),
        ([("TRACKNUMBER", "3/12")], {"trkn": ((3, 12),)}),
        ([("TRACKNUMBER", " 03 / 12 ")], {"trkn": ((3, 12),)}),
        ([("TRACKNUMBER", "3"), ("TRACKTOTAL", "12")], {"trkn": ((3, 12),)}),
        ([("TOTALTRACKS", "12"), ("TRACKNUMBER", "3")], {"trkn": ((3, 12),)}),
        ([("TRACKNUMBER", "3/12"), ("TRACKTOTAL", "11")], {"trkn": ((3, 11),)}),
        ([("TRACKTOTAL", "12")], {"trkn": ((0, 12),)}),
        ([("TRACKNUMBER", "0")], {"trkn": ((0, 0),)}),
        ([("TRACKNUMBER", "")], {}),
        ([("DISCNUMBER", "1/2")], {"disk": ((1, 2),)}),
        ([("DISCNUMBER", "1"), ("TOTALDISCS", "2"), ("DISCTOTAL", "2")], {"disk": ((1, 2),)}),
        ([("COMPILATION", "1")], {"cpil": True}),
        ([("COMPILATION", "0")], {"cpil": False}),
        ([("COMPILATION", "Yes")], {"cpil": True}),
        ([("COMPILATION", "")], {}),
        ([("BPM", "128.6")], {"tmpo": (129,)}),
        ([("BPM", "128,4")], {"tmpo": (128,)}),
        ([("MOVEMENT", "2"), ("MOVEMENTTOTAL", "4")], {"\xa9mvi": (2,), "\xa9mvc": (4,)}),
        ([("SHOWMOVEMENT", "1")], {"shwm": (1,)}),
        ([("SHOWMOVEMENT", "0")], {"shwm": (0,)}),
    ],
)
def test_numbers_and_flags(pairs: list[tuple[str, str]], expected: dict[str, AtomValues]) -> None:
    """M6: numbers with their totals, a compilation as a flag, beats rounded; 0 is unknown."""
    assert expected == mapped(*pairs)
    assert "" == lost(*pairs)


@pytest.mark.parametrize(
    ("pairs", "kept", "told"),
    [
        ([("TRACKNUMBER", "A3")], {}, "TRACKNUMBER: 'A3' is no whole number from 0 to 32767"),
        ([("TRACKNUMBER", "-1")], {}, "TRACKNUMBER: '-1' is no whole"),
        ([("TRACKNUMBER", "32768")], {}, "TRACKNUMBER: '32768' is no whole"),
        ([("TRACKNUMBER", "9" * 5000)], {}, "is no whole"),
        ([("TRACKNUMBER", "\u0663")], {}, "is no whole"),
        ([("TRACKNUMBER", "A/12")], {"trkn": ((0, 12),)}, "'A' is no whole"),
        ([("TRACKNUMBER", "3/x")], {"trkn": ((3, 0),)}, "'x' is no whole"),
        (
            [("TRACKNUMBER", "3"), ("TRACKNUMBER", "4")],
            {"trkn": ((3, 0),)},
            "TRACKNUMBER: '4': M4A has room for one value only",
        ),
        (
            [("TRACKTOTAL", "12"), ("TOTALTRACKS", "11")],
            {"trkn": ((0, 12),)},
            "TRACKTOTAL: '11': M4A has room for one value only",
        ),
        ([("COMPILATION", "maybe")], {}, "COMPILATION: 'maybe' is neither yes nor no"),
        ([("BPM", "fast")], {}, "BPM: 'fast' is no whole number"),
        ([("BPM", "40000")], {}, "BPM: '40000' is no whole number"),
        ([("BPM", "nan")], {}, "BPM: 'nan' is no whole number"),
        ([("MOVEMENT", "II")], {}, "MOVEMENT: 'II' is no whole number"),
        ([("R128_TRACK_GAIN", "-256")], {}, "M4A has no R128 gains"),
        ([("SYNCEDLYRICS", "[00:01]x")], {}, "SYNCEDLYRICS: M4A has no place"),
        ([("CUESHEET", "x")], {}, "CUESHEET: a cue sheet counts samples"),
        ([("METADATA_BLOCK_PICTURE", "x")], {}, "METADATA_BLOCK_PICTURE: a picture kept as text"),
        ([("龍", "x")], {}, "'龍': the name of an atom is Latin-1"),
        ([("A\nB", "x")], {}, "'A\\nB': no valid name"),
        ([("", "x")], {}, "'': no valid name"),
        ([("TITLE", "a\udcffb")], {"\xa9nam": ("a\ufffdb",)}, "TITLE: bytes that are not UTF-8"),
    ],
)
def test_what_cannot_be_carried_is_told(
    pairs: list[tuple[str, str]], kept: dict[str, AtomValues], told: str
) -> None:
    """M6, X2: nothing is dropped in silence, and nothing invalid is written."""
    assert kept == mapped(*pairs)
    assert told in lost(*pairs)


@pytest.mark.parametrize(
    "key",
    [
        *("ENCODER", "ENCODER_OPTIONS", "COMPRESSION", "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"),
        *("PAC_SRC_MD5", "PAC_ANYTHING", "iTunSMPB", "iTunNORM"),
    ],
)
def test_what_is_true_of_another_stream_stays_behind(key: str) -> None:
    """M6, M7: a comment never takes the place of the encoder's gapless note, nor of PAC's tags."""
    assert ({}, "") == (mapped((key, "x")), lost((key, "x")))


def test_users_2_artists_stand_joined_and_one_by_one() -> None:
    """M6, users 2: a credit for people, and the list for those who read it, in order."""
    pairs = [("ARTIST", "B"), ("ALBUMARTIST", "V"), ("ARTIST", "A"), ("ARTIST", "B")]

    assert {
        "\xa9ART": ("B; A; B",),
        "aART": ("V",),
        f"{FREEFORM}ARTISTS": ("B", "A", "B"),
    } == mapped(*pairs)


def test_a_list_that_the_master_states_is_the_list() -> None:
    """M6: ARTIST stays the credit as printed; ARTISTS says who they are."""
    pairs = [("ARTIST", "A feat. B"), ("ARTISTS", "A"), ("ARTISTS", "B"), ("ALBUMARTIST", "A")]

    assert {
        "\xa9ART": ("A feat. B",),
        f"{FREEFORM}ARTISTS": ("A", "B"),
        "aART": ("A",),
    } == mapped(*pairs)


def test_other_multi_values_stay_several() -> None:
    """M6, users 2: one value of an atom for each value of the master, in its order."""
    pairs = [
        ("GENRE", "Rock"),
        ("COMPOSER", "C"),
        ("GENRE", "Jazz"),
        ("MUSICBRAINZ_ARTISTID", "1"),
        ("MUSICBRAINZ_ARTISTID", "2"),
        ("COMPOSER", "B"),
        ("PERFORMER", "X (bass)"),
        ("PERFORMER", "Y (oboe)"),
    ]

    assert {
        "\xa9gen": ("Rock", "Jazz"),
        "\xa9wrt": ("C", "B"),
        f"{FREEFORM}MusicBrainz Artist Id": ("1", "2"),
        f"{FREEFORM}PERFORMER": ("X (bass)", "Y (oboe)"),
    } == mapped(*pairs)


def test_the_same_thing_under_two_names_stands_once() -> None:
    """M6: LYRICS and UNSYNCEDLYRICS, KEY and INITIALKEY, and an id spelt as M4A spells it."""
    pairs = [
        ("UNSYNCEDLYRICS", "la"),
        ("LYRICS", "la"),
        ("KEY", "Am"),
        ("INITIALKEY", "Am"),
        ("MUSICBRAINZ_TRACKID", "r"),
        ("MusicBrainz Track Id", "r"),
        ("Acoustid Id", "a"),
    ]

    assert {
        "\xa9lyr": ("la",),
        f"{FREEFORM}initialkey": ("Am",),
        f"{FREEFORM}MusicBrainz Track Id": ("r",),
        f"{FREEFORM}Acoustid Id": ("a",),
    } == mapped(*pairs)


def test_no_more_than_players_can_hold() -> None:
    """X2: tags beyond any sense are left out and told, whether by size or by number."""
    big = ("COMMENT", "x" * 10_000_000)
    many = [(f"KEY{number}", "x") for number in range(5_000)]

    assert {"\xa9cmt": (big[1],), "\xa9nam": ("t",)} == mapped(big, big, ("TITLE", "t"))
    assert "'COMMENT': more tags than an M4A output has room for" == lost(big, big)
    assert 4_096 == len(mapped(*many))
    assert "and 884 more" in lost(*many)
    names = [("PERFORMER", f"x{number}") for number in range(20_000)]
    held = mapped(*names)[f"{FREEFORM}PERFORMER"]
    assert isinstance(held, tuple)
    assert 16_384 == len(held)


def test_pac_tags_have_a_name_space_of_their_own() -> None:
    """M3: ----:org.pac:src_md5 and the others, each one value."""
    pac = PacTags("ab" * 16, "e", "aac vbr 4", PurePosixPath("a/b.flac"), "cd" * 16, "1.2.3")

    assert {
        "----:org.pac:src_md5": ("ab" * 16,),
        "----:org.pac:encoder": ("e",),
        "----:org.pac:quality": ("aac vbr 4",),
        "----:org.pac:version": ("1.2.3",),
        "----:org.pac:source_rel": ("a/b.flac",),
        "----:org.pac:src_tags": ("cd" * 16,),
    } == pac_atoms(pac)


KEYS = st.text(st.characters()) | st.sampled_from([*ATOMS, "R128_TRACK_GAIN", "ARTISTS"])
VALUES = st.text(st.characters()) | st.from_regex(r"[0-9]{0,6}([/.,][0-9]{0,6})?", fullmatch=True)


@given(st.lists(st.tuples(KEYS, VALUES)))
def test_whatever_comes_what_goes_out_can_be_written(pairs: list[tuple[str, str]]) -> None:
    """X2: names are Latin-1, texts are UTF-8, numbers fit, whatever the tags say."""
    for atom, values in mapped(*pairs).items():
        assert atom.encode("latin-1")
        assert isinstance(values, bool) or values
        for value in () if isinstance(values, bool) else values:
            match value:
                case str():
                    assert value == value.encode().decode()
                case tuple():
                    assert all(0 <= number < 32_768 for number in value)
                case _:
                    assert isinstance(value, int)
                    assert 0 <= value < 32_768


@given(
    st.permutations([("ARTIST", "A"), ("TITLE", "T"), ("TRACKNUMBER", "3"), ("TRACKTOTAL", "9")])
)
def test_the_order_of_different_comments_makes_no_difference(pairs: list[tuple[str, str]]) -> None:
    """P4: what PAC_SRC_TAGS calls the same tags makes the same output."""
    assert {"\xa9ART": ("A",), "\xa9nam": ("T",), "trkn": ((3, 9),)} == mapped(*pairs)
