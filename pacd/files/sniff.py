"""Says what a file that should be FLAC really is, from its first bytes; pure."""

from typing import Final

_MAGIC: Final = (
    # (offset, bytes, what it is); the first that fits decides
    (0, b"RIFF", "a WAV file"),
    (0, b"RF64", "a WAV file"),
    (0, b"FORM", "an AIFF file"),
    (0, b"caff", "a Core Audio file"),
    (28, b"\x7fFLAC", "FLAC in an Ogg container"),
    (0, b"OggS", "an Ogg file (Opus or Vorbis)"),
    (4, b"ftyp", "an MP4 or M4A file"),
    (0, b"MAC ", "a Monkey's Audio file"),
    (0, b"wvpk", "a WavPack file"),
    (0, b"TTA1", "a True Audio file"),
    (0, b"DSD ", "a DSD file"),
    (0, b"\x30\x26\xb2\x75", "a Windows Media file"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"<", "a web page or XML document"),
    (0, b"fLaC", "a FLAC file"),
)

# ISO/IEC 11172-3, section 2.4.2.3: eleven set bits, then version, layer; 01 is reserved
# as a version and 00 as a layer.
_SYNC: Final = 0xE0


def what_it_is(start: bytes, *, after_id3: bool) -> str:
    """
    Say what the bytes are, as a clause.

    Args:
        start: The first few kilobytes; behind an ID3v2 tag where there is one.
    """
    if not start:
        return "it is an ID3v2 tag and nothing else" if after_id3 else "it is empty"
    if after_id3:
        start = start.lstrip(b"\0")  # taggers pad
    if not any(start):
        return "it begins with zero bytes, as a file does that was never filled"
    for offset, magic, words in _MAGIC:
        if start.startswith(magic, offset):
            return f"it is {words}"
    if _is_mpeg(start):
        return "it is an MP3 file"
    if start.startswith((b"\xff\xf8", b"\xff\xf9")):
        return "it is FLAC audio that lost its header"
    return f"it does not start as a FLAC file does, but with {start[:4].hex(' ')}"


def _is_mpeg(start: bytes) -> bool:
    if len(start) < 3 or start[0] != 0xFF or start[1] & _SYNC != _SYNC:  # noqa: PLR2004  # see _SYNC
        return False
    version, layer, bitrate = start[1] >> 3 & 3, start[1] >> 1 & 3, start[2] >> 4
    return version != 1 and layer != 0 and bitrate != 0xF  # noqa: PLR2004  # 1111 is forbidden
