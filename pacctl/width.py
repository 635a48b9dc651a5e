"""How wide a terminal is, and text on it; text cut or wrapped to a width.  Touches nothing."""

from __future__ import annotations

import os
import unicodedata

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

_ELLIPSIS = "…"
_UNLIMITED = 10_000
_NARROWEST = 40
_WIDE = frozenset({"W", "F"})  # Unicode Standard Annex 11: wide and fullwidth
_COMBINING = frozenset({"Mn", "Me"})  # marks that stand on the character before them


def width(text: str) -> int:
    """Columns that a text without control characters takes."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def cut_end(text: str, columns: int) -> str:
    """At most so many columns; an ellipsis stands for the end that is missing."""
    if width(text) <= columns:
        return text
    return _head(text, columns - 1) + _ELLIPSIS if columns > 0 else ""


def cut_middle(text: str, columns: int) -> str:
    """At most so many columns; keeps the beginning and, of paths more telling, the end."""
    if width(text) <= columns:
        return text
    if columns <= 0:
        return ""
    head = (columns - 1) // 3
    return _head(text, head) + _ELLIPSIS + _head(text[::-1], columns - 1 - head)[::-1]


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Fill with spaces to a width; `right` sets the text to the right."""
    space = " " * (columns - width(text))
    return space + text if right else text + space


def wrap(text: str, columns: int) -> Iterator[str]:
    """Lines of at most so many columns, broken between words where there are any."""
    words = text.split(" ")
    line = words[0] if width(words[0]) <= columns else ""
    for word in words[1:] if line == words[0] else words:
        joined = f"{line} {word}"
        if width(joined) <= columns:
            line = joined
            continue
        if line:
            yield line
        rest = word
        while width(rest) > columns:
            piece = _head(rest, columns) or rest[0]
            yield piece
            rest = rest[len(piece) :]
        line = rest
    yield line


def columns(stream: TextIO, environ: Mapping[str, str]) -> int:
    """As shutil.get_terminal_size does, which takes 8 ms to import."""
    stated = environ.get("COLUMNS", "")
    if stated.isascii() and stated.isdigit() and int(stated):
        return max(int(stated), _NARROWEST)
    try:
        return max(os.get_terminal_size(stream.fileno()).columns or 80, _NARROWEST)
    except (OSError, ValueError):
        return _UNLIMITED


def _columns(character: str) -> int:
    if unicodedata.category(character) in _COMBINING:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _head(text: str, columns: int) -> str:
    taken = 0
    for index, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:index]
    return text
