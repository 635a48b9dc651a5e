"""How the values of comments are written into the atoms of an M4A output; pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

AtomValues = (
    bool | tuple[str, ...] | tuple[int, ...] | tuple[tuple[int, int], ...] | tuple[bytes, ...]
)
"""Of one atom, as mutagen takes them; freeform values are text here."""

Stated = Sequence[tuple[str, str]]
"""All (key, value) of a master that go into one atom, in its order; at least one."""

SHOWN_CHARS: Final = 40

_JOINT: Final = "; "  # Navidrome splits a credit here, and Picard joins with it

_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_TEMPO: Final = re.compile(r"[0-9]{1,10}(?:[.,][0-9]{1,10})?")
_INT16: Final = range(32_768)  # what iTunes writes numbers in; 0 is unknown
_FLAGS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def spell(atom: str, stated: Stated, lost: list[str]) -> AtomValues:
    """
    Write what is stated as an atom has it; () where nothing of it can be carried.

    Args:
        atom: By its name in mutagen.
        lost: Sentences are added for what cannot be carried.
    """
    return _SPELT.get(atom, _texts)(stated, lost)


def _texts(stated: Stated, _lost: list[str]) -> tuple[str, ...]:
    """All values; what a second comment of the same meaning repeats stands once."""
    first = stated[0][0]
    own = [value for key, value in stated if key == first]
    others = (value for key, value in stated if key != first and value not in own)
    return (*own, *dict.fromkeys(others))


def _credit(stated: Stated, lost: list[str]) -> tuple[str, ...]:
    """One line for people: many players show the first value only."""
    values = [value for value in _texts(stated, lost) if value]
    return (_JOINT.join(values),) if values else ()


def _number_of(stated: Stated, lost: list[str]) -> tuple[tuple[int, int], ...]:
    """A number and how many there are: "3/12", or a total of its own, which wins."""
    numbers: list[int] = []
    beside: list[int] = []
    totals: list[int] = []
    for key, value in stated:
        if key.endswith("NUMBER"):
            number, _slash, total = value.partition("/")
            numbers += _whole(key, number, lost)
            beside += _whole(key, total, lost)
        else:
            totals += _whole(key, value, lost)
    for values, which in ((numbers, "NUMBER"), (totals, "TOTAL")):
        _tell_the_rest(next((key for key, _value in stated if which in key), ""), values, lost)
    totals += beside
    return ((next(iter(numbers), 0), next(iter(totals), 0)),) if numbers or totals else ()


def _integer(stated: Stated, lost: list[str]) -> tuple[int, ...]:
    """A number; only the first is carried."""
    found = [number for key, value in stated for number in _whole(key, value, lost)]
    _tell_the_rest(stated[0][0], found, lost)
    return tuple(found[:1])


def _tempo(stated: Stated, lost: list[str]) -> tuple[int, ...]:
    """Beats per minute, rounded: the atom holds whole numbers."""
    rounded = [(key, _rounded(value.strip())) for key, value in stated]
    return _integer(rounded, lost)


def _rounded(value: str) -> str:
    return str(round(float(value.replace(",", ".")))) if _TEMPO.fullmatch(value) else value


def _flag(stated: Stated, lost: list[str]) -> tuple[str, ...] | bool:
    key, value = stated[0]
    _tell_the_rest(key, [each for _key, each in stated], lost)
    if not value.strip():
        return ()
    meant = _FLAGS.get(value.strip().lower())
    if meant is None:
        lost.append(f"{key}: {value[:SHOWN_CHARS]!r} is neither yes nor no")
        return ()
    return meant


def _shown(stated: Stated, lost: list[str]) -> tuple[int, ...]:
    """A flag that its atom holds as a number."""
    meant = _flag(stated, lost)
    return (int(meant),) if isinstance(meant, bool) else ()


def _whole(key: str, value: str, lost: list[str]) -> list[int]:
    """The number that a value is; none where it is empty, and told where it is none."""
    text = value.strip()
    if _NUMBER.fullmatch(text) and int(text) in _INT16:
        return [int(text)]
    if text:
        lost.append(f"{key}: {text[:SHOWN_CHARS]!r} is no whole number from 0 to {_INT16.stop - 1}")
    return []


def _tell_the_rest(key: str, values: Sequence[object], lost: list[str]) -> None:
    """Say what stands behind the first value, where an atom holds one."""
    others = (str(other)[:SHOWN_CHARS] for other in values[1:] if other != values[0])
    lost += [f"{key}: {other!r}: M4A has room for one value only" for other in others]


_SPELT: Final[Mapping[str, Callable[[Stated, list[str]], AtomValues]]] = MappingProxyType(
    {
        "\xa9ART": _credit,
        "aART": _credit,
        "soar": _credit,
        "soaa": _credit,
        "trkn": _number_of,
        "disk": _number_of,
        "\xa9mvi": _integer,
        "\xa9mvc": _integer,
        "tmpo": _tempo,
        "cpil": _flag,
        "shwm": _shown,
    }
)
"""How the values of an atom are written, where they are not just texts."""
