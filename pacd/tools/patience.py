"""How long a tool may take before it counts as hung."""

from typing import Final

_STARTUP_S: Final = 120.0
_SLOWEST_BYTES_PER_S: Final = 1 << 16
"""FLAC at CD quality plays at about 110 KiB/s: what works at half that speed is stuck."""


def detector_patience_s(playing_s: float) -> float:
    """How long a detector may listen to that much audio: 120 s, and as long as it plays."""
    return _STARTUP_S + playing_s


def patience_s(size_bytes: int) -> float:
    """How long a tool may work on that much FLAC: 120 s, and 1 s more for each 64 KiB."""
    return _STARTUP_S + size_bytes / _SLOWEST_BYTES_PER_S
