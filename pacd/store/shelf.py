"""Where backups of a database lie, and what they are called; only looks."""

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

CURRENT: Final = "decisions.json"
"""The decisions as they are now; written whenever somebody decides."""

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_DAILY: Final = re.compile(r"pacd-(\d{8}T\d{6}Z)\.db")
_DECISIONS: Final = re.compile(r"decisions-(\d{8}T\d{6}Z)\.json")
_BEFORE_UPGRADE: Final = re.compile(r".*\.backup-v\d+-(\d{8}T\d{6}Z)")


class Kept(NamedTuple):
    """A file, and when it was made, in UTC and whole seconds."""

    made_at: datetime
    file: Path


def folder_of(database: Path) -> Path:
    """Where the backups of a database lie."""
    return database.with_name("backups")


def stamp_of(moment: datetime) -> str:
    """A moment as it stands in names, which then sort by time."""
    return moment.astimezone(UTC).strftime(_STAMP)


def daily(database: Path, stamp: str) -> Path:
    """Where the backup of that moment lies."""
    return folder_of(database) / f"pacd-{stamp}.db"


def decided(database: Path, stamp: str) -> Path:
    """Where the decisions that belong to it lie."""
    return folder_of(database) / f"decisions-{stamp}.json"


def backups(database: Path) -> tuple[Kept, ...]:
    """The daily backups that are there, the newest first."""
    return _found(folder_of(database), _DAILY)


def exports(database: Path) -> tuple[Kept, ...]:
    """The decisions kept with them, the newest first."""
    return _found(folder_of(database), _DECISIONS)


def candidates(database: Path) -> tuple[Kept, ...]:
    """All that a database can be restored from, what upgrades kept too, the newest first."""
    found = (*backups(database), *_found(database.parent, _BEFORE_UPGRADE))
    return tuple(sorted(found, reverse=True))


def newest(database: Path, *, now: datetime) -> datetime | None:
    """When the last backup was made; what a clock that was wrong has dated ahead is none."""
    return next((each.made_at for each in backups(database) if each.made_at <= now), None)


def way_back(database: Path) -> str:
    """
    The command that restores the newest backup, to be typed as it stands.

    A shell has not the $STATE_DIRECTORY that systemd gives the daemon.
    """
    directory = shlex.quote(str(database.parent))
    return f"`STATE_DIRECTORY={directory} pacd --restore-backup`"


def _found(folder: Path, name: re.Pattern[str]) -> tuple[Kept, ...]:
    try:
        files = list(folder.iterdir())
    except OSError:
        return ()
    return tuple(sorted(_dated(files, name), reverse=True))


def _dated(files: list[Path], name: re.Pattern[str]) -> Iterator[Kept]:
    for file in files:
        match = name.fullmatch(file.name)
        if match is None:
            continue
        try:
            moment = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
        except ValueError:
            continue  # digits that are no date
        yield Kept(moment, file)
