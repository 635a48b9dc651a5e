"""The encoder that a mirror's outputs are made with, its wishes filled in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from pacd.domain.media import AudioFormat, Codec
from pacd.domain.policy import MirrorPolicy
from pacd.errors import ToolError
from pacd.tools.toolbox import AAC_REMEDY, OPUS_REMEDY, Toolbox

Run = Callable[[BinaryIO, Path, float, Sequence[str | Path]], None]
"""Encode a master into a file within so many seconds, by way of a decoder where one is given."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """
    One master's way into an output.

    Attributes:
        name: What PAC_ENCODER states.
        reads_flac: Whether it may be run without a decoder.
        channels: That the output will have.
        run: Raises ToolError where encoder or decoder failed, OSError where the disk is full.
    """

    name: str
    reads_flac: bool
    channels: int
    run: Run


def encoding_for(mirror: MirrorPolicy, audio: AudioFormat, tools: Toolbox) -> Encoding:
    """
    Choose the encoder of a mirror's codec (M2).

    Args:
        audio: Of the master.

    Raises:
        ToolError: None is installed.
    """
    return _BY_CODEC[mirror.codec](mirror, audio, tools)


def _opus(mirror: MirrorPolicy, audio: AudioFormat, tools: Toolbox) -> Encoding:
    encoder = tools.opus
    if encoder is None:
        raise ToolError(f"no Opus encoder is installed: {OPUS_REMEDY}")

    def run(
        source: BinaryIO, target: Path, timeout_s: float, decoder: Sequence[str | Path]
    ) -> None:
        encoder.encode(
            source,
            target,
            bitrate_kbps=mirror.bitrate_kbps,
            channels=audio.channels,
            timeout_s=timeout_s,
            decoder=decoder,
        )

    return Encoding(encoder.name, encoder.reads_flac, audio.channels, run)


def _aac(mirror: MirrorPolicy, audio: AudioFormat, tools: Toolbox) -> Encoding:
    encoder = tools.aac
    if encoder is None:
        raise ToolError(f"no AAC encoder is installed: {AAC_REMEDY}")

    def run(
        source: BinaryIO, target: Path, timeout_s: float, decoder: Sequence[str | Path]
    ) -> None:
        encoder.encode(
            source,
            target,
            quality=mirror.vbr_mode,
            audio=audio,
            timeout_s=timeout_s,
            decoder=decoder,
        )

    return Encoding(
        encoder.name, reads_flac=False, channels=encoder.becomes(audio).channels, run=run
    )


_BY_CODEC: Final[Mapping[Codec, Callable[[MirrorPolicy, AudioFormat, Toolbox], Encoding]]] = (
    MappingProxyType({Codec.OPUS: _opus, Codec.AAC: _aac})
)
