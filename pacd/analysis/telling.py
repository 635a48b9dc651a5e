"""What was heard, told to a collector: clauses, never parsed."""

from collections.abc import Collection
from typing import Final

from pacd.analysis.spectrum import Shape
from pacd.analysis.traces import Trace

_AN_EDGE_DB: Final = 12.0
"""A fall that is worth a word; what makes an edge steep is for verdicts to say."""

# Where coders end the spectrum at 44.1 kHz, from and to in Hz.  Measured with lame 3.100, fdkaac
# 1.0.0, ffmpeg 5.1.9, oggenc 1.4.2 and opusenc 0.2 on 8 to 14 masters each (`make
# bench-authenticity`): the lowest and highest edge found, outliers of quiet masters left out.
_LEAVING: Final = (
    ("MP3", 16_400, 16_900, "LAME at 128 kbit/s"),
    ("MP3", 18_500, 19_050, "LAME at 192 kbit/s or V2"),
    ("MP3", 19_150, 19_700, "LAME at 256 kbit/s"),
    ("MP3", 19_800, 20_350, "LAME at 320 kbit/s"),
    ("AAC", 15_200, 16_500, "FDK AAC at 128 kbit/s"),
    ("AAC", 16_900, 17_600, "FDK AAC at 192 kbit/s or more or ffmpeg's AAC at 128 kbit/s"),
    ("AAC", 19_150, 19_800, "FDK AAC at its best quality or ffmpeg's AAC at 192 kbit/s"),
    ("Vorbis", 17_300, 18_500, "oggenc at quality 3"),
    ("Vorbis", 18_600, 19_600, "oggenc at quality 4"),
    ("Opus", 19_900, 20_350, "Opus at any bit rate"),
)


def coding(trace: Trace) -> str:
    """What a convincing trace shows."""
    return (
        f"it was {trace.codec} once: {trace.share:.0%} of its coefficients vanish on one grid of "
        f"{trace.codec} frames, the same in {trace.agreeing} of {trace.passages} passages "
        f"({trace.z:.0f} standard deviations above all other grids)"
    )


CODECS: Final = ("MP3", "AAC", "Vorbis", "Opus")


def end(shape: Shape | None, rate_hz: int, codecs: Collection[str] = ()) -> str:
    """
    Where the spectrum ends, and what leaves it so.

    Args:
        codecs: Of which encoders may be named.
    """
    if shape is None or shape.drop_db < _AN_EDGE_DB:
        return f"it reaches up to {rate_hz / 2_000:g} kHz without an edge"
    floor = f"{shape.floor_db:.0f}".replace("-", "\N{MINUS SIGN}")
    said = (
        f"nothing above {shape.edge_hz / 1000:.1f} kHz in any loud passage, floor {floor} dB there"
    )
    leaving = [
        words
        for named, low, high, words in _LEAVING
        if named in codecs and low <= shape.edge_hz <= high
    ]
    if not leaving:
        return said
    return f"{said}: as {' or '.join(leaving)} leaves it"
