"""Where a suspect's spectrogram belongs."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacd.domain.media import AudioFormat, Tags, Track
from pacd.planning.spectrograms import spectrogram_target

MD5 = "3f2a9c1d" + "0" * 24


def target(tags: dict[str, str], md5: str = MD5) -> str:
    track = Track(AudioFormat(44_100, 16, 2, 44_100), md5, Tags.of(tuple(tags.items())), "", ())
    return str(spectrogram_target(track))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (
            {"ALBUMARTIST": "A", "ALBUM": "B", "TITLE": "C", "TRACKNUMBER": "3", "DISCNUMBER": "2"},
            "A/B/2-03 C 3f2a9c1d.png",
        ),
        (
            {"ARTIST": "A", "ALBUM": "B", "TITLE": "C", "TRACKNUMBER": "3/12"},
            "A/B/03 C 3f2a9c1d.png",
        ),
        ({"ARTIST": "A", "TITLE": "C"}, "A/Unknown Album/C 3f2a9c1d.png"),
        ({}, "Unknown Artist/Unknown Album/Unknown Title 3f2a9c1d.png"),
        (
            {"ARTIST": "..", "ALBUM": ".", "TITLE": "../../../etc/cron.d/x"},
            "_/_/_._.._.._etc_cron.d_x 3f2a9c1d.png",
        ),
        ({"ARTIST": "AC/DC", "ALBUM": "con", "TITLE": "a\0b\nc"}, "AC_DC/_con/a_b_c 3f2a9c1d.png"),
        ({"ALBUM": "{artist}", "TITLE": "{album}"}, "Unknown Artist/{artist}/{album} 3f2a9c1d.png"),
    ],
)
def test_place(tags: dict[str, str], expected: str) -> None:
    """A5: {albumartist}/{album}/{track}.png, safe whatever the tags say."""
    assert expected == target(tags)


def test_two_versions_of_a_track_have_a_picture_each() -> None:
    """A5: the replaced file's picture is not mistaken for its successor's."""
    tags = {"ARTIST": "A", "ALBUM": "B", "TITLE": "C"}

    assert target(tags) != target(tags, "ffffffff" + "0" * 24)


@given(st.dictionaries(st.sampled_from(("ALBUMARTIST", "ALBUM", "TITLE")), st.text(max_size=400)))
def test_w51_no_tags_leave_the_root(tags: dict[str, str]) -> None:
    """A5, X2 (w51): always a file two folders down, whose names any file system holds."""
    parts = PurePosixPath(target(tags)).parts

    assert 3 == len(parts)
    assert not {"", ".", "..", "/"} & set(parts)
    assert all(len(part.encode()) <= 255 and "/" not in part for part in parts)
    assert parts[2].endswith(".png")
