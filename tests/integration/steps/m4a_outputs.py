"""What tests look at in an M4A output."""

from pathlib import Path
from typing import Any

import mutagen.mp4


def m4a_output(base: Path) -> Path:
    return base / "mirror" / "a" / "b.m4a"


def atoms(base: Path) -> dict[str, Any]:
    """Tags as mutagen reads them, freeform values as text, without PAC's and the encoder's own."""
    opened: Any = mutagen.mp4.MP4(m4a_output(base))
    own = ("----:org.pac:", "----:com.apple.iTunes:iTunSMPB", "\xa9too")
    return {key: _plain(key, opened.tags[key]) for key in opened.tags if not key.startswith(own)}


def pac_atoms(base: Path) -> dict[str, str]:
    """What PAC wrote of the origin, by its short name."""
    opened: Any = mutagen.mp4.MP4(m4a_output(base))
    start = "----:org.pac:"
    return {
        key.removeprefix(start): bytes(opened.tags[key][0]).decode()
        for key in opened.tags
        if key.startswith(start)
    }


def covers(base: Path) -> list[mutagen.mp4.MP4Cover]:
    """Pictures as players find them."""
    found: list[mutagen.mp4.MP4Cover] = atoms(base).get("covr", [])
    return found


def _plain(key: str, values: Any) -> Any:
    return [bytes(each).decode() for each in values] if key.startswith("----") else values
