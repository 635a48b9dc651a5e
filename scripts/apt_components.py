"""Prints what a machine's own apt sources lack of Debian's contrib and non-free; writes nothing."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

COMPONENTS: Final = ("contrib", "non-free")
"""fdkaac is in contrib, its libfdk-aac2 in non-free (Debian 12)."""

_APT: Final = Path("/etc/apt")
_OWN: Final = "pac-components"

# sources.list(5) of apt 2.6: "deb [options] uri suite component ...", or stanzas of fields.
_LINE: Final = re.compile(r"(deb\s+(?:\[[^]]*\]\s+)?\S+\s+\S+)\s+([^#\n]*)")
_FIELD: Final = re.compile(r"^Components:(.*)$", re.MULTILINE | re.IGNORECASE)
_DEBIAN: Final = re.compile("debian", re.IGNORECASE)


def from_stanzas(text: str) -> str:
    """Copy each stanza that has Debian's main, mirror and keys as they are, for what it lacks."""
    return "\n".join(_stanzas(text))


def from_lines(text: str) -> str:
    """As from_stanzas(), for the form of one line for each source."""
    return "".join(_lines(text))


def _stanzas(text: str) -> Iterator[str]:
    for stanza in re.split(r"\n\s*\n", text):
        found = _FIELD.search(stanza)
        lacking = _lacking(found[1].split()) if found and _DEBIAN.search(stanza) else ""
        if lacking:
            yield _FIELD.sub(f"Components: {lacking}", stanza).strip("\n") + "\n"


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        found = _LINE.match(line.strip())
        lacking = _lacking(found[2].split()) if found and _DEBIAN.search(line) else ""
        if found and lacking:
            yield f"{found[1]} {lacking}\n"


def _lacking(components: list[str]) -> str:
    if "main" not in components:
        return ""
    return " ".join(each for each in COMPONENTS if each not in components)


def _read(*patterns: str) -> str:
    found = (path for pattern in patterns for path in sorted(_APT.glob(pattern)))
    return "\n\n".join(path.read_text("utf-8") for path in found if path.stem != _OWN)


if __name__ == "__main__":
    if sys.argv[1:] == ["sources"]:
        sys.stdout.write(from_stanzas(_read("sources.list.d/*.sources")))
    elif sys.argv[1:] == ["list"]:
        sys.stdout.write(from_lines(_read("sources.list", "sources.list.d/*.list")))
    else:
        sys.exit("usage: apt_components.py sources|list")
