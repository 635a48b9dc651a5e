"""Every encoder behind one seam: what the tests of all of them ask, and how they listen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pacd.domain.media import AudioFormat, Codec
from pacd.domain.policy import EXTENSIONS
from pacd.files.containers import CONTAINERS, Container
from pacd.files.opus import OPUS_RATE_HZ
from pacd.files.probe import read_track
from pacd.tools.aac import resampled
from pacd.tools.fdkaac import Fdkaac
from pacd.tools.ffmpeg import Ffmpeg
from pacd.tools.libfdk_aac import LibfdkAac
from pacd.tools.libopus import Libopus
from pacd.tools.opusenc import Opusenc
from pacd.tools.qaac import Qaac
from pacd.tools.toolbox import AacEncoder, OpusEncoder
from tests.contract import m4a, sounds
from tests.contract.encoding import DECODER, TIMEOUT_S, encode

QAAC: Final = "qaac"


def find_libopus() -> Libopus | None:
    return Libopus.of(Ffmpeg.find())


def find_fdkaac() -> Fdkaac | None:
    """With ffmpeg before it, for what it does not take."""
    return Fdkaac.find(Ffmpeg.find())


def find_libfdk_aac() -> LibfdkAac | None:
    return LibfdkAac.of(Ffmpeg.find())


OPUS: Final[Mapping[str, Callable[[], OpusEncoder | None]]] = MappingProxyType(
    {"opusenc": Opusenc.find, "ffmpeg with libopus": find_libopus}
)
AAC: Final[Mapping[str, Callable[[], AacEncoder | None]]] = MappingProxyType(
    {"fdkaac": find_fdkaac, QAAC: Qaac.find, "ffmpeg with libfdk_aac": find_libfdk_aac}
)


@dataclass(frozen=True)
class Maker:
    """
    One encoder, of whatever codec.

    Attributes:
        encode: Called with source, target, and the keywords `decoder` and `timeout_s`; unset, the
            decoder is flac, or none for what reads FLAC itself: so it is for a sound master.
        becomes: The rate, channels and samples that a master's audio is to have.
        heard: How many samples a decoder that is not PAC's plays.
        slack: Samples by which a resampled length may differ.
    """

    codec: Codec
    encode: Callable[..., None]
    becomes: Callable[[AudioFormat], tuple[int, int, int]]
    heard: Callable[[Path], int]
    slack: int = 0

    @property
    def extension(self) -> str:
        """Of its outputs, with the dot."""
        return EXTENSIONS[self.codec]

    @property
    def container(self) -> Container:
        """What PAC does with its outputs."""
        return CONTAINERS[self.codec]


def of_opus(encoder: OpusEncoder) -> Maker:
    decoder = () if encoder.reads_flac else DECODER
    return Maker(
        Codec.OPUS,
        partial(encode_opus, encoder, decoder=decoder),
        _as_opus,
        sounds.decoded_samples,
        slack=int(isinstance(encoder, Libopus)),
    )


def of_aac(encoder: AacEncoder) -> Maker:
    def becomes(audio: AudioFormat) -> tuple[int, int, int]:
        wanted = encoder.becomes(audio)
        samples = resampled(audio.total_samples, audio.sample_rate_hz, wanted.sample_rate_hz)
        return (wanted.sample_rate_hz, wanted.channels, samples)

    return Maker(
        Codec.AAC,
        partial(encode, encoder),
        becomes,
        lambda path: len(m4a.decoded(path)[0]),
        slack=int(isinstance(encoder, Qaac)),
    )


def _as_opus(audio: AudioFormat) -> tuple[int, int, int]:
    samples = -(-audio.total_samples * OPUS_RATE_HZ // audio.sample_rate_hz)
    return (OPUS_RATE_HZ, audio.channels, samples)


def encode_opus(
    encoder: OpusEncoder,
    source: Path,
    target: Path,
    *,
    bitrate_kbps: int = 128,
    timeout_s: float = TIMEOUT_S,
    decoder: Sequence[str | Path] = DECODER,
) -> None:
    """Encode what a decoder makes of a master; unset: what flac does."""
    with source.open("rb") as file:
        file.read(100)
        encoder.encode(
            file,
            target,
            bitrate_kbps=bitrate_kbps,
            channels=read_track(source).audio.channels,
            timeout_s=timeout_s,
            decoder=decoder,
        )
