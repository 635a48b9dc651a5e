"""How programs that detect lossy encoding are found and asked; what they do is a finding."""

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pacd.domain.verdict import Authenticity, Detector, Finding
from pacd.errors import ToolError, ToolInterruptedError, ToolTimeoutError
from pacd.tools import process

UNKNOWN: Final = "unknown"
"""Version of a program that does not tell it."""

_VERSION_TIMEOUT_S: Final = 10.0
_WORDS_CHARS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the text of a program comes to; as in Finding."""

    status: Authenticity
    sentence: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


def place_of(names: Sequence[str], given: Path | None) -> Path | None:
    """Return where a program is said to be, else where it is on PATH; None if it is not there."""
    found = (shutil.which(name) for name in names)
    return given or next((Path(place) for place in found if place), None)


def introduced(argv: Sequence[str | Path], banner: re.Pattern[str]) -> tuple[str, str]:
    """
    Return the version that a program tells of itself, and why it cannot be used.

    Args:
        argv: Makes it say who it is, with any exit code.
        banner: With one group.

    Returns:
        UNKNOWN as version where it tells none; "" as fault where it runs, if slowly.
    """
    place = Path(argv[0])
    if not place.is_file() or not os.access(place, os.X_OK):
        return UNKNOWN, f"{place} is not there, or is no program"
    try:
        done = process.run(argv, timeout_s=_VERSION_TIMEOUT_S)
    except ToolTimeoutError:
        return UNKNOWN, ""
    except ToolError as error:
        return UNKNOWN, str(error)
    found = banner.search(_text(done))
    return (found[1] if found else UNKNOWN), ""


def ask(
    detector: Detector,
    version: str,
    argv: Sequence[str | Path],
    read: Callable[[str], Opinion],
    *,
    timeout_s: float,
) -> Finding:
    """
    Run a detector, and have what it says read; exit codes tell nothing that its text does not.

    A detector that crashes or does not end is one that failed: an error, whatever it said (A1).

    Args:
        read: Gets all its lines, progress apart.

    Raises:
        ToolInterruptedError: Somebody ended it from outside: that says nothing of the audio.
    """
    try:
        said = _text(process.run(argv, timeout_s=timeout_s))
        opinion = read(said)
    except ToolInterruptedError:
        raise
    except ToolError as error:
        said = _lines(error.words)
        opinion = Opinion(Authenticity.ERROR, f"failed: {error}")
    return Finding(
        detector, version, opinion.status, opinion.sentence, opinion.numbers, said[:_WORDS_CHARS]
    )


def misunderstood(said: str) -> Opinion:
    """Return what a text that nobody knows comes to: an error, never a good verdict (A1)."""
    if not said:
        return Opinion(Authenticity.ERROR, "said nothing")
    return Opinion(Authenticity.ERROR, "said what PAC does not understand")


def _text(done: process.Finished) -> str:
    return _lines(done.stdout.decode(errors="replace") + "\n" + done.stderr)


def _lines(text: str) -> str:
    """All lines that say something; of progress, drawn over itself, what was left standing."""
    kept = (line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n"))
    return "\n".join(line for line in kept if line)
