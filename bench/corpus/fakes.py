"""Makes fakes: encodes with the real encoders, decodes, and does what people do afterwards."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to encode; `{wav}` and `{lossy}` stand for the files."""

    codec: str
    name: str
    suffix: str
    encode: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Treatment:
    """
    What happened to a fake besides.

    Attributes:
        before: SoX's effects on the master.
        after: SoX's effects on the decoded sound.
        fine: It is decoded without being rounded to 16 bits before `after`.
        other: It is decoded by another program than usual.
    """

    name: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    fine: bool = False
    other: bool = False


def _lame(*options: str) -> tuple[str, ...]:
    return ("lame", "--quiet", *options, "{wav}", "{lossy}")


SETTINGS = (
    *(
        Setting("MP3", f"lame {rate}", "mp3", _lame("-b", f"{rate}"))
        for rate in (128, 192, 256, 320)
    ),
    *(Setting("MP3", f"lame V{quality}", "mp3", _lame(f"-V{quality}")) for quality in (0, 2)),
    *(
        Setting(
            "AAC",
            f"ffmpeg {rate}",
            "m4a",
            ("ffmpeg", "-v", "error", "-i", "{wav}", "-c:a", "aac", "-b:a", f"{rate}k", "{lossy}"),
        )
        for rate in (128, 192, 256)
    ),
    *(
        Setting(
            "AAC",
            f"fdkaac {' '.join(how)}",
            "m4a",
            ("fdkaac", "-S", *how, "-o", "{lossy}", "{wav}"),
        )
        for how in (("-b", "128"), ("-b", "192"), ("-b", "256"), ("-m", "5"))
    ),
    *(
        Setting(
            "Vorbis",
            f"oggenc q{q}",
            "ogg",
            ("oggenc", "-Q", "-q", f"{q}", "-o", "{lossy}", "{wav}"),
        )
        for q in (3, 4, 6, 8)
    ),
    *(
        Setting(
            "Opus",
            f"opusenc {rate}",
            "opus",
            ("opusenc", "--quiet", "--bitrate", f"{rate}", "{wav}", "{lossy}"),
        )
        for rate in (96, 128, 192)
    ),
)

PLAIN = Treatment("")
TREATMENTS = (
    Treatment("gain -1.5 dB", after=("gain", "-1.5")),
    Treatment("gain -1.5 dB, dithered", after=("gain", "-1.5", "dither"), fine=True),
    Treatment("trimmed", after=("trim", "12345s")),
    Treatment("dithered", after=("dither",), fine=True),
    Treatment("shaped dither", after=("dither", "-s"), fine=True),
    Treatment("other decoder", other=True),
    Treatment("44.1 to 48 kHz", after=("rate", "-v", "48000", "dither"), fine=True),
    Treatment(
        "48 to 44.1 kHz", ("rate", "-v", "48000"), ("rate", "-v", "44100", "dither"), fine=True
    ),
    Treatment("48 kHz throughout", ("rate", "-v", "48000")),
)

_FFMPEG = ("ffmpeg", "-v", "error", "-i", "{lossy}", "-c:a")
_DECODERS = {
    "mp3": ("lame", "--quiet", "--decode", "{lossy}", "{wav}"),
    "m4a": (*_FFMPEG, "pcm_s16le", "{wav}"),
    "ogg": ("oggdec", "-Q", "-o", "{wav}", "{lossy}"),
    "opus": ("opusdec", "--quiet", "--rate", "{rate}", "{lossy}", "{wav}"),
}
_OTHERS = {
    "mp3": ("mpg123", "-q", "-w", "{wav}", "{lossy}"),
    "m4a": ("faad", "-q", "-o", "{wav}", "{lossy}"),
    "ogg": (*_FFMPEG, "pcm_s16le", "{wav}"),
    "opus": (*_FFMPEG, "pcm_s16le", "-af", "aresample={rate}:resampler=soxr", "{wav}"),
}
# Opus decodes at 48 kHz; opusdec resamples by Speex's routine.
_FINE = {
    **dict.fromkeys(("mp3", "m4a", "ogg"), (*_FFMPEG, "pcm_f32le", "{wav}")),
    "opus": (*_FFMPEG, "pcm_f32le", "-af", "aresample={rate}:resampler=soxr", "{wav}"),
}


def make_fake(master: Path, target: Path, setting: Setting, treatment: Treatment) -> None:
    """Write what a codec leaves of a master, as FLAC of 16 bits."""
    rate = treatment.before[-1] if treatment.before else "44100"
    with tempfile.TemporaryDirectory() as scratch:
        places = {"wav": f"{scratch}/master.wav", "lossy": f"{scratch}/fake.{setting.suffix}"}
        _run("sox", "-V1", "-R", "-D", f"{master}", "-b", "16", places["wav"], *treatment.before)
        _run(*(word.format_map(places) for word in setting.encode))
        decoders = _FINE if treatment.fine else _OTHERS if treatment.other else _DECODERS
        places = {**places, "wav": f"{scratch}/fake.wav", "rate": rate}
        _run(*(word.format_map(places) for word in decoders[setting.suffix]))
        draft = target.with_name(f".{target.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        form = ("-b", "16", "-C", "3", "-t", "flac")
        _run("sox", "-V1", "-R", "-D", places["wav"], *form, f"{draft}", *treatment.after)
        draft.rename(target)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
