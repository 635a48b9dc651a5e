"""Takes over what people had decided by a database that is lost, from what was exported (S4)."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from pacd.domain.words import several
from pacd.errors import StoreError
from pacd.store import shelf
from pacd.store.connection import Connection
from pacd.store.decisions import take_over

_log = structlog.get_logger()


def inherit(opened: Connection, database: Path) -> int:
    """
    Record the decisions that were exported last, and are not on record; return how many.

    A document that is garbled, or of a later form, is passed over for the one before.

    Args:
        opened: What stands, or is to stand, in the place of `database`.

    Raises:
        StoreError: The disk fails, or a document is there that this user may not read.
    """
    files = [shelf.folder_of(database) / shelf.CURRENT]
    files += [each.file for each in shelf.exports(database)]
    for file in files:
        try:
            taken = take_over(opened, _document(file))
        except FileNotFoundError:
            continue
        except PermissionError as error:  # the next export would take its place
            raise StoreError(
                f"{file} may not be read: {error.strerror}. It holds what people decided. "
                "Give it to the daemon's user, or move it away to start without.",
            ) from error
        except StoreError as error:
            if not isinstance(error.__cause__, sqlite3.IntegrityError):
                raise  # a full disk, say: nothing may go on without what was decided
            _pass_over(file, error)
            continue
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _pass_over(file, error)
            continue
        if taken:
            said = f"taken over from {file.name}: {several(taken, 'decision')} of people"
            _log.warning("decisions taken over", action="restore", status="ok", message=said)
        return taken
    return 0


def _pass_over(file: Path, error: Exception) -> None:
    said = f"{type(error).__name__}: {error}"
    _log.warning(
        "decisions unreadable", action="restore", status="warn", path=str(file), message=said
    )


def _document(file: Path) -> Mapping[str, Any]:
    document = json.loads(file.read_bytes())
    if not isinstance(document, dict):
        raise TypeError("it is no document")
    return document
