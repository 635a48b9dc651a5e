"""Albums for the end-to-end tests."""

from collections.abc import Sequence
from pathlib import Path

from tests.audio import Art, png, write_flac


def make_album(
    folder: Path, *, tracks: int = 2, seconds: float = 1.0, seed: int = 0, cover: bool = True
) -> list[Path]:
    """
    Make an album as it comes from a ripper: level 5, tags with several values, a cover.

    Args:
        folder: Its name is the album's, its parent's name the artist's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [
        write_flac(
            folder / f"{number:02d} - Träck {number}.flac",
            seconds=seconds,
            tags=album_tags(folder, number),
            pictures=[Art(png(40, 40, seed=seed))] if cover else [],
            seed=seed * 100 + number,
        )
        for number in range(1, tracks + 1)
    ]


def album_tags(folder: Path, number: int) -> dict[str, str | Sequence[str]]:
    """What a ripper writes."""
    return {
        "TITLE": f"Träck {number}",
        "ARTIST": [folder.parent.name, "A Guest"],
        "ALBUMARTIST": folder.parent.name,
        "ALBUM": folder.name,
        "TRACKNUMBER": str(number),
        "GENRE": ["Jazz", "Blues"],
        "DATE": "2026",
    }
