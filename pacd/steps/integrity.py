"""Tests one master by decoding it whole; writes nothing (F1, F2)."""

import errno
from dataclasses import dataclass
from typing import BinaryIO, Final

from pacd.domain.job import Job
from pacd.domain.media import Track
from pacd.domain.outcome import Tested
from pacd.domain.verdict import Check, Finding, Integrity
from pacd.files.flac_blocks import DamagedHeaderError, Layout, NotFlacError, read_layout
from pacd.files.flac_write import pieces, stream_of
from pacd.files.probe import track_of
from pacd.files.regular import observe_open, require_untouched
from pacd.steps.hearing import hearing_for
from pacd.steps.source import opened_source
from pacd.tools.flac import Flac, Sink, Verdict
from pacd.tools.patience import patience_s
from pacd.tools.toolbox import Toolbox

_WORDS_CHARS: Final = 4_000


@dataclass(frozen=True, slots=True)
class _Found:
    integrity: Integrity
    message: str = ""
    audio_md5: str = ""
    words: str = ""
    track: Track | None = None
    heard: tuple[Finding, ...] = ()


def integrity(job: Job, tools: Toolbox) -> Tested:
    """
    Decode a master from beginning to end and compare it with what its header states.

    Tags before and behind the stream are left out of the test.  The builtin detector hears the
    same decode where the job says so and the tags do not forbid it; only sound audio is judged.

    Raises:
        NotRegularError: It is no file at all.
        SourceChangedError: It was written to meanwhile: the verdict would be on nothing.
        ToolError: flac failed for a reason that says nothing of the audio.
        OSError: It cannot be read, or not twice alike.
    """
    with opened_source(job) as file:
        observation = observe_open(file, job.source)
        found = _examined(job, file, tools.flac, patience_s(observation.size_bytes))
    require_untouched(job.source, observation)
    check = Check(
        integrity=found.integrity,
        audio_md5=found.audio_md5,
        message=found.message,
        words=found.words[:_WORDS_CHARS],
        tool=tools.flac.name,
        tested_at=job.now,
    )
    return Tested(check, found.track, observation, found.heard)


def _examined(job: Job, file: BinaryIO, flac: Flac, timeout_s: float) -> _Found:
    try:
        layout = read_layout(file)
    except NotFlacError as error:
        return _Found(Integrity.NOT_FLAC, str(error))
    except DamagedHeaderError as error:
        return _Found(Integrity.CORRUPT, str(error))
    track = track_of(layout, also=job.library.authenticity.skip_tags)
    hearing = hearing_for(job, track)
    sink = hearing.add if hearing else None
    verdict, audio_md5 = _decoded(file, layout, flac, timeout_s, sink)
    if not verdict.sound:
        _require_the_same(file, layout, flac, timeout_s)
        message = verdict.damage + _about_its_end(layout)
        return _Found(Integrity.CORRUPT, message, words=verdict.words, track=track)
    heard = (hearing.finding(),) if hearing else ()
    if layout.info.audio_md5:
        return _Found(Integrity.INTACT, "", audio_md5, verdict.words, track, heard)
    message = "its header has no audio MD5; it was computed from the audio"
    return _Found(Integrity.NO_MD5, message, audio_md5, verdict.words, track, heard)


def _require_the_same(file: BinaryIO, layout: Layout, flac: Flac, timeout_s: float) -> None:
    """
    Believe in damage only when it is found twice.

    A read that fails looks like damage to flac (1.4.2: "ERROR while decoding data"), and a bad
    cable or bad memory may make it real for one decode: neither is the file's.

    Raises:
        OSError: The disk fails; or the audio is sound this time.
    """
    for _piece in pieces(file, 0, layout.size_bytes):
        pass  # a disk that fails for good says so itself
    again, _ = _decoded(file, layout, flac, timeout_s, None)
    if again.sound:
        raise OSError(errno.EIO, "it was read damaged once, and then sound: look at its disk")


def _decoded(
    file: BinaryIO, layout: Layout, flac: Flac, timeout_s: float, sink: Sink | None
) -> tuple[Verdict, str]:
    """Decode once, whoever listens: flac compares the MD5 if there is one, else it is computed."""
    stdin, info = stream_of(file, layout), layout.info
    if info.audio_md5 and sink:
        return flac.hear(stdin, info.audio, sink, timeout_s=timeout_s), info.audio_md5
    if info.audio_md5:
        return flac.test(stdin, timeout_s=timeout_s), info.audio_md5
    measured = flac.measure(
        stdin, info.audio, samples=layout.samples, timeout_s=timeout_s, also=sink
    )
    return measured.verdict, measured.audio_md5


def _about_its_end(layout: Layout) -> str:
    """Of a file that is cut off, flac 1.4.2 often says only that its MD5 differs (test_flac.py)."""
    total = layout.info.audio.total_samples
    if layout.samples == 0:
        return "; its last frame is missing or broken, so it may be cut off"
    if layout.samples < total:
        return f"; it is cut off after {layout.samples} of {total} samples"
    return ""
