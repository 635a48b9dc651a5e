"""Finds what is wrong though each value by itself may be right; follows links, changes nothing."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pacd.settings import file, places
from pacd.settings.file import ConfigFile
from pacd.settings.kinds import fit_name
from pacd.settings.loaded import Settings

# Linux, sys/un.h: sun_path is 108 bytes and ends in NUL; bind() of CPython 3.11 then
# says "AF_UNIX path too long" (tests/integration/test_settings.py).
_SOCKET_BYTES: Final = 107


def contradictions(settings: Settings, config: ConfigFile) -> Iterator[str]:
    """A sentence for each thing that does not go together."""
    if not config.values.get("library"):
        yield f"it names no library; add the folder of your music, as in:\n{file.EXAMPLE}"
    yield from _ill_named(settings)
    limits = settings.workers
    for key in ("encode", "analysis", "art"):
        if (limit := getattr(limits, key)) > limits.total:
            yield (
                f"`{key}` in [workers] is {limit}, more than the {limits.total} of `total`; "
                f"raise `total` (unset, it is the number of cores) or lower `{key}`"
            )
    if (length := len(os.fsencode(settings.socket))) > _SOCKET_BYTES:
        yield (
            f"the socket {settings.socket} has a path of {length} bytes, and Linux allows "
            f"{_SOCKET_BYTES}; set `socket` in [daemon] to a shorter one"
        )
    yield from _copied_over(settings)
    yield from places.entangled(_roots(settings))


def _ill_named(settings: Settings) -> Iterator[str]:
    libraries = settings.libraries()
    for library in libraries:
        try:
            fit_name(library.name)
        except ValueError:
            yield f"the library at {library.root} cannot be called like its folder; set `name`"
        for name in _repeated(mirror.name for mirror in library.mirrors):
            yield f"library {library.name} has more than one mirror called {name}; set `name`"
    for name in _repeated(library.name for library in libraries):
        yield f"more than one library is called {name}; set `name`"


def _copied_over(settings: Settings) -> Iterator[str]:
    """Masters are no sidecars, and a copy could not be told from an output by its name."""
    for library in settings.libraries():
        for mirror in library.mirrors:
            for name in mirror.sidecars:
                if name.lower().endswith((".flac", mirror.extension)):
                    yield (
                        f"`sidecars` of mirror {mirror.name} in library {library.name} names "
                        f"{name}; masters and outputs ({mirror.extension}) are no sidecars"
                    )


def _repeated(names: Iterable[str]) -> Iterator[str]:
    return (name for name, count in Counter(names).items() if count > 1)


def _roots(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Every folder that PAC reads or writes, and what it is."""
    for library in settings.libraries():
        yield f"the library {library.name}", library.root
        for mirror in library.mirrors:
            yield f"the mirror {mirror.name} of {library.name}", mirror.root
    artwork, spectrogram = settings.sections.artwork, settings.sections.spectrogram
    if artwork.enabled:
        yield "`root` in [artwork]", artwork.root
    if spectrogram.enabled and spectrogram.root:
        yield "`root` in [spectrogram]", spectrogram.root
    yield "the state directory", settings.state_dir
