"""What a rewritten master carries over, on bytes."""

import hashlib
import io

from pacd.files.flac_blocks import BlockType, Layout, read_layout
from pacd.files.flac_fields import Comments, EmbeddedPicture
from pacd.files.flac_merge import Merged, merge
from pacd.files.foreign_tags import Foreign, read_foreign
from pacd.files.probe import track_of
from tests.damage import apev2, comment_block, frame, id3_text, id3v1, id3v2, joined, stream_info

INFO = (0, stream_info())
COMMENTS = (4, comment_block(b"TITLE=x"))
FRAMES = frame(0) + frame(1)
PICTURE = EmbeddedPicture(3, "image/png", "", b"data")


def layout_of(data: bytes) -> Layout:
    return read_layout(io.BytesIO(data))


def merged(*blocks: tuple[int, bytes], foreign: Foreign = Foreign()) -> Merged:  # noqa: B008  # frozen
    old = layout_of(joined([INFO, *blocks], FRAMES))
    return merge(old, None, foreign, key="COMPRESSION", value="new")


def entries(result: Merged) -> tuple[bytes, ...]:
    (block,) = (each for each in result.blocks if each.type == BlockType.VORBIS_COMMENT)
    return Comments.parse(block.data).entries


def test_every_block_is_carried_over_in_order() -> None:
    """F3: application, cue sheet, picture and unknown blocks stay byte for byte, in order."""
    blocks = [(2, b"riff123"), (5, b"cue"), (6, b"not a picture"), (99, b"?"), (3, bytes(18))]

    result = merged((1, bytes(9)), *blocks, COMMENTS, (1, b""))

    kept = [(block.type, block.data) for block in result.blocks]
    assert [INFO, *blocks] == kept[:-1]
    assert BlockType.VORBIS_COMMENT == kept[-1][0]
    assert () == result.dropped


def test_comments_stay_as_they_are() -> None:
    """F3: comments that are malformed or no UTF-8 are carried over like any other."""
    odd = (b"TITLE=caf\xe9", b"noequals", b"", b"A=1", b"a=2", b"A=1")

    result = merged((4, comment_block(*odd)))

    assert (*odd, b"COMPRESSION=new") == entries(result)


def test_compression_is_set_in_its_place() -> None:
    """F4: old COMPRESSION comments, in any case, give way to one."""
    old = comment_block(b"A=1", b"compression=5", b"B=2", b"COMPRESSION=x")

    result = merged((4, old))

    assert (b"A=1", b"COMPRESSION=new", b"B=2") == entries(result)


def test_a_file_without_comments_gets_a_block() -> None:
    """F4: the tag finds a place in a file that had none."""
    result = merged((6, b"x"))

    kinds = [block.type for block in result.blocks]
    assert [BlockType.STREAMINFO, BlockType.VORBIS_COMMENT, BlockType.PICTURE] == kinds
    assert (b"COMPRESSION=new",) == entries(result)


def test_foreign_tags_add_what_is_missing() -> None:
    """F5: what only a foreign tag says becomes a comment; what it says otherwise is remembered."""
    foreign = Foreign((("TITLE", "other"), ("ARTIST", "a"), ("ARTIST", "b")), (PICTURE,), ("odd",))

    result = merged(COMMENTS, foreign=foreign)

    assert (b"TITLE=x", b"ARTIST=a", b"ARTIST=b", b"COMPRESSION=new") == entries(result)
    assert ("ARTIST=a", "ARTIST=b") == result.added
    assert ("foreign tag TITLE=other: a comment says otherwise", "odd") == result.dropped
    assert PICTURE.render() == result.blocks[-1].data


def test_a_value_that_id3v1_cut_off_is_no_second_value() -> None:
    """F5: the first 30 characters of a title say nothing new; a short value may be another."""
    whole = "A title that is longer than ID3v1 can hold"
    found = (("TITLE", whole), ("TITLE", whole[:30]), ("ARTIST", "A"), ("ARTIST", "A & B"))

    result = merged((4, comment_block()), foreign=Foreign(found))

    told = (f"TITLE={whole}".encode(), b"ARTIST=A", b"ARTIST=A & B")
    assert (*told, b"COMPRESSION=new") == entries(result)


def test_a_foreign_picture_never_joins_others() -> None:
    """F5: a picture of a foreign tag is used only where there is no other, and remembered."""
    result = merged((6, b"own"), foreign=Foreign(pictures=(PICTURE,)))

    assert [b"own"] == [block.data for block in result.blocks if block.type == BlockType.PICTURE]
    assert 1 == len(result.dropped)


def test_reads_foreign_tags() -> None:
    """F5: ID3v2, ID3v1, APE tags and junk are read for what they say, and nothing is forgotten."""
    before = id3v2(
        id3_text(b"TIT2", "Titel"),
        id3_text(b"TRCK", "3/12"),
        id3_text(b"TCON", "(17)"),
        (b"TXXX", b"\0MusicBrainz Album Id\0abc"),
        (b"COMM", b"\0eng\0Hello"),
        (b"APIC", b"\0image/png\0\3\0data"),
        (b"PRIV", b"owner\0\1\2"),
    )
    behind = b"junk" + apev2((b"Year", b"1999"), (b"Odd Key", b"1\x002")) + id3v1(b"Tit")
    data = before + joined([INFO, COMMENTS], FRAMES) + behind

    found = read_foreign(io.BytesIO(data), layout_of(data))

    assert {
        ("TITLE", "Titel"),
        ("TITLE", "Tit"),
        ("TRACKNUMBER", "3"),
        ("TRACKTOTAL", "12"),
        ("GENRE", "Rock"),
        ("MUSICBRAINZ_ALBUMID", "abc"),
        ("COMMENT", "Hello"),
        ("DATE", "1999"),
        ("ODD KEY", "1"),
        ("ODD KEY", "2"),
    } == set(found.pairs)
    assert (PICTURE,) == found.pictures
    assert any("PRIV" in each for each in found.other)
    assert "4 bytes behind the audio: 6a756e6b" in found.other


def test_unreadable_id3_is_remembered() -> None:
    """F5: an ID3v2 tag that nobody can read is told as such."""
    data = b"ID3\x09\0\0\0\0\0\4oops" + joined([INFO, COMMENTS], FRAMES)

    found = read_foreign(io.BytesIO(data), layout_of(data))

    assert () == found.pairs
    assert "cannot be read" in found.other[0]


def hash_of(*tags: bytes, vendor: bytes = b"v", picture: bytes = b"") -> str:
    """What a mirror would compare."""
    blocks = [INFO, (4, comment_block(*tags, vendor=vendor))]
    pictures = [(6, EmbeddedPicture(3, "image/png", "", picture).render())] if picture else []
    return track_of(layout_of(joined([*blocks, *pictures], FRAMES))).tags_md5


def test_tags_md5_is_about_what_mirrors_carry() -> None:
    """M5: COMPRESSION, the vendor and the order of keys are no change; all else is."""
    same = hash_of(b"A=1", b"A=2", b"B=3")

    assert same == hash_of(b"b=3", b"COMPRESSION=x", b"A=1", b"a=2", vendor=b"w")
    others = [
        hash_of(b"A=2", b"A=1", b"B=3"),
        hash_of(b"A=1", b"A=2", b"B=3", b"C="),
        hash_of(b"A=1", b"A=2", b"B=3", picture=b"x"),
        hash_of(b"A=1", b"A=2", b"B=3", picture=b"y"),
    ]
    assert 5 == len({same, *others})


def test_tags_md5_never_changes_form() -> None:
    """M4: outputs state this hash: the same tags must give it for ever."""
    form = (
        b"6 ARTIST 1 y5 TITLE 1 x3 image/png 0  "
        + hashlib.md5(b"z", usedforsecurity=False).hexdigest().encode()
    )

    wanted = hashlib.md5(form, usedforsecurity=False).hexdigest()

    assert wanted == hash_of(b"TITLE=x", b"artist=y", picture=b"z")


def test_track_keeps_little() -> None:
    """X2: a track carries the tags that decide, cut short; the rest stays in the file."""
    big = b"TITLE=" + b"x" * 5_000
    comments = comment_block(big, b"LYRICS=" + b"y" * 5_000, b"COMPRESSION=flac; level=8")

    track = track_of(layout_of(joined([INFO, (4, comments)], FRAMES)))

    assert 1_000 == len(track.tags.first("TITLE"))
    assert "" == track.tags.first("LYRICS")
    assert "flac; level=8" == track.compression
