"""The COMPRESSION tag: what it says, and what PAC writes into it (F4)."""

import re
from datetime import datetime
from typing import Final

# PAC's own form "flac 1.4.2; level=8; verify=1; date=2026-11-21", and the bare digit
# that redoflacs writes (requirements F4).
_LEVEL: Final = re.compile(
    r"(?:^|[;\s])level\s*=\s*([0-8])(?![0-9])|^\s*([0-8])\s*$", re.IGNORECASE
)


def stated_level(tag: str) -> int | None:
    """Return the flac level that a COMPRESSION tag names, or None."""
    found = _LEVEL.search(tag)
    return int(found.group(1) or found.group(2)) if found else None


def compression_tag(tool: str, level: int, now: datetime) -> str:
    """
    Return the value that PAC writes.

    Args:
        tool: Program and version, as "flac 1.4.2".
    """
    return f"{tool}; level={level}; verify=1; date={now:%Y-%m-%d}"
