"""
Turns the audio of a master into that of a CD, samples in, samples out; writes nothing.

It loads numpy, which takes 100 ms and 20 MiB: only steps that convert import it, and late.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pacd.analysis.downmix import stereo_mix
from pacd.analysis.reduction import Extent, Frames, frames_of, measured, reduced
from pacd.domain.media import AudioFormat
from pacd.errors import PreflightError, VerifyError
from pacd.files.flac_rescale import channel_mask
from pacd.files.flac_write import stream_of
from pacd.steps.rewriting import Master
from pacd.tools import process
from pacd.tools.patience import patience_s
from pacd.tools.samples import RAW_DEPTHS
from pacd.tools.toolbox import RESAMPLER_REMEDY, Toolbox


@dataclass(frozen=True, slots=True)
class Conversion:
    """
    From a master to CD form.

    Attributes:
        audio, wanted: Before and after, with their true lengths.
        mix: What surround sound is multiplied by; None where channels stay.
        extent: How loud the result becomes, unlowered.
    """

    master: Master
    tools: Toolbox
    audio: AudioFormat
    wanted: AudioFormat
    mix: NDArray[np.float64] | None
    extent: Extent

    @classmethod
    def of(cls, master: Master, tools: Toolbox) -> Self:
        """
        Decode and convert a master once, to measure it.

        Raises:
            VerifyError: It is not as long as its header says.
            PreflightError: Its rate is to be changed, and nothing is there that can.
            ToolError: flac or ffmpeg failed.
        """
        audio = replace(master.layout.info.audio, total_samples=_length(master, tools))
        wanted = audio.in_cd_form
        mix = None
        if audio.channels > wanted.channels:
            mix = stereo_mix(audio.channels, channel_mask(master.layout))
        unknown = Extent(wanted.total_samples, 0.0, whole=False)
        conversion = cls(master, tools, audio, wanted, mix, unknown)
        with closing(conversion._blocks()) as blocks:
            extent = measured(blocks)
        if extent.frames != wanted.total_samples:
            raise VerifyError(
                f"{master.path.name} gives {extent.frames} samples at {wanted.sample_rate_hz} Hz "
                f"instead of {wanted.total_samples}"
            )
        return replace(conversion, extent=extent)

    @property
    def loudness_holds(self) -> bool:
        """Whether loudness and peak stay what they were, rounding to 16 bits apart."""
        same_rate = self.audio.sample_rate_hz == self.wanted.sample_rate_hz
        return same_rate and self.mix is None and self.extent.gain_db == 0

    def samples(self) -> Generator[bytes, None, None]:
        """Decode and convert the master again, and yield what is to be encoded."""
        # The same audio is dithered alike: trying again gives the same file.
        seed = int(self.master.check.audio_md5, 16)
        with closing(self._blocks()) as blocks:
            yield from reduced(blocks, self.extent, seed=seed)

    def _blocks(self) -> Generator[Frames, None, None]:
        """Yield all of it at the wanted rate and in the wanted channels, at any level."""
        audio, layout = self.audio, self.master.layout
        programs = [self.tools.flac.raw_decoder(audio)]
        form = f"s{audio.bits_per_sample}"
        odd = audio.bits_per_sample not in RAW_DEPTHS
        if odd or audio.sample_rate_hz != self.wanted.sample_rate_hz:
            if self.tools.resampler is None:
                raise PreflightError(f"nothing here can resample: {RESAMPLER_REMEDY}")
            programs.append(self.tools.resampler.resampling(audio, self.wanted.sample_rate_hz))
            form = "f64"
        timeout_s = patience_s(layout.size_bytes)
        stdin = stream_of(self.master.file, layout)
        with closing(process.reading(*programs, timeout_s=timeout_s, stdin=stdin)) as pieces:
            limit = self.wanted.total_samples
            for block in frames_of(pieces, form=form, channels=audio.channels, limit=limit):
                yield block if self.mix is None else block @ self.mix


def _length(master: Master, tools: Toolbox) -> int:
    """Count the samples of a master whose header and last frame do not tell their number."""
    layout = master.layout
    if master.samples:
        return master.samples
    timeout_s, stdin = patience_s(layout.size_bytes), stream_of(master.file, layout)
    found = tools.flac.measure(stdin, layout.info.audio, samples=0, timeout_s=timeout_s)
    return found.samples
