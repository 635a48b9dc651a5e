"""Turns what is wrong with a configuration into sentences that say where, what and the fix."""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, Final

from pydantic_core import ErrorDetails

from pacd.errors import ConfigError
from pacd.settings.sections import REPEATED, SECTIONS, Sections

_SHOWN_CHARS: Final = 80


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause that names the known name most like this one."""
    candidates = tuple(known)
    if close := get_close_matches(name, candidates, n=1):
        return f"; did you mean `{close[0]}`?"
    far = get_close_matches(name, candidates, n=1, cutoff=0.0)
    return f"; the nearest there is: `{far[0]}`"


def refusal(mistakes: Iterable[str]) -> ConfigError:
    """All mistakes as one error, each on a line of its own."""
    lines = [line if line.endswith((".", "?", "\n")) else f"{line}." for line in mistakes]
    if len(lines) == 1:
        return ConfigError(lines[0])
    listed = "\n".join(f"  {line}" for line in lines)
    return ConfigError(f"The configuration has {len(lines)} mistakes:\n{listed}")


def sentence(error: ErrorDetails) -> str:
    """What pydantic found, in words; where it stands is the caller's to add."""
    names = [part for part in error["loc"] if isinstance(part, str)]
    section, key = ".".join(names[:-1]), names[-1]
    say = _SENTENCES.get(error["type"], _bad_value)
    return say(section, key, error)


def _heading(section: str) -> str:
    return f"[[{section}]]" if section in REPEATED else f"[{section}]"


def _unknown(section: str, key: str, _error: ErrorDetails) -> str:
    known = tuple(SECTIONS[section].model_fields if section else Sections.model_fields)
    what = f"no key `{key}` in {_heading(section)}" if section else f"no section [{key}]"
    homes = [name for name, model in SECTIONS.items() if key in model.model_fields]
    if len(homes) == 1 and not get_close_matches(key, known, n=1):
        return f"there is {what}; `{key}` belongs in {_heading(homes[0])}"
    return f"there is {what}{nearest(key, known)}"


def _missing(section: str, key: str, _error: ErrorDetails) -> str:
    return f"`{key}` is missing in {_heading(section)}"


def _no_section(section: str, key: str, _error: ErrorDetails) -> str:
    name = f"{section}.{key}" if section else key
    return f"`{name}` should be a section of its own, headed {_heading(name)}"


def _no_list(section: str, key: str, error: ErrorDetails) -> str:
    name = f"{section}.{key}" if section else key
    if name in REPEATED:
        return f"`{name}` may stand several times, so its heading is {_heading(name)}"
    return _bad_value(section, key, error)


def _bad_value(section: str, key: str, error: ErrorDetails) -> str:
    reason = str(error.get("ctx", {}).get("error", "")) or _plain(error["msg"])
    if isinstance(error["input"], dict):
        # A rule on the section as a whole: there is no one value to show.
        return f"in {_heading(f'{section}.{key}' if section else key)}, {reason}"
    return f"`{key}` in {_heading(section)} is {_shown(error['input'])}, but {reason}"


_WORDS: Final = {
    "a valid tuple": "a list",
    "a valid string": "text",
    "a valid boolean": "true or false",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
}


def _plain(message: str) -> str:
    """Pydantic's message as the second half of a sentence."""
    text = re.sub(r"^(Input|String|Value|Tuple) should", "it should", message)
    for theirs, ours in _WORDS.items():
        text = text.replace(theirs, ours)
    return text.split(", unable to ")[0]


def _shown(value: Any) -> str:
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


_SENTENCES: Final[dict[str, Callable[[str, str, ErrorDetails], str]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "model_type": _no_section,
    "model_attributes_type": _no_section,
    "tuple_type": _no_list,
}
