"""Where covers belong, and whose pictures they are."""

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacd.domain.change import Observation
from pacd.domain.media import AudioFormat, Picture, Tags, Track
from pacd.domain.plan import Facts
from pacd.domain.policy import ArtworkPolicy
from pacd.domain.verdict import Check, Integrity
from pacd.planning.covers import (
    MAX_NAME_BYTES,
    CoverWanted,
    cover_extension,
    cover_target,
    wanted_covers,
)

FIELDS = "{albumartist}/{album}/front.jpg"
FRONT = Picture(3, "image/jpeg", "aa" * 16, 1000)
POLICY = ArtworkPolicy(enabled=True, root=Path("/art"))


def track(*tags: tuple[str, str], pictures: tuple[Picture, ...] = (FRONT,)) -> Track:
    return Track(AudioFormat(44_100, 16, 2, 44_100), "", Tags.of(tags), "", pictures)


def facts(
    path: str,
    *tags: tuple[str, str],
    pictures: tuple[Picture, ...] = (FRONT,),
    integrity: Integrity | None = Integrity.INTACT,
) -> Facts:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    check = Check(integrity, "", "", "", "flac 1.4.2", now) if integrity else None
    seen = Observation(1, 2, 3, 4, 5)
    return Facts(PurePosixPath(path), seen, track(*tags, pictures=pictures), check)


def target(pattern: str, *tags: tuple[str, str]) -> str:
    return str(cover_target(track(*tags), pattern, ".jpg"))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"ALBUMARTIST": "A", "ARTIST": "B", "ALBUM": "C"}, "A/C/front.jpg"),
        ({"ARTIST": "B", "ALBUM": "C"}, "B/C/front.jpg"),
        ({"ALBUM": "C"}, "Unknown Artist/C/front.jpg"),
        ({"ALBUMARTIST": " ", "ARTIST": "B"}, "B/Unknown Album/front.jpg"),
        ({"ARTIST": "AC/DC", "ALBUM": "a\\b"}, "AC_DC/a_b/front.jpg"),
        ({"ARTIST": "..", "ALBUM": "."}, "_/_/front.jpg"),
        ({"ARTIST": "../../etc", "ALBUM": "/etc"}, "_._.._etc/_etc/front.jpg"),
        ({"ARTIST": "a\0b\nc\x7f", "ALBUM": "x"}, "a_b_c_/x/front.jpg"),
        ({"ARTIST": "R.E.M.", "ALBUM": "Up. . "}, "R.E.M/Up/front.jpg"),
        ({"ARTIST": ".hidden", "ALBUM": "...And"}, "_hidden/_..And/front.jpg"),
        ({"ARTIST": 'a<b>c:d"e|f?g*h', "ALBUM": "x"}, "a_b_c_d_e_f_g_h/x/front.jpg"),
        ({"ARTIST": "CON", "ALBUM": "Lpt1.x"}, "_CON/_Lpt1.x/front.jpg"),
        ({"ARTIST": "{album}", "ALBUM": "x{}"}, "{album}/x{}/front.jpg"),
        ({"ARTIST": "a\udcffb", "ALBUM": "x"}, "a_b/x/front.jpg"),
        ({"ARTIST": "e\u0301", "ALBUM": "x"}, "\u00e9/x/front.jpg"),
        ({"ARTIST": "坂本龍一", "ALBUM": "千"}, "坂本龍一/千/front.jpg"),
    ],
)
def test_w51_hostile_and_odd_tags_stay_names(tags: dict[str, str], expected: str) -> None:
    """w51, F7: a tag never makes a folder, leaves the root, or makes a bad name."""
    assert expected == target(FIELDS, *tags.items())


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{artist} - {album} ({date}) {disc}.jpg", "B - C (1999) 2.jpg"),
        ("{artist}.PNG", "B.jpg"),
        ("{artist}", "B.jpg"),
        ("front.v2", "front.v2.jpg"),
        ("//{artist}//x.jpeg", "B/x.jpg"),
        ("../{artist}/../x.jpg", "_/B/_/x.jpg"),
        ("{other}/.jpg", "{other}/_.jpg"),
        ("", "_.jpg"),
    ],
)
def test_patterns(pattern: str, expected: str) -> None:
    """F7: any of the five fields anywhere; only the pattern's own slashes make folders."""
    tags = (("ARTIST", "B"), ("ALBUM", "C"), ("DATE", "1999"), ("DISCNUMBER", "2/3"))

    assert expected == target(pattern, *tags)


def test_fields_without_a_tag() -> None:
    """F7: a missing date or disc still gives one stable name."""
    assert "0000 1.jpg" == target("{date} {disc}.jpg")


def test_w51_names_too_long_are_cut_between_characters_and_stay_apart() -> None:
    """w51: 300 CJK characters fit a file system, and two such albums do not collide."""
    one, two = (target("{album}.jpg", ("ALBUM", "龍" * 300 + end)) for end in "ab")

    assert one != two
    assert one == target("{album}.jpg", ("ALBUM", "龍" * 300 + "a"))
    assert MAX_NAME_BYTES - 3 < len(one.encode()) <= MAX_NAME_BYTES


ANY_TEXT = st.text(st.characters() | st.sampled_from("./\\\0 ~{}"))


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_w51_no_target_leaves_the_root(artist: str, album: str, disc: str, pattern: str) -> None:
    """w51, X2: whatever tags and pattern say, each part is a plain name below the root."""
    tags = (("ARTIST", artist), ("ALBUM", album), ("DISCNUMBER", disc))
    found = cover_target(track(*tags), pattern + "{artist}/{album}{disc}", ".png")

    assert not found.is_absolute()
    for part in found.parts:
        assert part not in {"", ".", ".."}
        assert not part.startswith(".")
        assert part == part.rstrip(". ")
        assert not set(part) & set('/\0\n<>:"\\|?*')
        assert len(part.encode()) <= MAX_NAME_BYTES
    assert found == cover_target(track(*tags), pattern + "{artist}/{album}{disc}", ".png")


@pytest.mark.parametrize(
    ("mime", "extension"),
    [
        ("image/jpeg", ".jpg"),
        ("image/jpg", ".jpg"),
        ("image/PNG", ".png"),
        ("image/gif", ".png"),
        ("image/webp", ".jpg"),
        ("image/avif", ".jpg"),
        ("", ".jpg"),
    ],
)
def test_the_extension_follows_the_picture(mime: str, extension: str) -> None:
    """F7: JPEG and PNG keep their kind; others become one of the two."""
    assert extension == cover_extension(mime)


def test_one_cover_per_target_from_the_first_sound_track() -> None:
    """F7: by disc, then track number as a number, then path; damaged tracks give none."""
    other = Picture(3, "image/jpeg", "bb" * 16, 10)
    album = [
        facts("a.flac", ("DISCNUMBER", "2"), ("TRACKNUMBER", "1")),
        facts("b.flac", ("DISCNUMBER", "1"), ("TRACKNUMBER", "10")),
        facts("c.flac", ("DISCNUMBER", "1/2"), ("TRACKNUMBER", "9/10"), pictures=(other,)),
        facts("d.flac", ("DISCNUMBER", "1"), ("TRACKNUMBER", "2"), pictures=()),
        facts("e.flac", ("TRACKNUMBER", "1"), integrity=Integrity.CORRUPT),
        facts("f.flac", ("TRACKNUMBER", "1"), integrity=None),
    ]
    place = PurePosixPath("Unknown Artist/Unknown Album/front.jpg")

    assert (CoverWanted(place, PurePosixPath("c.flac"), other),) == wanted_covers(album, POLICY)


def test_each_target_of_a_mixed_folder_has_its_cover() -> None:
    """F7: two albums in one folder are two covers, sorted by target."""
    album = [facts("a.flac", ("ALBUM", "Z")), facts("b.flac", ("ALBUM", "Y"))]

    assert ["b.flac", "a.flac"] == [str(each.source) for each in wanted_covers(album, POLICY)]


def test_a_picture_that_is_only_a_link_is_none() -> None:
    """X2: a picture block that holds a URL is never fetched nor exported."""
    link = Picture(3, "-->", "cc" * 16, 20)

    assert () == wanted_covers([facts("a.flac", pictures=(link,))], POLICY)


def test_the_first_picture_serves_without_a_front_cover() -> None:
    """F7: the front cover (type 3), else the first picture."""
    back, leaflet = (Picture(kind, "image/png", f"{kind}", 9) for kind in (4, 5))
    found = wanted_covers([facts("a.flac", pictures=(back, leaflet))], POLICY)

    assert [(back, ".png")] == [(each.picture, each.target.suffix) for each in found]
