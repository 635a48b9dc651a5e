"""Judges what was heard of one recording: a verdict, a sentence and numbers; pure."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from pacd.analysis import telling
from pacd.analysis.spectrum import Shape
from pacd.analysis.traces import Trace
from pacd.domain.media import AudioFormat
from pacd.domain.verdict import BUILTIN_VERSION, Authenticity, Detector, Finding

_CD_BITS: Final = 16
_CD_RATE_HZ: Final = 44_100
_HIGHEST_CD_RATE_HZ: Final = 48_000

_SHORTEST_S: Final = 2.0
"""Too little to compare passages of, below that."""

_HEARD: Final = 0.1
"""Part of the coefficients that must be loud: below it a lossy coder's zeros prove nothing."""

_STEEP_DB: Final = 30.0
"""A fall within 500 Hz for which music has no cause; filters and coders have."""

_EMPTY_DB: Final = -122.0
"""Level above an edge of nothing but 16-bit dither, which is 5 dB above rounding (TPDF)."""

_LOWEST_CONVERTER: Final = 20_000 / _CD_RATE_HZ
"""Converters and resamplers end at 20.0 to 21.4 kHz (facts/audio.md 3), in parts of the rate."""

_NEARLY: Final = 0.85
"""A resampler's filter ends the spectrum at 0.85 to 1 of the old Nyquist frequency."""


_CODECS: Final = f"{', '.join(telling.CODECS[:-1])} or {telling.CODECS[-1]}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    All that was heard of one recording.

    Attributes:
        frames: Samples per channel.
        used_bits: Of each channel, counted from the highest; 0 for silence.
        shape: None of silence.
        traces: What each search found, none of what was too short to search.
    """

    audio: AudioFormat
    frames: int
    used_bits: tuple[int, ...]
    shape: Shape | None
    traces: tuple[Trace, ...]

    @property
    def best(self) -> Trace | None:
        """Of convincing traces the one that explains most, else the one that stands out most."""
        return max(self.traces, key=_weight, default=None)


def _weight(trace: Trace) -> tuple[bool, float]:
    return trace.convincing, trace.share if trace.convincing else trace.z


def judge(evidence: Evidence) -> Finding:
    """Make a verdict of the evidence; the first rule that has something to say decides."""
    status, sentence = next(said for rule in _RULES if (said := rule(evidence)))
    return Finding(Detector.BUILTIN, BUILTIN_VERSION, status, sentence, _numbers(evidence))


_Said = tuple[Authenticity, str]


def _silent(evidence: Evidence) -> _Said | None:
    if evidence.shape is None or not any(evidence.used_bits):
        return Authenticity.INCONCLUSIVE, "it is silent from beginning to end"
    return None


def _upscaled(evidence: Evidence) -> _Said | None:
    bits, most = evidence.audio.bits_per_sample, max(evidence.used_bits)
    if bits > _CD_BITS >= most:
        sentence = f"only {most} of its {bits} bits are ever used: it was upscaled"
        return Authenticity.SUSPECT, sentence
    return None


def _coded(evidence: Evidence) -> _Said | None:
    trace = evidence.best
    if trace is None or not trace.convincing:
        return None
    rate_hz = evidence.audio.sample_rate_hz
    end = telling.end(evidence.shape, rate_hz, {trace.codec})
    return Authenticity.SUSPECT, f"{telling.coding(trace)}; {end}"


def _upsampled(evidence: Evidence) -> _Said | None:
    rate, shape = evidence.audio.sample_rate_hz, evidence.shape
    if rate <= _HIGHEST_CD_RATE_HZ or shape is None or shape.drop_db < _STEEP_DB:
        return None
    for old in (_CD_RATE_HZ, _HIGHEST_CD_RATE_HZ):
        if _NEARLY * old / 2 <= shape.edge_hz <= old / 2:
            return Authenticity.SUSPECT, (
                f"it is sampled at {rate / 1000:g} kHz, but {_end_of(evidence)}: "
                f"it was upsampled, probably from {old / 1000:g} kHz"
            )
    return None


def _thin(evidence: Evidence) -> _Said | None:
    seconds = evidence.frames / evidence.audio.sample_rate_hz
    if seconds < _SHORTEST_S or not evidence.traces:
        return Authenticity.INCONCLUSIVE, f"it is too short to tell: {seconds:.1f} s"
    heard = max(trace.heard for trace in evidence.traces)
    if heard < _HEARD:
        return Authenticity.INCONCLUSIVE, (
            f"it is too quiet or too dark to tell: {heard:.0%} of its coefficients are loud enough"
        )
    return None


def _cut_off(evidence: Evidence) -> _Said | None:
    if _is_empty_above(evidence):
        return Authenticity.INCONCLUSIVE, (
            f"{_end_of(evidence, telling.CODECS)}, but filters do the same, "
            f"and no frames of {_CODECS} were found"
        )
    return None


def _is_empty_above(evidence: Evidence) -> bool:
    """Whether there is an edge, lower than converters put theirs, and nothing but dither above."""
    shape = evidence.shape
    if shape is None or shape.drop_db < _STEEP_DB or shape.floor_db > _EMPTY_DB:
        return False
    return shape.edge_hz < _LOWEST_CONVERTER * min(evidence.audio.sample_rate_hz, _CD_RATE_HZ)


def _genuine(evidence: Evidence) -> _Said:
    passages = max(trace.passages for trace in evidence.traces)
    return Authenticity.OK, (f"no frames of {_CODECS} in {passages} passages; {_end_of(evidence)}")


_RULES: Final = (_silent, _upscaled, _coded, _upsampled, _thin, _cut_off, _genuine)


def _end_of(evidence: Evidence, codecs: Collection[str] = ()) -> str:
    return telling.end(evidence.shape, evidence.audio.sample_rate_hz, codecs)


def _numbers(evidence: Evidence) -> dict[str, Any]:
    numbers: dict[str, Any] = {
        "bits": evidence.audio.bits_per_sample,
        "used_bits": list(evidence.used_bits),
    }
    if evidence.shape:
        numbers |= {
            "edge_hz": round(evidence.shape.edge_hz),
            "drop_db": round(evidence.shape.drop_db, 1),
            "floor_db": round(evidence.shape.floor_db, 1),
            "holes": round(evidence.shape.holes, 5),
        }
    if evidence.best:
        numbers |= {
            "codec": evidence.best.codec,
            "z": round(evidence.best.z, 1),
            "grid": round(evidence.best.offset, 2),
            "agreeing": evidence.best.agreeing,
            "passages": evidence.best.passages,
            "vanishing": round(evidence.best.share, 4),
            "heard": round(max(trace.heard for trace in evidence.traces), 3),
        }
    return numbers
