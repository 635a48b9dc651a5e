"""Reads M4A files box by box, and rewrites the tags of those with no name yet."""

import hashlib
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pacd.domain.media import AudioFormat
from pacd.errors import VerifyError
from pacd.files.boxes import Box, body_of, need_box, require_sound_nesting, top_boxes
from pacd.files.covers import PNG, sniff
from pacd.files.m4a_layout import M4aLayout, freeform, text_atom
from pacd.files.m4a_tags import SMPB
from pacd.files.m4a_values import AtomValues
from pacd.files.regular import open_own, open_regular
from pacd.files.stream import Stream

RESAMPLED_TOLERANCE_MS: Final = 1
"""Resampling ends on a whole sample of another rate (M7)."""

# What iTunes writes into iTunSMPB: delay, padding and length in samples, in hexadecimal;
# fdkaac 1.0.0 and qaac write the same (tests/contract/test_m4a_files.py).
_SMPB: Final = re.compile(r" ?[0-9A-F]+ [0-9A-F]{1,8} [0-9A-F]{1,8} ([0-9A-F]{1,16})\b")
_SMPB_ZEROS: Final = " 00000000" * 8

_ENCODER: Final = "\xa9too"  # where encoders write their own names

# Room for other taggers; one size whatever was there before, so that a retag leaves what
# a fresh encode would.
_PADDING_BYTES: Final = 1024


def read_m4a(path: Path) -> Stream:
    """
    Read what the headers say of the audio, and none of the audio.

    The length is what an edit list leaves, else what iTunSMPB states, else all of it;
    a file in which the first two contradict each other is not complete.

    Raises:
        VerifyError: It is no M4A file as PAC makes them.
    """
    with open_regular(path) as file:
        layout = M4aLayout.read(file, path)
        rate_hz, ticks = layout.track_times
        edit, stated = layout.edit, _stated_samples(layout)
        edited = edit.samples if edit else stated
        complete = layout.whole and (stated is None or stated == edited)
        channels = layout.channels
    samples = ticks if edited is None else edited
    return Stream(rate_hz, channels, samples if complete else 0, complete)


def m4a_length_matches(source: AudioFormat, made: Stream) -> bool:
    """
    Whether an output plays as long as its master (M7): to the sample, unless resampled.

    A master whose header does not say how long it is contradicts no length.
    """
    if not source.total_samples or not source.sample_rate_hz:
        return True
    if source.sample_rate_hz == made.rate_hz:
        return source.total_samples == made.samples
    off = made.samples * source.sample_rate_hz - source.total_samples * made.rate_hz
    return abs(off) * 1000 <= RESAMPLED_TOLERANCE_MS * made.rate_hz * source.sample_rate_hz


def m4a_audio_digest(path: Path) -> bytes:
    """
    Hash the frames, their order and times, and what makes playback gapless.

    Where the audio begins changes when tags grow, so only offsets within it count.

    Raises:
        VerifyError: It is no whole M4A file as PAC makes them.
    """
    digest = hashlib.blake2b(digest_size=16)
    with open_regular(path) as file:
        layout = M4aLayout.read(file, path)
        if not layout.whole:
            raise VerifyError(f"{path.name} is not whole")
        chunks, offsets = layout.chunks
        track = layout.track
        for told in (
            body_of(file, need_box(file, layout.movie, b"mvhd")),
            body_of(file, Box(track.name, track.start, track.start, chunks.start)),
            body_of(file, Box(track.name, track.start, chunks.end, track.end)),
            repr([offset - layout.audio.body for offset in offsets]).encode(),
            _gapless_note(layout).encode(),
        ):
            digest.update(told)
        for piece in layout.pieces():
            digest.update(piece)
    return digest.digest()


def read_freeform(path: Path, only: frozenset[str]) -> Mapping[str, str]:
    """
    Read freeform atoms by hand, also of a file that breaks off behind them.

    Args:
        only: Names as mutagen spells them, "----:org.pac:src_md5".

    Raises:
        VerifyError: It is no MP4 file, or its tags are broken.
    """
    with open_regular(path) as file:
        boxes, _size = top_boxes(file)
        movie = next((box for box in boxes if box.name == b"moov"), None)
        if movie is None or boxes[0].name != b"ftyp":
            raise VerifyError(f"{path.name} is no MP4 file")
        return freeform(file, movie, only)


def write_atoms(path: Path, atoms: Mapping[str, AtomValues]) -> None:
    """
    Replace all tags with mutagen, in place; for a file without a name.

    The encoder's own stay: its name, and what makes playback gapless.  Where the encoder
    has left the gapless note to the edit list alone, it is added: many players read
    nothing else.

    Raises:
        VerifyError: mutagen cannot read or write the file.
        OSError: The disk takes no more.
    """
    # Imported late: the daemon itself never writes tags, only its workers do.
    from mutagen import MutagenError  # noqa: PLC0415  # see above
    from mutagen.mp4 import MP4Tags  # noqa: PLC0415  # see above

    with open_regular(path) as file:
        require_sound_nesting(file)
        layout = M4aLayout.read(file, path)
        own = {_ENCODER: text_atom(file, layout.movie, _ENCODER), SMPB: _gapless_note(layout)}
    # What stands there is not parsed, so that no broken tag can be in the way.
    tags: Any = MP4Tags()
    kept: dict[str, AtomValues] = {name: (text,) for name, text in own.items() if text}
    for name, values in {**atoms, **kept}.items():
        tags[name] = _for_mutagen(name, values)
    try:
        with open_own(path) as file:
            tags.save(file, padding=lambda _info: _PADDING_BYTES)
    except MutagenError as error:
        # mutagen 1.48 wraps every OSError; the disk being full has to stay one.
        if error.args and isinstance(error.args[0], OSError):
            raise error.args[0] from error
        raise VerifyError(f"tags cannot be written: {error}") from error
    except struct.error as error:  # mutagen 1.48 lets it out where a table of offsets is too short
        raise VerifyError(f"tags cannot be written beside broken tables: {error}") from error


def _for_mutagen(name: str, values: AtomValues) -> Any:
    from mutagen.mp4 import AtomDataType, MP4Cover  # noqa: PLC0415  # as in write_atoms()

    if isinstance(values, bool):
        return values
    if name == "covr":
        pictures = (each for each in values if isinstance(each, bytes))
        form = {True: AtomDataType.PNG, False: AtomDataType.JPEG}
        return [MP4Cover(each, form[sniff(each) == PNG]) for each in pictures]
    if name.startswith("----"):
        return [str(value).encode() for value in values]
    return list(values)


def _stated_note(layout: M4aLayout) -> str:
    return freeform(layout.file, layout.movie, frozenset({SMPB})).get(SMPB, "")


def _stated_samples(layout: M4aLayout) -> int | None:
    """Length that iTunSMPB states; None where it says nothing of the kind."""
    found = _SMPB.match(_stated_note(layout))
    return int(found[1], 16) if found else None


def _gapless_note(layout: M4aLayout) -> str:
    """What iTunSMPB says, or would say of the edit list; "" where there is neither."""
    stated, edit = _stated_note(layout), layout.edit
    if stated or edit is None:
        return stated
    count, _size = layout.frames
    padding = max(0, count * layout.frame_samples - edit.start - edit.samples)
    return f" 00000000 {edit.start:08X} {padding:08X} {edit.samples:016X}{_SMPB_ZEROS}"
