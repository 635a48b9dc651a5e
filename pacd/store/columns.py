"""How values lie in columns; does nothing."""

import json
import math
import os
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Final

from pacd.domain.change import Observation
from pacd.domain.media import AudioFormat, Picture, Quirk, Tags, Track

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# SQLite's INTEGER is signed, 64 bits (sqlite.org/datatype3.html, section 2); st_dev and
# st_ino are unsigned (mergerfs hashes paths into all 64 bits), and mtimes reach from
# 1901 to 2486 (XFS bigtime: 64 bits of nanoseconds from 1901-12-13), 24 bits too late
# for a signed count from 1970.  test_columns.py holds these ends.
_WORD: Final = 1 << 64
_SIGN: Final = 1 << 63
_OLDEST_NS: Final = -(1 << 31) * 1_000_000_000


def to_ms(moment: datetime) -> int:
    """Unix milliseconds of an aware datetime, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_ms(value: int) -> datetime:
    """The aware UTC datetime of Unix milliseconds."""
    return _EPOCH + timedelta(milliseconds=value)


def blob(path: PurePath) -> bytes:
    """A path's own bytes, whatever they are."""
    return os.fsencode(path)


def inside(folder: PurePosixPath) -> tuple[bytes, bytes]:
    """The bounds of the paths below a folder: the first, and what follows the last."""
    if folder == PurePosixPath():
        return b"", b"\xff" * 8
    first = blob(folder) + b"/"
    return first, first[:-1] + b"0"  # "0" follows "/"


def relative(value: bytes) -> PurePosixPath:
    """The path of its bytes; what is not UTF-8 becomes surrogate escapes."""
    return PurePosixPath(os.fsdecode(value))


def path_of(value: bytes | None) -> Path | None:
    """The absolute path of its bytes; None for NULL."""
    return None if value is None else Path(os.fsdecode(value))


def plain(text: str) -> str:
    """Text that SQLite can hold: what UTF-8 cannot spell is spelt out in hex."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def signed(value: int) -> int:
    """Fit 64 unsigned bits into an INTEGER; what is larger still is cut, not refused."""
    return (value + _SIGN) % _WORD - _SIGN


def content_columns(observation: Observation) -> dict[str, int]:
    """What stays equal as long as the bytes do, by column name."""
    return {
        "device": signed(observation.device),
        "inode": signed(observation.inode),
        "file_size": observation.size_bytes,
        "mtime_ns": signed(observation.mtime_ns),
    }


def observation_columns(observation: Observation) -> dict[str, int]:
    """All that is kept of an observation, by column name."""
    return {**content_columns(observation), "ctime_ns": signed(observation.ctime_ns)}


def observation_of(row: sqlite3.Row) -> Observation:
    """The observation of a row that has observation_columns."""
    return Observation(
        device=row["device"] % _WORD,
        inode=row["inode"] % _WORD,
        size_bytes=row["file_size"],
        mtime_ns=nanoseconds(row["mtime_ns"]),
        ctime_ns=nanoseconds(row["ctime_ns"]),
    )


def nanoseconds(value: int) -> int:
    """The time that signed made fit, anywhere between 1901 and 2486."""
    return value if value >= _OLDEST_NS else value + _WORD


def to_json(document: Any) -> str:
    """Valid JSON of plain values; what JSON has no word for becomes its text or null."""
    return json.dumps(_finite(document), default=str, separators=(",", ":"))


def _finite(value: Any) -> Any:
    """JSON has no infinity: the floor of digital silence is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_finite(each) for each in value]
    return value


def track_json(track: Track) -> str:
    """A track as it is kept in ``library_files.metadata``."""
    audio = track.audio
    return to_json(
        {
            "audio": [
                audio.sample_rate_hz,
                audio.bits_per_sample,
                audio.channels,
                audio.total_samples,
            ],
            "audio_md5": track.audio_md5,
            "tags": track.tags.pairs,
            "tags_md5": track.tags_md5,
            "pictures": [
                [picture.type, picture.mime, picture.md5, picture.size_bytes]
                for picture in track.pictures
            ],
            "compression": track.compression,
            "quirks": sorted(track.quirks),
        }
    )


def track_of(text: str | None) -> Track | None:
    """The track that track_json kept; None where none is known."""
    if text is None:
        return None
    kept = json.loads(text)
    return Track(
        audio=AudioFormat(*kept["audio"]),
        audio_md5=kept["audio_md5"],
        tags=Tags(tuple((key, value) for key, value in kept["tags"])),
        tags_md5=kept["tags_md5"],
        pictures=tuple(Picture(*each) for each in kept["pictures"]),
        compression=kept["compression"],
        quirks=frozenset(Quirk(each) for each in kept["quirks"]),
    )
