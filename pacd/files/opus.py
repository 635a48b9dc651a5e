"""Reads Opus files page by page, and rewrites the comments and gain of those with no name yet."""

import hashlib
import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from pacd.domain.media import AudioFormat, Tags
from pacd.errors import VerifyError
from pacd.files.atomic import open_own, open_regular
from pacd.files.stream import Stream

OPUS_RATE_HZ: Final = 48_000  # RFC 7845, section 4: granule positions count at 48 kHz
LENGTH_TOLERANCE_MS: Final = (
    1  # resampling rounds up to a whole sample; tests/contract/test_encoders
)

# RFC 3533, section 6: the page header up to the segment table, and its flags.
_PAGE: Final = struct.Struct("<4sBBqIIIB")
_CAPTURE: Final = b"OggS"
_FIRST_PAGE: Final = 0x02
_LAST_PAGE: Final = 0x04
_CHECKSUM_AT: Final = 22
_MAX_SEGMENT: Final = 255
_MAX_PAGE_BYTES: Final = _PAGE.size + 255 + 255 * 255

# RFC 7845, section 5.1: magic, version, channels, pre-skip, input rate, output gain, family.
_HEAD: Final = struct.Struct("<8sBBHIhB")
_GAIN_AT: Final = 16

_COMMENT_MAGIC: Final = b"OpusTags"  # RFC 7845, section 5.2
_MAX_COMMENT_BYTES: Final = 125_829_120  # the same: what a reader may refuse beyond


@dataclass(frozen=True, slots=True)
class OpusFacts:
    """
    What an Opus file's first and last page say.

    Attributes:
        output_gain: In 1/256 dB; players apply it by default.
        samples: Decoded length at 48 kHz, pre-skip taken off; 0 when it is not complete.
        complete: Whether the file ends with the page that ends the stream.
    """

    channels: int
    pre_skip: int
    output_gain: int
    samples: int
    complete: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """One Ogg page; ``lacing`` is its segment table (RFC 3533, section 6)."""

    flags: int
    granule: int
    serial: int
    lacing: bytes
    body: bytes

    @classmethod
    def read(cls, file: BinaryIO) -> Self | None:
        """Read the page that starts here; None when none does, or not a whole one."""
        header = file.read(_PAGE.size)
        if len(header) < _PAGE.size:
            return None
        capture, version, flags, granule, serial, _number, _sum, count = _PAGE.unpack(header)
        lacing = file.read(count)
        body = file.read(sum(lacing))
        whole = len(lacing) == count and len(body) == sum(lacing)
        if capture != _CAPTURE or version != 0 or not whole:
            return None
        return cls(flags, granule, serial, lacing, body)

    @property
    def ends_packet(self) -> bool:
        """Whether a packet ends on this page."""
        return any(length < _MAX_SEGMENT for length in self.lacing)


def read_opus(path: Path) -> OpusFacts:
    """
    Read the first and the last page of an Opus file, and nothing between.

    Raises:
        VerifyError: It does not begin as an Opus file.
    """
    with open_regular(path) as file:
        first = _first_page(file, path)
        _magic, _version, channels, pre_skip, _rate, gain, _family = _HEAD.unpack_from(first.body)
        last = _final_page(file, first.serial)
    complete = last is not None and bool(last.flags & _LAST_PAGE)
    samples = max(0, last.granule - pre_skip) if last and complete else 0
    return OpusFacts(channels, pre_skip, gain, samples, complete)


def length_matches(source: AudioFormat, opus: OpusFacts | Stream) -> bool:
    """
    Whether an output plays as long as its master, to the millisecond (M7).

    A master whose header does not say how long it is contradicts no length.
    """
    if not source.total_samples or not source.sample_rate_hz:
        return True
    off = opus.samples * source.sample_rate_hz - source.total_samples * OPUS_RATE_HZ
    tolerance = OPUS_RATE_HZ * source.sample_rate_hz * LENGTH_TOLERANCE_MS // 1000
    return abs(off) <= tolerance


def audio_digest(path: Path) -> bytes:
    """
    Hash the audio packets, their order and their times.

    Page numbers and checksums change when tags grow, so they are left out.

    Raises:
        VerifyError: It is not an unbroken row of Ogg pages.
    """
    digest = hashlib.blake2b(digest_size=16)
    with open_regular(path) as file:
        pages = _pages(file, path)
        next(pages)
        for page in pages:  # OpusTags: RFC 7845, section 3, audio starts on a page of its own
            if page.ends_packet:
                break
        for page in pages:
            digest.update(struct.pack("<BqB", page.flags, page.granule, len(page.lacing)))
            digest.update(page.lacing)
            digest.update(page.body)
    return digest.digest()


def read_comments(path: Path, *, only: frozenset[str] = frozenset()) -> Tags:
    """
    Read an Opus file's comments by hand, page by page.

    Args:
        only: Keys in upper case; reading ends once each has been seen.  Empty for all.

    Raises:
        VerifyError: It is no Opus file, or its comments are broken.
    """
    pairs: list[tuple[str, str]] = []
    missing = set(only)
    with open_regular(path) as file:
        packet = _CommentPacket(_pages(file, path), path)
        packet.take(len(_COMMENT_MAGIC))
        packet.take(packet.number())
        for _comment in range(packet.number()):
            raw = packet.take(packet.number()).decode(errors="replace")
            key, _equals, value = raw.partition("=")
            if not only or key.upper() in only:
                pairs.append((key, value))
                missing.discard(key.upper())
            if only and not missing:
                break
    return Tags.of(pairs)


def write_comments(path: Path, pairs: Sequence[tuple[str, str]]) -> None:
    """
    Replace all comments with mutagen, in place; for a file that has no name yet.

    Raises:
        VerifyError: mutagen cannot read or write the file.
        OSError: The disk takes no more.
    """
    # Imported late: the daemon itself never writes tags, only its workers do.
    from mutagen import MutagenError  # noqa: PLC0415  # see above
    from mutagen.oggopus import OggOpus  # noqa: PLC0415  # see above

    try:
        with open_own(path) as file:
            opus: Any = OggOpus(file)
            opus.tags[:] = list(pairs)
            file.seek(0)
            opus.save(file)
    except MutagenError as error:
        # mutagen 1.48 wraps every OSError; the disk being full has to stay one.
        if error.args and isinstance(error.args[0], OSError):
            raise error.args[0] from error
        raise VerifyError(f"tags cannot be written: {error}") from error


def set_output_gain(path: Path, gain: int) -> None:
    """
    Write the output gain into OpusHead; for a file that has no name yet.

    mutagen has no way to do it (facts: 3.2).

    Args:
        gain: In 1/256 dB, -32768 to 32767.
    """
    with open_own(path) as file:
        page = _first_page(file, path)
        size = _PAGE.size + len(page.lacing) + len(page.body)
        file.seek(0)
        whole = bytearray(file.read(size))
        struct.pack_into("<h", whole, _PAGE.size + len(page.lacing) + _GAIN_AT, gain)
        struct.pack_into("<I", whole, _CHECKSUM_AT, 0)
        struct.pack_into("<I", whole, _CHECKSUM_AT, _checksum(whole))
        file.seek(0)
        file.write(whole)


class _CommentPacket:
    """The OpusTags packet, read as far as it is asked for (RFC 7845, section 5.2)."""

    def __init__(self, pages: Iterator[_Page], path: Path) -> None:
        self._pages = pages
        self._path = path
        self._read = bytearray()
        self._ended = False
        next(pages)

    def take(self, count: int) -> bytes:
        """The next bytes."""
        while len(self._read) < count:
            page = None if self._ended or count > _MAX_COMMENT_BYTES else next(self._pages, None)
            if page is None:
                raise VerifyError(f"{self._path.name} has broken comments")
            self._ended = page.ends_packet
            self._read += page.body
        taken = bytes(self._read[:count])
        del self._read[:count]
        return taken

    def number(self) -> int:
        """The next 32 bits."""
        return int.from_bytes(self.take(4), "little")


def _first_page(file: BinaryIO, path: Path) -> _Page:
    page = _Page.read(file)
    if page is None or not page.flags & _FIRST_PAGE or not page.body.startswith(b"OpusHead"):
        raise VerifyError(f"{path.name} does not begin as an Opus file")
    if len(page.body) < _HEAD.size:
        raise VerifyError(f"{path.name} has an Opus header of only {len(page.body)} bytes")
    return page


def _pages(file: BinaryIO, path: Path) -> Iterator[_Page]:
    """All pages; the first is known to hold OpusHead."""
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    yield _first_page(file, path)
    while file.tell() < end:
        at = file.tell()
        page = _Page.read(file)
        if page is None:
            raise VerifyError(f"{path.name} has no whole Ogg page at byte {at} of {end}")
        yield page


def _final_page(file: BinaryIO, serial: int) -> _Page | None:
    """Find the page of the stream that ends exactly where the file does."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - _MAX_PAGE_BYTES)
    file.seek(start)
    raw = file.read(_MAX_PAGE_BYTES)
    tail = io.BytesIO(raw)
    at = raw.rfind(_CAPTURE)
    while at >= 0:
        tail.seek(at)
        page = _Page.read(tail)
        # "OggS" may also stand inside audio: only a real page reaches to the end.
        if page is not None and page.serial == serial and start + tail.tell() == size:
            return page
        at = raw.rfind(_CAPTURE, 0, at)
    return None


def _checksum(page: bytes | bytearray) -> int:
    """CRC-32 of RFC 3533, section 6: polynomial 0x04c11db7, from 0, not reflected."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _bit in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return crc
