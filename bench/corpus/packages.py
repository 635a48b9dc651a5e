"""Brings Debian packages that hold recordings, scores and modules; installs nothing."""

import gzip
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

# What is lossless in them: FLAC, WAV, AIFF, MIDI, modules, soundfonts. OGG and MP3 are never used.
_PACKAGES = (
    "alsa-utils",
    "criticalmass-data",
    "csound-doc",
    "csound-soundfont",
    "fluid-soundfont-gm",
    "freedoom",
    "heroes-sound-tracks",
    "hydrogen-drumkits",
    "mma",
    "monsterz-data",
    "musescore-general-soundfont-lossless",
    "open-invaders-data",
    "openttd-openmsx",
    "pingus-data",
    "planetblupi-music-midi",
    "puredata-doc",
    "sonic-pi-samples",
    "supercollider-common",
    "tecnoballz-data",
    "timgm6mb-soundfont",
)

# By name, and why: measured in the packages' own files, not by what any detector says.
LEFT_OUT = {
    "circAfrique v4": "all bright strokes end at 15.3 to 15.4 kHz, 50 dB within 500 Hz, with "
    "nothing but the rounding noise of 16 bits above: they may have been lossy",
    "finneganswake1.flac": "falls by 30 dB within 500 Hz at 15.0 kHz to the rounding noise of "
    "16 bits: it may have been lossy",
}

_MINIMUM_BYTES = 2_500
"""Of a MIDI file: shorter ones are exercises, not pieces."""


def unpack(cache: Path) -> Path:
    """Have the packages' files below `cache/packages`; one that is there is not brought again."""
    root = cache / "packages"
    root.mkdir(parents=True, exist_ok=True)
    for package in _PACKAGES:
        target = root / package
        if target.is_dir():
            continue
        with tempfile.TemporaryDirectory(dir=root) as scratch:
            subprocess.run(
                ["apt-get", "download", "-qq", package],
                check=True,
                cwd=scratch,
                stderr=subprocess.DEVNULL,  # it warns where another user may not write
            )
            (archive,) = Path(scratch).glob("*.deb")
            draft = Path(scratch) / "files"
            subprocess.run(["dpkg-deb", "-x", archive, draft], check=True)
            draft.rename(target)
    return root


def scores(packages: Path) -> Iterator[tuple[str, Path]]:
    """Yield MIDI pieces by the name of their master."""
    for package, group in (("openttd-openmsx", "openmsx"), ("planetblupi-music-midi", "blupi")):
        for path in sorted((packages / package).rglob("*.mid")):
            yield f"{group}/{path.stem}", path
    for path in sorted((packages / "mma").rglob("*.mid")):
        if path.stat().st_size > _MINIMUM_BYTES:
            yield f"mma/{path.stem.rstrip('0123456789')}", path  # versions of one piece
    for path in _lumps(packages / "freedoom"):
        yield f"freedoom/{path.stem}", path


def modules(packages: Path) -> Iterator[tuple[str, Path]]:
    """Yield tracker modules by the name of their master."""
    groups = {
        "pingus-data": "pingus",
        "heroes-sound-tracks": "heroes",
        "tecnoballz-data": "tecnoballz",
        "open-invaders-data": "invaders",
        "criticalmass-data": "criticalmass",
        "monsterz-data": "monsterz",
    }
    for package, group in groups.items():
        for path in sorted((packages / package).rglob("*")):
            if path.suffix in {".it", ".s3m", ".xm", ".mod"}:
                yield f"{group}/{path.stem}", path


def kits(packages: Path) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """Yield sets of single strokes by the name of their master."""
    for folder in sorted((packages / "hydrogen-drumkits").rglob("drumkits/*")):
        if folder.name in LEFT_OUT:
            continue
        strokes = tuple(
            sorted(p for p in folder.iterdir() if p.suffix in {".flac", ".wav", ".aiff"})
        )
        yield f"kit/{folder.name}", strokes
    families: dict[str, list[Path]] = {}
    for path in sorted((packages / "sonic-pi-samples").rglob("*.flac")):
        families.setdefault(path.stem.partition("_")[0], []).append(path)
    for family, paths in families.items():
        if len(paths) >= 4:
            yield f"samples/{family}", tuple(paths)


def recordings(packages: Path) -> Iterator[tuple[str, Path]]:
    """
    Yield recordings of voices, instruments and places by the name of their master.

    Files whose names begin alike are versions of one recording; all of alsa-utils' are one voice.
    """
    for package in ("alsa-utils", "csound-doc", "puredata-doc", "supercollider-common"):
        for path in sorted((packages / package).rglob("*")):
            name = path.name.removesuffix(".gz")
            if not name.lower().endswith((".wav", ".aif", ".aiff", ".flac")) or path.is_symlink():
                continue
            if path.with_name(path.name + ".gz").exists() or path.stem in LEFT_OUT:
                continue  # it comes by its packed name
            if path.suffix == ".gz":
                plain = path.with_name(name)
                plain.write_bytes(gzip.decompress(path.read_bytes()))
                path = plain  # noqa: PLW2901  # the same file, readable
            beginning = "jungle" if "jungle" in name.lower() else name[:5].lower()
            yield ("alsa/voice" if package == "alsa-utils" else f"recording/{beginning}"), path


def _lumps(root: Path) -> Iterator[Path]:
    """The MIDI pieces inside Doom's WAD files, which say `count, offset` of a directory first."""
    folder = root / "music"
    folder.mkdir(exist_ok=True)
    seen = set()
    for archive in sorted(root.rglob("*.wad")):
        data = archive.read_bytes()
        count, offset = struct.unpack_from("<ii", data, 4)
        for entry in range(count):
            start, size, raw = struct.unpack_from("<ii8s", data, offset + 16 * entry)
            lump = data[start : start + size]
            if lump[:4] == b"MThd" and lump not in seen:
                seen.add(lump)
                path = folder / f"{archive.stem}-{raw.rstrip(bytes(1)).decode('ascii').lower()}.mid"
                path.write_bytes(lump)
                yield path
