"""JSON answers as objects whose keys read as attributes; touches nothing."""

from __future__ import annotations

from pacctl.failure import Failure
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    _Scanner = Callable[[str, int], tuple[object, int]]


class ProtocolError(Failure):
    """What answered does not speak as pacd does."""

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(what, Exit.FAILED, fix=fix)


class Record(dict[str, object]):
    """
    A JSON object; `record.path` is `record["path"]`.

    The client hands records out under the names of the documents of
    pacd.protocol, so that every use is checked against them although none of
    them is imported: dataclasses would cost `status` a third of its time (B5).
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise ProtocolError(
                f"The daemon's answer lacks {name!r}: pacctl and pacd are of different versions.",
                fix="Restart the daemon (`systemctl restart pacd`).",
            ) from None


def parse(text: str) -> Record:
    """
    Read one document.

    Raises:
        ProtocolError: It is no JSON object.
    """
    found, trimmed = None, text.strip(" \t\r\n")
    try:
        found, end = _scan(trimmed, 0)
    except (ValueError, StopIteration, RecursionError):
        end = -1
    if end != len(trimmed) or not isinstance(found, Record):
        raise ProtocolError("The daemon's answer is no JSON document: something else may listen.")
    return found


def _scanner() -> _Scanner:
    """
    What json.JSONDecoder reads with: a value at a place in a text, and where it ends.

    The scanner alone, in C: the module json would load re, which takes `status` 8 ms (B5).
    """
    try:
        from _json import make_scanner  # noqa: PLC0415  # CPython's own
    except ImportError:
        import json  # noqa: PLC0415  # other Pythons

        decoder: Any = json.JSONDecoder(object_hook=Record)
        scanner: _Scanner = decoder.scan_once
        return scanner
    manner: Any = _Manner
    return make_scanner(manner)


class _Manner:
    """How JSON is read; json.JSONDecoder has the same attributes."""

    strict = True
    object_hook = Record
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float  # NaN and the infinities, which no daemon sends


_scan = _scanner()
