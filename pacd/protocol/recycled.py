"""The documents of `restore`: frozen values; touches nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RecycledView:
    """
    One file in a recycle bin.

    Attributes:
        path: Where it stood, relative to the library's root.
        since, until: It is not removed before `until`, by the settings of now.
        reason: Why it went there.
        md5: Of its audio; "" where that is not known.
        away: Whether its library, and with it the bin, is not there now.
    """

    id: int
    library: str
    path: str
    since: str
    until: str
    reason: str
    size_bytes: int
    md5: str = ""
    away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """What lies in the recycle bins of all libraries, the oldest of each first."""

    files: tuple[RecycledView, ...]
    size_bytes: int
    retention_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """
    A file that stands in its place again.

    Attributes:
        exchanged: The number of what stood there and lies in the bin now; None for nothing.
    """

    id: int
    library: str
    path: str
    exchanged: int | None = None
