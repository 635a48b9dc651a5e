"""
The constants of the socket, and text made safe for terminals; touches nothing.

`pacctl status` loads this module and no other of the daemon's, so it imports
neither dataclasses nor typing, nor enum: together they cost 15 of the 35 ms it may
take (B5, decisions/0006, 0023).
"""

import unicodedata

PROTOCOL = 1  # raised when an old client would misread an answer, not when keys are added
SCHEMA = 1  # stands at the top level of every document
PREFIX = "/v1"
HOST = "pacd"  # the only Host header that is answered
PROTOCOL_HEADER = "PACD-Protocol"
VERSION_HEADER = "PACD-Version"
MAX_BODY_BYTES = 65_536

LIBRARY_COUNTS = (
    "scanned",
    "tested_ok",
    "tested_err",
    "auth_ok",
    "auth_suspect",
    "auth_inconclusive",
    "auth_skipped",
    "resampled",
    "recompressed",
    "recompress_skipped",
    "art_exported",
    "held",
    "failed",
)
MIRROR_COUNTS = ("encoded", "retagged", "renamed", "unchanged", "orphaned", "pruned", "failed")


class Exit:
    """What pacctl ends with (requirements 1.3); scripts treat unknown codes as failure."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    ATTENTION = 4
    NOT_FOUND = 5
    REFUSED = 6
    INTERRUPTED = 130


class Kind:
    """Why a request failed; `error.kind` of the answer."""

    REQUEST = "request"
    PROTOCOL = "protocol"
    DENIED = "denied"
    NOT_FOUND = "not-found"
    REFUSED = "refused"
    CONFIG = "config"
    PREFLIGHT = "preflight"
    FAILED = "failed"
    OVERLOADED = "overloaded"
    LATE = "late"


EXITS = {
    Kind.REQUEST: Exit.USAGE,
    Kind.PROTOCOL: Exit.FAILED,
    Kind.DENIED: Exit.REFUSED,
    Kind.NOT_FOUND: Exit.NOT_FOUND,
    Kind.REFUSED: Exit.REFUSED,
    Kind.CONFIG: Exit.FAILED,
    Kind.PREFLIGHT: Exit.UNREACHABLE,  # requirements 1.3: 3 says both
    Kind.FAILED: Exit.FAILED,
    Kind.OVERLOADED: Exit.REFUSED,
    Kind.LATE: Exit.REFUSED,  # requirements 1.3: refused or busy
}

# Their messages may be lists.  In all others a line break came from outside, as from a name.
LAID_OUT = frozenset({Kind.CONFIG, Kind.PREFLIGHT})

# Unicode 15, general categories: controls, formats (bidi overrides and isolates,
# zero-width joiners), surrogates, line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_UNDECODABLE = frozenset(map(chr, range(0xDC80, 0xDD00)))  # PEP 383: bytes that are no UTF-8


def escape(text: str) -> str:
    r"""
    Make visible what a terminal would obey instead of show.

    ESC becomes ``\x1b``, a bidi override ``\u202e``, a byte that is no UTF-8
    ``\xff``; a backslash stays one, so ordinary names read as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        _escaped(each) if unicodedata.category(each) in _INVISIBLE else each for each in text
    )


def _escaped(character: str) -> str:
    if character in _UNDECODABLE:
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
