"""Makes a small library of real recordings, with tags, covers and one damaged file."""

import io
import shutil
from dataclasses import dataclass
from pathlib import Path

from mutagen.flac import FLAC, Picture
from PIL import Image, ImageDraw

SAMPLES = Path("/usr/share/sonic-pi/samples")
"""FLAC recordings of Debian's package sonic-pi-samples (CC0)."""


@dataclass(frozen=True)
class Album:
    """One folder of the library; tracks are names of samples."""

    artist: str
    title: str
    date: str
    colour: str
    tracks: tuple[str, ...]


ALBUMS = (
    Album("Ambient Room", "Glass and Hum", "2013", "#35607a",
          ("ambi_glass_hum", "ambi_haunted_hum", "ambi_lunar_land", "ambi_sauna", "ambi_drone")),
    Album("Loop Garden", "Eight Bars", "2016", "#7a4b35",
          ("loop_tabla", "loop_safari", "loop_garzul", "loop_mika", "loop_compus")),
    Album("坂本ギター", "Em9 “Études”", "2015", "#4d7a35",
          ("guit_em9", "guit_e_fifths", "guit_e_slide", "guit_harmonics")),
)  # fmt: skip


def make_library(root: Path) -> Path:
    """Make the library unless it is there; return its root."""
    if root.is_dir():
        return root
    if not SAMPLES.is_dir():
        raise SystemExit(
            "No library was named and there are no recordings to make one of: "
            "make run LIBRARY=/path/to/music, or apt install sonic-pi-samples"
        )
    draft = root.with_name(root.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    for album in ALBUMS:
        write_album(draft, album)
    damage(draft)
    draft.rename(root)
    return root


def write_album(root: Path, album: Album) -> None:
    """Copy one album's recordings and dress them."""
    folder = root / album.artist / f"{album.date} - {album.title}"
    folder.mkdir(parents=True)
    cover = picture(album)
    for number, sample in enumerate(album.tracks, start=1):
        title = sample.replace("_", " ").title()
        target = folder / f"{number:02d} - {title}.flac"
        shutil.copyfile(SAMPLES / f"{sample}.flac", target)
        audio = FLAC(target)
        audio.update(
            {
                "title": title,
                "artist": [album.artist, "Sam Aaron"],
                "albumartist": album.artist,
                "album": album.title,
                "date": album.date,
                "tracknumber": str(number),
                "tracktotal": str(len(album.tracks)),
                "genre": ["Electronic", "Samples"],
                "replaygain_track_gain": "-7.50 dB",
                "replaygain_album_gain": "-6.25 dB",
            }
        )
        audio.add_picture(cover)
        audio.save()


def picture(album: Album) -> Picture:
    """Draw a front cover."""
    image = Image.new("RGB", (600, 600), album.colour)
    draw = ImageDraw.Draw(image)
    for ring in range(40, 300, 40):
        draw.ellipse((300 - ring, 300 - ring, 300 + ring, 300 + ring), outline="white", width=3)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85)
    front = Picture()
    front.type, front.mime, front.data = 3, "image/jpeg", data.getvalue()
    return front


def damage(root: Path) -> None:
    """Cut one file off, as a broken download is: PAC holds it and says why."""
    victim = sorted(root.rglob("*.flac"))[2]
    data = victim.read_bytes()
    victim.write_bytes(data[: len(data) * 2 // 3])
