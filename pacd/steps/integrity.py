"""Tests one master by decoding it whole; writes nothing (F1, F2)."""

from dataclasses import dataclass
from typing import BinaryIO, Final

from pacd.domain.job import Job
from pacd.domain.media import Track
from pacd.domain.outcome import Tested
from pacd.domain.verdict import Check, Integrity
from pacd.files.flac_blocks import DamagedHeaderError, Layout, NotFlacError, read_layout
from pacd.files.flac_write import pieces, stream_of
from pacd.files.probe import track_of
from pacd.files.regular import observe_open, open_regular, require_untouched
from pacd.tools.flac import Flac, Verdict
from pacd.tools.patience import patience_s
from pacd.tools.toolbox import Toolbox

_WORDS_CHARS: Final = 4_000


@dataclass(frozen=True, slots=True)
class _Finding:
    integrity: Integrity
    message: str = ""
    audio_md5: str = ""
    words: str = ""
    track: Track | None = None


def integrity(job: Job, tools: Toolbox) -> Tested:
    """
    Decode a master from beginning to end and compare it with what its header states.

    Tags before and behind the stream are left out of the test.

    Raises:
        NotRegularError: It is no file at all.
        SourceChangedError: It was written to meanwhile: the verdict would be on nothing.
        ToolError: flac failed for a reason that says nothing of the audio.
        OSError: It cannot be read.
    """
    with open_regular(job.source) as file:
        observation = observe_open(file, job.source)
        found = _examined(file, tools.flac, patience_s(observation.size_bytes))
    require_untouched(job.source, observation)
    check = Check(
        integrity=found.integrity,
        audio_md5=found.audio_md5,
        message=found.message,
        words=found.words[:_WORDS_CHARS],
        tool=tools.flac.name,
        tested_at=job.now,
    )
    return Tested(check, found.track, observation)


def _examined(file: BinaryIO, flac: Flac, timeout_s: float) -> _Finding:
    try:
        layout = read_layout(file)
    except NotFlacError as error:
        return _Finding(Integrity.NOT_FLAC, str(error))
    except DamagedHeaderError as error:
        return _Finding(Integrity.CORRUPT, str(error))
    track = track_of(layout)
    verdict, audio_md5 = _decoded(file, layout, flac, timeout_s)
    if not verdict.sound:
        for _piece in pieces(file, 0, layout.size_bytes):
            pass  # a disk that fails raises OSError here: that is no damage to the file
        message = verdict.damage + _about_its_end(layout)
        return _Finding(Integrity.CORRUPT, message, words=verdict.words, track=track)
    if layout.info.audio_md5:
        return _Finding(Integrity.INTACT, "", audio_md5, verdict.words, track)
    message = "its header has no audio MD5; it was computed from the audio"
    return _Finding(Integrity.NO_MD5, message, audio_md5, verdict.words, track)


def _decoded(file: BinaryIO, layout: Layout, flac: Flac, timeout_s: float) -> tuple[Verdict, str]:
    """Decode once: flac compares the MD5 if there is one, else it is computed."""
    stdin, info = stream_of(file, layout), layout.info
    if info.audio_md5:
        return flac.test(stdin, timeout_s=timeout_s), info.audio_md5
    measured = flac.measure(stdin, info.audio, samples=layout.samples, timeout_s=timeout_s)
    return measured.verdict, measured.audio_md5


def _about_its_end(layout: Layout) -> str:
    """Of a file that is cut off, flac 1.4.2 often says only that its MD5 differs (test_flac.py)."""
    total = layout.info.audio.total_samples
    if layout.samples == 0:
        return "; its last frame is missing or broken, so it may be cut off"
    if layout.samples < total:
        return f"; it is cut off after {layout.samples} of {total} samples"
    return ""
