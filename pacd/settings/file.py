"""Finds and reads the configuration file, and knows on which line each key stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pacd.errors import ConfigError
from pacd.settings import places

SYSTEM_FILE: Final = Path("/etc/pacd/pacd.toml")

# A place in the configuration: section, number among its like, key.
Location = tuple[str | int, ...]

EXAMPLE: Final = """
    [[library]]
    root = "/srv/music"

    [[library.mirror]]
    root = "/srv/music-opus"
"""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """
    A configuration file as read.

    Attributes:
        lines: Where each key and table header stands, from 1; those it could
            not find (in inline tables) are missing.
    """

    path: Path
    values: dict[str, Any]
    lines: Mapping[Location, int]


def find(named: Path | None, environ: Mapping[str, str]) -> Path:
    """
    The configuration file of this run, absolute.

    Raises:
        ConfigError: The one that was named is missing, or there is none at all.
    """
    variable = environ.get("PACD_CONFIG")
    if named or variable:
        path = Path(named or variable or "").absolute()
        if not _stands(path):
            # An option is before the reader's eyes, `pacctl config check FILE` or --config.
            by = "there is no such file" if named else "$PACD_CONFIG names a file that is not there"
            raise ConfigError(f"{path}: {by}{_nearest_file(path)}")
        return path
    own = (places.xdg(environ, "XDG_CONFIG_HOME") or places.home(environ) / ".config") / "pacd"
    candidates = (own / "pacd.toml", SYSTEM_FILE)
    for path in candidates:
        if _stands(path):
            return path
    looked = " nor ".join(map(str, candidates))
    raise ConfigError(
        f"There is no configuration: neither {looked} exists. "
        f"Write the first of them with the folder of your music:\n{EXAMPLE}"
    )


def _nearest_file(path: Path) -> str:
    """The end of a sentence that names what is there and most like a path that is not."""
    missing = next(each for each in (path, *path.parents) if each.parent.is_dir())
    try:
        there = sorted(missing.parent.iterdir())
    except OSError:
        return "."
    # A configuration, or a folder on the way to one: no log or backup is ever meant.
    wanted = _is_toml if missing == path else Path.is_dir
    names = [each.name for each in there if wanted(each)]
    if close := get_close_matches(missing.name, names, n=1):
        return f"; did you mean `{missing.with_name(close[0])}`?"
    others = [each.name for each in there if _is_toml(each)]
    if far := get_close_matches(missing.name, others, n=1, cutoff=0.0):
        return f"; the nearest there is: `{missing.with_name(far[0])}`."
    return "."


def _is_toml(path: Path) -> bool:
    return path.suffix == ".toml"


def _stands(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True  # reading it will say what is in the way


def read(path: Path) -> ConfigFile:
    """
    Read the file; its keys are not looked at yet.

    Raises:
        ConfigError: It cannot be read, or it is not TOML.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8; save it as UTF-8.") from exc
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        # CPython 3.11 says "… (at line 3, column 5)" or "… (at end of document)".
        found = re.search(r"at line (\d+)", str(exc))
        line = int(found[1]) if found else text.count("\n") + 1
        what = re.sub(r" \(at .*\)$", "", str(exc))
        raise ConfigError(f"{path}:{line}: is not valid TOML: {what}.") from exc
    return ConfigFile(path, values, dict(_located(text)))


_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([\w.\"' -]+?)\s*\]")
_KEY: Final = re.compile(r"\s*([\w.\"'-]+)\s*=")


def _located(text: str) -> Iterator[tuple[Location, int]]:
    """Each key and header with its line; the text is known to be valid TOML."""
    section: Location = ()
    counts: dict[Location, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            section = _numbered(header[2], counts, repeated=header[1] == "[[")
            yield section, number
        elif key := _KEY.match(line):
            yield (*section, *_names(key[1])), number


def _numbered(header: str, counts: dict[Location, int], *, repeated: bool) -> Location:
    """The location of a header; ``[[a]]`` counts one more, ``[a.b]`` means the last a."""
    location: Location = ()
    names = _names(header)
    for depth, name in enumerate(names, start=1):
        location = (*location, name)
        if repeated and depth == len(names):
            counts[location] = counts.get(location, -1) + 1
        if location in counts:
            location = (*location, counts[location])
    return location


def _names(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
