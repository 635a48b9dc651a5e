"""
Writes to the terminal.

Every text passes through `escape` here and nowhere else, and colour is added
after that: what a file name or a tag holds never reaches the terminal as a
command (checklist 49).
"""

from __future__ import annotations

import io

from pacctl.width import columns, cut_end, cut_middle, pad, width, wrap
from pacd.protocol.wire import SCHEMA, escape

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

# ECMA-48, section 8.3.117 (SGR).
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_RESET = "\x1b[0m"
_CLEAR = "\x1b[H\x1b[2J"  # ECMA-48: cursor home, erase the page
_GAP = "  "
_DOT = " · "
_BELOW = 4  # how far the text of a row is indented below it


class Painted:
    """A text and its colour."""

    __slots__ = ("colour", "text")

    def __init__(self, text: str, colour: str) -> None:
        self.text = text
        self.colour = colour


Part = str | Painted


class Column:
    """
    One column of a table.

    `share` is its part of the room that is left when the columns without one
    have taken theirs; `middle` says where a text that is too long is cut.
    """

    def __init__(
        self, title: str, *, share: int = 0, middle: bool = False, right: bool = False
    ) -> None:
        self.title = title
        self.share = share
        self.cut = cut_middle if middle else cut_end
        self.right = right


class Screen:
    """
    Where answers are printed.

    Attributes:
        columns: How wide; off a terminal nothing is cut, unless $COLUMNS says so.
        alive: Whether a person watches, so that it may be redrawn.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str], *, colour: bool = True) -> None:
        if isinstance(stream, io.TextIOWrapper):
            # Whatever the locale: a character that it lacks is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
        self._stream = stream
        self.alive = stream.isatty() and environ.get("TERM") != "dumb"
        self._colour = colour and self.alive and not environ.get("NO_COLOR")
        self.columns = columns(stream, environ)

    def line(self, *parts: Part) -> None:
        """One line of text."""
        self._write("".join(map(self._shown, parts)).rstrip())

    def raw(self, text: str) -> None:
        """JSON as it came: it is ASCII without control characters by itself."""
        self._write(text.rstrip("\n"))

    def message(self, kind: str, document: Mapping[str, object]) -> None:
        """One line of a long run under --json."""
        self.document({"message_type": kind, **document})

    def document(self, content: Mapping[str, object]) -> None:
        """A document of pacctl's own; whoever reads the pipe has it at once."""
        import json  # noqa: PLC0415  # the client has loaded it

        self.raw(json.dumps({"schema": SCHEMA, **content}))
        self.flush()

    def script(self, text: str) -> None:
        """A program for a shell, made here from nothing that came from outside."""
        self._write(text)

    def record(self, *fields: object) -> None:
        """One record of --plain: fields between tabs."""
        self._write("\t".join(escape("" if each is None else str(each)) for each in fields))

    def rule(self, title: str, note: str) -> None:
        """A line across the screen with a title in it."""
        room = min(self.columns, 100) - width(escape(title)) - 6
        note = cut_middle(escape(note), room - 2)
        self.line(
            Painted("── ", "dim"),
            Painted(title, "bold"),
            f" {note} ",
            Painted("─" * max(room - width(note), 1), "dim"),
        )

    def prose(self, *texts: str, first: Part = "", indent: int = 0, colour: str = "") -> None:
        """Wrapped texts, each on lines of its own; every line but the first is indented."""
        lead: Part = first
        for text in texts:
            for line in wrap(escape(text), max(self.columns - indent, 20)):
                self.line(lead, Painted(line, colour) if colour else line)
                lead = " " * indent

    def listing(self, label: str, parts: Iterable[Part], *, indent: int = 10) -> None:
        """A label, and texts in a row; the row goes on below itself when it is too long."""
        line: list[Part] = [Painted(pad(label, indent), "dim")]
        taken = indent
        for part in parts:
            needed = width(escape(_text(part)))
            if taken > indent and taken + width(_DOT) + needed > self.columns:
                self.line(*line)
                line, taken = [" " * indent], indent
            if taken > indent:
                line.append(_DOT)
                taken += width(_DOT)
            line.append(part)
            taken += needed
        self.line(*line)

    def told(
        self,
        head: Sequence[Column],
        rows: Sequence[Sequence[Part]],
        title: str,
        texts: Sequence[str],
    ) -> None:
        """A table whose rows each end in a text; below its row where the screen is too narrow."""
        whole = [*head, Column(title)]
        wide = [[*row, text] for row, text in zip(rows, texts, strict=True)]
        cells = [[escape(_text(cell)) for cell in row] for row in wide]
        needed = self._needed(whole, cells)
        if sum(needed) + len(_GAP) * len(head) <= self.columns:
            self.table(whole, wide)
        else:
            self.table(head, rows, below=texts)

    def table(
        self, head: Sequence[Column], rows: Sequence[Sequence[Part]], *, below: Sequence[str] = ()
    ) -> None:
        """Rows under titles, each column as wide as it needs or as there is room."""
        texts = [[escape(_text(cell)) for cell in row] for row in rows]
        widths = self._widths(head, texts)
        titles = [pad(each.title, size) for each, size in zip(head, widths, strict=True)]
        self.line(Painted(_GAP.join(titles).rstrip(), "dim"))
        for number, (row, shown) in enumerate(zip(rows, texts, strict=True)):
            parts: list[Part] = []
            for cell, text, column, size in zip(row, shown, head, widths, strict=True):
                padded = pad(column.cut(text, size), size, right=column.right)
                parts += [_like(cell, padded), _GAP]
            self.line(*parts[:-1])
            if below and below[number]:
                self.prose(below[number], first=" " * _BELOW, indent=_BELOW, colour="dim")

    def next(self, command: str, reason: str) -> None:
        """The last line: what to type next, and why."""
        room = self.columns - len("next:   ") - width(command)
        why = f"  {cut_end(reason, room)}" if room > 1 else ""
        self.line(Painted("next: ", "dim"), Painted(command, "bold"), why)

    def path(self, first: Part, path: str) -> None:
        """A path in what is left of the line."""
        room = self.columns - width(escape(_text(first))) - len(_GAP)
        self.line(first, _GAP, cut_middle(escape(path), max(room, 20)))

    def flush(self) -> None:
        """Show what was printed, now."""
        self._stream.flush()

    def clear(self) -> None:
        """An empty screen, where there is one."""
        if self.alive:
            self._stream.write(_CLEAR)

    def redraw(self, text: str) -> None:
        """Replace the line the cursor is on; only where somebody watches."""
        if self.alive:
            self._stream.write(f"\r\x1b[K{cut_end(escape(text), self.columns - 1)}")
            self._stream.flush()

    def _widths(self, head: Sequence[Column], texts: Sequence[Sequence[str]]) -> list[int]:
        needed = self._needed(head, texts)
        fixed = sum(size for size, each in zip(needed, head, strict=True) if not each.share)
        room = self.columns - fixed - len(_GAP) * (len(head) - 1)
        flexible = sorted(
            (index for index, each in enumerate(head) if each.share),
            key=lambda index: needed[index] / head[index].share,
        )
        shares = sum(head[index].share for index in flexible)
        for index in flexible:  # what one does not need, the next may take
            share = head[index].share
            needed[index] = max(min(needed[index], room * share // shares), 4)
            room -= needed[index]
            shares -= share
        return needed

    def _needed(self, head: Sequence[Column], texts: Sequence[Sequence[str]]) -> list[int]:
        return [
            max([width(each.title), *(width(row[index]) for row in texts)])
            for index, each in enumerate(head)
        ]

    def _shown(self, part: Part) -> str:
        text = escape(_text(part))
        if not (self._colour and isinstance(part, Painted) and text):
            return text
        return f"\x1b[{_CODES[part.colour]}m{text}{_RESET}"

    def _write(self, text: str) -> None:
        self._stream.write(text + "\n")


def _text(part: Part) -> str:
    return part.text if isinstance(part, Painted) else part


def _like(part: Part, text: str) -> Part:
    return Painted(text, part.colour) if isinstance(part, Painted) else text
