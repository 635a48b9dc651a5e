"""What clients ask with, taken apart and checked; decides nothing."""

import json
import os
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pacd.api.failures import RequestError
from pacd.errors import UnknownError

MAX_LIMIT: Final = 10_000
MAX_SECONDS: Final = 10 * 366 * 86_400  # ten years: what is longer is no time but a mistake
_NAME_MAX: Final = 255  # bytes; linux/limits.h, and so PATH_MAX, which counts a NUL
_PATH_MAX: Final = 4_096
MAX_ID: Final = 2**63 - 1  # SQLite's largest integer: datatype3.html, section 2


class Arguments:
    """
    The named arguments of one request, from its query or its JSON body.

    Each is fetched by its type; what is missing, unknown or of another type is
    a RequestError that names it.
    """

    def __init__(self, given: Mapping[str, Any], known: Iterable[str]) -> None:
        names = tuple(known)
        for name in given:
            if name not in names:
                takes = f"It takes {', '.join(names)}." if names else "It takes none."
                raise RequestError(
                    f"This daemon knows no argument {name!r} here. {takes}",
                    fix="A newer pacctl may know more than this pacd: restart the daemon.",
                )
        self._given = given

    def path(self) -> str:
        """A path, absolute or relative to a library's root."""
        found = self.path_or_none()
        if found is None:
            raise RequestError("A path is missing: give it as `path`.")
        return found

    def path_or_none(self) -> str | None:
        """A path, or None where none was given."""
        found = self._given.get("path")
        if found is None:
            return None
        if not isinstance(found, str) or not found or "\0" in found:
            raise RequestError("`path` must be a text that is not empty and holds no NUL.")
        try:
            raw = os.fsencode(found)
        except UnicodeEncodeError as exc:
            raise RequestError("`path` holds characters that no file name can hold.") from exc
        if len(raw) >= _PATH_MAX or any(len(name) > _NAME_MAX for name in raw.split(b"/")):
            raise UnknownError(
                f"There is no file by so long a path: names have {_NAME_MAX} bytes at most, "
                f"and paths {_PATH_MAX - 1}."
            )
        return found

    def name(self, name: str) -> str | None:
        """A name, or None where none was given."""
        found = self._given.get(name)
        if found is not None and (not isinstance(found, str) or not found):
            raise RequestError(f"`{name}` must be a text that is not empty.")
        return found

    def number(
        self, name: str, default: int | None = None, *, least: int = 0, most: int = MAX_ID
    ) -> int:
        """A whole number from `least`, which is 0 or more, to `most`."""
        found = self._given.get(name, default)
        if isinstance(found, str) and found.isascii() and found.isdigit():
            found = int(found) if len(found) <= len(str(MAX_ID)) else MAX_ID + 1
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            raise RequestError(f"`{name}` must be a whole number from {least} to {most}.")
        return found

    def numbers(self, name: str) -> tuple[int, ...]:
        """At least one whole number, in a list; each once."""
        found = self._given.get(name)
        if not isinstance(found, list) or not found:
            raise RequestError(f"`{name}` must be a list of numbers with at least one in it.")
        numbers = (Arguments({name: each}, (name,)).number(name) for each in found)
        return tuple(dict.fromkeys(numbers))

    def seconds(self, name: str) -> float | None:
        """A positive number of seconds, or None where none was given."""
        found = self._given.get(name)
        if found is None:
            return None
        if isinstance(found, str):
            found = _float(found)
        if not isinstance(found, int | float) or isinstance(found, bool):
            raise RequestError(f"`{name}` must be a number of seconds.")
        if not 0 < found <= MAX_SECONDS:  # also what is no number, and too large for a float
            raise RequestError(f"`{name}` must be more than 0 and at most {MAX_SECONDS} seconds.")
        return float(found)

    def claim(self, name: str) -> bool:
        """True or false; false where not given."""
        found = self._given.get(name, False)
        if not isinstance(found, bool):
            raise RequestError(f"`{name}` must be true or false.")
        return found


def query(target: str) -> dict[str, str]:
    """The query of a raw request target; undecodable bytes become surrogates (PEP 383)."""
    text = urllib.parse.urlsplit(target).query
    try:
        pairs = urllib.parse.parse_qsl(
            text, keep_blank_values=True, errors="surrogateescape", max_num_fields=16
        )
    except ValueError as exc:
        raise RequestError("The query has too many arguments.") from exc
    return dict(pairs)


def body(content: bytes) -> dict[str, Any]:
    """The object in a JSON body; an empty body is an empty object."""
    if not content:
        return {}
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise RequestError(f"The body is no JSON: {exc}.") from exc
    if not isinstance(found, dict):
        raise RequestError("The body must be a JSON object.")
    return found


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
