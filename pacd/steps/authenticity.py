"""Asks the detectors about one master; writes scratch files of PAC's own, and pictures (A1)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from pacd.domain.job import Job
from pacd.domain.media import AudioFormat, Track
from pacd.domain.outcome import Authenticated
from pacd.domain.verdict import BUILTIN_VERSION, Authenticity, Detector, Finding, joined
from pacd.errors import SourceChangedError, VerifyError
from pacd.files.atomic import observe_open, sibling
from pacd.files.flac_blocks import Layout, read_layout
from pacd.files.flac_write import stream_of
from pacd.files.ownership import make_folder
from pacd.files.probe import track_of
from pacd.files.regular import require_untouched
from pacd.files.wav import WavWriter
from pacd.planning.authenticity import counting, drawing_due, skipped, unheard
from pacd.steps.drawing import draw
from pacd.steps.hearing import Hearing
from pacd.steps.source import opened_source
from pacd.tools.flac import Flac
from pacd.tools.patience import detector_patience_s, patience_s
from pacd.tools.samples import RAW_DEPTHS
from pacd.tools.toolbox import FileDetector, Toolbox

Sink = Callable[[bytes], object]

_SAMPLES: Final = "samples.wav"


def authenticate(job: Job, tools: Toolbox) -> Authenticated:
    """
    Hear every detector that is there and was not heard in its present version; draw suspects.

    All get the same samples, those of one decode whose MD5 was checked.

    Raises:
        SourceChangedError: It is not what was tested, or was written to meanwhile.
        VerifyError: It decoded to other audio than at its test.
        ToolError: flac failed for a reason that says nothing of the audio.
        OSError: It cannot be read, or the disk takes no scratch file.
    """
    wishes = job.library.authenticity
    with opened_source(job) as file:
        observation = observe_open(file, job.source)
        if not observation.same_bytes(job.facts.observation):
            raise SourceChangedError(job.source)
        layout = read_layout(file)
        track = track_of(layout, also=wishes.skip_tags)
        wanted = () if skipped(track, wishes) else unheard(job.facts.judgement, wishes)
        findings = _findings(job, tools, file, layout, wanted)
        spectrogram, undrawn = _drawn(job, tools.flac, file, layout, track, findings)
    require_untouched(job.source, observation)
    return Authenticated(track, observation, findings, spectrogram, undrawn)


def _drawn(
    job: Job,
    flac: Flac,
    file: BinaryIO,
    layout: Layout,
    track: Track,
    findings: tuple[Finding, ...],
) -> tuple[Path | None, str]:
    """Draw it if it is suspect, and that is wanted; by a decode of its own: suspects are few."""
    wishes, before = job.library.authenticity, job.facts.judgement
    verdict = joined(before, findings, now=job.now) if findings else before
    picture = wishes.spectrogram
    if picture is None or not drawing_due(counting(verdict, wishes), wishes):
        return None, ""
    if not _is_raw(track.audio):
        return None, _odd(track.audio)
    return draw(track, picture, lambda sink: _decode(job, flac, file, layout, [sink]))


def _findings(
    job: Job, tools: Toolbox, file: BinaryIO, layout: Layout, wanted: Sequence[Detector]
) -> tuple[Finding, ...]:
    audio = layout.info.audio
    hearing = Hearing(audio) if Detector.BUILTIN in wanted and _is_raw(audio) else None
    programs = [each for each in tools.detectors if each.detector in wanted]
    apt = [each for each in programs if not _refusal(each, audio)]
    heard: list[Sink] = [hearing.add] if hearing else []
    found: list[Finding] = []
    if apt:
        scratch = job.library.authenticity.scratch
        make_folder(scratch, 0o700)
        with sibling(scratch / _SAMPLES) as path:
            with WavWriter(path, audio) as wav:
                _decode(job, tools.flac, file, layout, [*heard, wav.add])
            limit_s = detector_patience_s(audio.duration_s)
            found += [each.judge(path, timeout_s=limit_s) for each in apt]
    elif hearing:
        _decode(job, tools.flac, file, layout, heard)
    if Detector.BUILTIN in wanted:
        found.append(hearing.finding() if hearing else _deaf(audio))
    found += [_refused(each, audio) for each in programs if each not in apt]
    return tuple(sorted(found, key=lambda each: wanted.index(each.detector)))


def _decode(job: Job, flac: Flac, file: BinaryIO, layout: Layout, sinks: Sequence[Sink]) -> None:
    """Give the samples to all that want them; what is not as it was tested counts for nothing."""

    def give(pcm: bytes) -> None:
        for sink in sinks:
            sink(pcm)

    stdin, info = stream_of(file, layout), layout.info
    limit_s = patience_s(layout.size_bytes)
    if info.audio_md5:
        verdict, md5 = flac.hear(stdin, info.audio, give, timeout_s=limit_s), info.audio_md5
    else:
        decoded = flac.measure(
            stdin, info.audio, samples=layout.samples, timeout_s=limit_s, also=give
        )
        verdict, md5 = decoded.verdict, decoded.audio_md5
    if not verdict.sound or md5 != job.facts.decoded_md5:
        damage = verdict.damage or "its audio is not what was tested"
        raise VerifyError(f"it was sound at its test, and now {damage}", words=verdict.words)


def _is_raw(audio: AudioFormat) -> bool:
    return audio.bits_per_sample in RAW_DEPTHS


def _refusal(detector: FileDetector, audio: AudioFormat) -> str:
    return detector.refuses(audio) if _is_raw(audio) else _odd(audio)


def _odd(audio: AudioFormat) -> str:
    return f"samples of {audio.bits_per_sample} bits are not judged"


def _refused(detector: FileDetector, audio: AudioFormat) -> Finding:
    why = _refusal(detector, audio)
    return Finding(detector.detector, detector.version, Authenticity.INCONCLUSIVE, why)


def _deaf(audio: AudioFormat) -> Finding:
    why = _odd(audio)
    return Finding(Detector.BUILTIN, BUILTIN_VERSION, Authenticity.INCONCLUSIVE, why)
