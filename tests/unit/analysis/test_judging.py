"""What the builtin detector makes of what it heard."""

from dataclasses import replace

import pytest

from pacd.analysis.judging import Evidence, judge
from pacd.analysis.spectrum import Shape
from pacd.analysis.traces import Trace
from pacd.domain.media import AudioFormat
from pacd.domain.verdict import Authenticity

NOTHING = Trace("AAC", 5, 1024, 2.0, 1, 23, 0.0, heard=0.8)
FOUND = Trace("MP3", 105, 576, 90.0, 8, 8, 0.53)
FULL = Shape(21_400, 3.0, -95.0, 0.0)
CUT = Shape(16_600, 42.0, -129.0, 0.001)
CD = AudioFormat(44_100, 16, 2, 441_000)
GENUINE = Evidence(CD, 441_000, (16, 16), FULL, (NOTHING,))

OK, SUSPECT, THIN = Authenticity.OK, Authenticity.SUSPECT, Authenticity.INCONCLUSIVE


@pytest.mark.parametrize(
    ("evidence", "status", "sentence"),
    [
        pytest.param(
            GENUINE,
            OK,
            "no frames of MP3, AAC, Vorbis or Opus in 23 passages; "
            "it reaches up to 22.05 kHz without an edge",
            id="genuine",
        ),
        pytest.param(
            replace(GENUINE, traces=(FOUND, NOTHING), shape=CUT),
            SUSPECT,
            "it was MP3 once: 53% of its coefficients vanish on one grid of MP3 frames, the same "
            "in 8 of 8 passages (90 standard deviations above all other grids); nothing above "
            "16.6 kHz in any loud passage, floor \N{MINUS SIGN}129 dB there: "
            "as LAME at 128 kbit/s leaves it",
            id="coded",
        ),
        pytest.param(
            replace(GENUINE, shape=CUT),
            THIN,
            "nothing above 16.6 kHz in any loud passage, floor \N{MINUS SIGN}129 dB there: as LAME "
            "at 128 kbit/s leaves it, but filters do the same, and no frames of MP3, AAC, Vorbis "
            "or Opus were found",
            id="an edge alone",
        ),
        pytest.param(
            replace(GENUINE, shape=replace(CUT, edge_hz=20_300)),
            OK,
            "no frames of MP3, AAC, Vorbis or Opus in 23 passages; nothing above 20.3 kHz in any "
            "loud passage, floor \N{MINUS SIGN}129 dB there",
            id="as converters end",
        ),
        pytest.param(
            replace(GENUINE, shape=replace(CUT, floor_db=-110.0)),
            OK,
            "no frames of MP3, AAC, Vorbis or Opus in 23 passages; nothing above 16.6 kHz in any "
            "loud passage, floor \N{MINUS SIGN}110 dB there",
            id="hiss above the edge",
        ),
        pytest.param(
            replace(GENUINE, traces=(replace(NOTHING, heard=0.04),)),
            THIN,
            "it is too quiet or too dark to tell: 4% of its coefficients are loud enough",
            id="dark",
        ),
        pytest.param(
            replace(GENUINE, frames=22_050, traces=()),
            THIN,
            "it is too short to tell: 0.5 s",
            id="short",
        ),
        pytest.param(
            replace(GENUINE, used_bits=(0, 0), shape=None, traces=()),
            THIN,
            "it is silent from beginning to end",
            id="silent",
        ),
        pytest.param(
            replace(GENUINE, audio=AudioFormat(96_000, 24, 2, 0), shape=Shape(21_900, 50, -140, 0)),
            SUSPECT,
            "only 16 of its 24 bits are ever used: it was upscaled",
            id="upscaled",
        ),
        pytest.param(
            replace(
                GENUINE,
                audio=AudioFormat(96_000, 24, 2, 0),
                used_bits=(24, 24),
                shape=Shape(21_900, 50, -140, 0),
            ),
            SUSPECT,
            "it is sampled at 96 kHz, but nothing above 21.9 kHz in any loud passage, floor "
            "\N{MINUS SIGN}140 dB there: it was upsampled, probably from 44.1 kHz",
            id="upsampled",
        ),
        pytest.param(
            replace(
                GENUINE,
                audio=AudioFormat(96_000, 24, 2, 0),
                used_bits=(24, 24),
                shape=Shape(30_000, 50, -140, 0),
            ),
            OK,
            "no frames of MP3, AAC, Vorbis or Opus in 23 passages; nothing above 30.0 kHz in any "
            "loud passage, floor \N{MINUS SIGN}140 dB there",
            id="hi-res",
        ),
    ],
)
def test_judges(evidence: Evidence, status: Authenticity, sentence: str) -> None:
    """A2: each kind of evidence has its verdict, and a sentence that a collector understands."""
    finding = judge(evidence)

    assert (status, sentence) == (finding.status, finding.sentence)


def test_names_the_codec_that_explains_most() -> None:
    """A2: AAC shows a little of itself on Vorbis's grid; the greater share is the codec."""
    less = Trace("Vorbis", 0, 64, 99.0, 23, 23, 0.13)
    most = Trace("AAC", 0, 1024, 51.0, 23, 23, 0.29)

    assert "AAC" == judge(replace(GENUINE, traces=(less, most))).numbers["codec"]


def test_numbers_are_what_the_sentence_says() -> None:
    """A2: the evidence is there for programs too, never the bit rate of a container."""
    expected = {
        "bits": 16,
        "used_bits": [16, 16],
        "edge_hz": 16_600,
        "drop_db": 42.0,
        "floor_db": -129.0,
        "holes": 0.001,
        "codec": "MP3",
        "z": 90.0,
        "grid": 105,
        "agreeing": 8,
        "passages": 8,
        "vanishing": 0.53,
        "heard": 0.8,
    }

    assert expected == judge(replace(GENUINE, traces=(FOUND, NOTHING), shape=CUT)).numbers
