"""Numbers, sizes, times and plurals as people say them; reads no clock."""

from datetime import UTC, datetime

_MINUTE_S = 60
_HOUR_S = 3_600
_DAY_S = 86_400
_UNITS = ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min"), (1, "s"))
_THOUSAND = 1_000
_ROUND_FROM = 10  # from here on the smaller unit says nothing more


def grouped(number: int) -> str:
    """With a comma between each three digits."""
    return f"{number:,}"


def several(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun: "1 file", "1,212 files"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def span(seconds: float) -> str:
    """A length of time in one or two units: "45 s", "1 h 30 min", "12 d"."""
    left = max(round(seconds), 0)
    for index, (size, unit) in enumerate(_UNITS):
        if left >= size:
            number, rest = divmod(left, size)
            smaller = _UNITS[index + 1] if index + 1 < len(_UNITS) else None
            if smaller is None or number >= _ROUND_FROM or rest < smaller[0]:
                return f"{number} {unit}"
            return f"{number} {unit} {rest // smaller[0]} {smaller[1]}"
    return "0 s"


def distance(moment: str, *, now: datetime) -> str:
    """How far a moment is from now, roughly: "3 h ago", "in 21 h", "just now"."""
    seconds = (parsed(moment) - now).total_seconds()
    amount = next(
        (f"{round(abs(seconds) / size)} {unit}" for size, unit in _UNITS if abs(seconds) >= size),
        "",
    )
    if not amount or (abs(seconds) < _MINUTE_S and seconds <= 0):
        return "just now"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"


def local(moment: str) -> str:
    """A moment in the reader's own time zone, to the minute."""
    return parsed(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def clock(moment: str) -> str:
    """The time of day in the reader's own time zone, to the second."""
    return parsed(moment).astimezone().strftime("%H:%M:%S")


def parsed(moment: str) -> datetime:
    """An RFC 3339 time."""
    found = datetime.fromisoformat(moment)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def listed(found: object) -> str:
    """What a detector measured, name by name."""
    if isinstance(found, dict):
        return ", ".join(f"{name} {listed(each)}" for name, each in found.items())
    if isinstance(found, list):
        return " ".join(listed(each) for each in found)
    return f"{found:g}" if isinstance(found, float) else str(found)


def size(number: int) -> str:
    """Bytes in the unit that leaves one to three digits before the point."""
    amount = float(number)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < _THOUSAND:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= _THOUSAND
    return f"{amount:.1f} TB"
