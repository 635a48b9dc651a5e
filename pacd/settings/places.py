"""Folders named in the configuration: made absolute, and kept out of one another."""

import os
import pwd
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path

from pacd.errors import ConfigError


def home(environ: Mapping[str, str]) -> Path:
    """
    The folder that ``~`` stands for.

    Raises:
        ConfigError: Neither $HOME nor the user database names one.
    """
    if named := environ.get("HOME"):
        return Path(named)
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        raise ConfigError(
            "This user has no home folder: set $HOME, or write paths that begin with /."
        ) from None


def absolute(path: Path, environ: Mapping[str, str], *, base: Path) -> Path:
    """Expand a leading ``~``; what is relative starts at base."""
    if path.parts[:1] == ("~",):
        return home(environ).joinpath(*path.parts[1:])
    return base / path


def xdg(environ: Mapping[str, str], variable: str) -> Path | None:
    """An XDG folder, if the variable names one; the standard ignores relative ones."""
    named = environ.get(variable, "")
    return Path(named) if named.startswith("/") else None


def state_dir(environ: Mapping[str, str]) -> tuple[Path, str]:
    """Where the database goes when the settings do not say, and who said so."""
    if given := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(given), "$STATE_DIRECTORY"
    if shared := xdg(environ, "XDG_STATE_HOME"):
        return shared / "pacd", "$XDG_STATE_HOME"
    return home(environ) / ".local/state/pacd", "default"


def socket(environ: Mapping[str, str]) -> tuple[Path, str]:
    """Where the socket goes when the settings do not say, and who said so."""
    if given := environ.get("RUNTIME_DIRECTORY", "").split(":")[0]:
        return Path(given) / "pacd.sock", "$RUNTIME_DIRECTORY"
    if runtime := xdg(environ, "XDG_RUNTIME_DIR"):
        return runtime / "pacd" / "pacd.sock", "$XDG_RUNTIME_DIR"
    return Path("/run/pacd/pacd.sock"), "default"


def entangled(roots: Iterable[tuple[str, Path]]) -> Iterator[str]:
    """
    A sentence for each two roots that are one folder or lie inside one another.

    Args:
        roots: What each is called, and its absolute path; links are followed here.
    """
    resolved = [(name, root, Path(os.path.realpath(root))) for name, root in roots]
    for (one, path, real), (other, other_path, other_real) in combinations(resolved, 2):
        if real == other_real:
            yield f"{one} ({path}) and {other} ({other_path}) are the same folder: separate them"
        elif real.is_relative_to(other_real):
            yield f"{one} ({path}) lies inside {other} ({other_path}): choose a folder outside"
        elif other_real.is_relative_to(real):
            yield f"{other} ({other_path}) lies inside {one} ({path}): choose a folder outside"
