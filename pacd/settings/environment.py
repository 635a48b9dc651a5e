"""The settings that environment variables override: PACD_<SECTION>__<KEY>."""

from collections.abc import Iterator, Mapping
from typing import Final

from pacd.settings.mistakes import nearest
from pacd.settings.sections import REPEATED, SECTIONS

PREFIX: Final = "PACD_"

# Read elsewhere: the first says which file, the second tells pacctl where the daemon is.
OTHERS: Final = ("PACD_CONFIG", "PACD_SOCKET")

VARIABLES: Final[Mapping[str, tuple[str, str]]] = {
    f"{PREFIX}{section}__{key}".upper(): (section, key)
    for section, model in SECTIONS.items()
    if section not in REPEATED
    for key in model.model_fields
}


def overrides(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What the environment sets, as text, by section and key."""
    found: dict[str, dict[str, str]] = {}
    for variable, (section, key) in VARIABLES.items():
        if variable in environ:
            found.setdefault(section, {})[key] = environ[variable]
    return found


def misspelt(environ: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each variable that looks like PAC's but is none."""
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in VARIABLES or variable in OTHERS:
            continue
        if variable.startswith(f"{PREFIX}LIBRARY"):
            yield f"${variable}: libraries and mirrors are set in the file, not by variables"
        else:
            known = (*VARIABLES, *OTHERS)
            yield f"${variable}: there is no such variable{nearest(variable, known)}"


def variable_of(section: str, key: str) -> str:
    """The variable that sets a key, with its dollar sign."""
    return f"${PREFIX}{section}__{key}".upper()
