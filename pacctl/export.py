"""The list of holds as Markdown and CSV (H3); returns lines, writes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

from pacd.protocol.wire import escape

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from pacd.protocol.files import HoldView

_FIELDS = (
    "id", "library", "path", "mirror", "cause", "severity", "since", "md5", "reason",
    "tool_output", "advice", "spectrogram",
)  # fmt: skip
# What a spreadsheet takes for the beginning of a formula, also in the full width of CJK.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_PUNCTUATION = frozenset("\\`*_[]<>#|~&@")  # may begin markup: CommonMark 0.31, section 6


def markdown(holds: Sequence[HoldView]) -> Iterator[str]:
    """One section per hold, in the order given."""
    yield f"# Holds ({len(holds)})"
    for hold in holds:
        yield ""
        whole = f"mirror {hold.mirror} of library {hold.library}"
        yield f"## {hold.severity}: {_prose(whole if hold.path == '.' else hold.path)}"
        yield ""
        facts = (
            ("id", str(hold.id)),
            ("library", _prose(hold.library)),
            ("mirror", _prose(hold.mirror)),
            ("cause", _prose(hold.cause)),
            ("since", hold.since),
            ("md5", hold.md5),
            ("reason", _prose(hold.reason)),
            ("advice", _prose(hold.advice)),
        )
        yield from (f"- {name}: {value}" for name, value in facts if value)
        if hold.spectrogram:
            yield f"- spectrogram: [{_prose(hold.spectrogram)}]({_link(hold.spectrogram)})"
        if words := _words(hold):
            yield "- tool output:"
            yield ""
            # An indented block: no text can end it, as it could a fenced one.
            yield from (f"      {escape(line)}" for line in words.splitlines())


def comma_separated(holds: Sequence[HoldView]) -> Iterator[str]:
    """
    RFC 4180, with a header; every record is one line, also where a tool said several.

    What would be a formula to a spreadsheet has an apostrophe before it: names come from
    downloads.  Scripts that want the very names take --json.
    """
    yield ",".join(_FIELDS)
    for hold in holds:
        output = io.StringIO()
        what = (hold.id, hold.library, hold.path, hold.mirror, hold.cause, hold.severity)
        why = (hold.since, hold.md5, hold.reason, _words(hold), hold.advice, hold.spectrogram)
        row = [_cell(escape(str(each or ""))) for each in (*what, *why)]
        csv.writer(output, lineterminator="").writerow(row)
        yield output.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _words(hold: HoldView) -> str:
    return str(hold.evidence.get("words", ""))


def _prose(text: str) -> str:
    shown = "".join(f"\\{each}" if each in _PUNCTUATION else each for each in escape(text))
    # What GitHub makes a link of by itself (GFM 0.29, section 6.9).
    return shown.replace("://", "\\://").replace("www.", "www\\.")


def _link(path: str) -> str:
    return "file://" + quote(path, errors="surrogateescape")


EXPORTS: dict[str, Callable[[Sequence[HoldView]], Iterator[str]]] = {
    "md": markdown,
    "csv": comma_separated,
}
