"""What people have decided, as a document; taken over when a database is lost (S4)."""

import json
import os
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from pacd.store.columns import blob, from_ms, plain, relative, to_json, to_ms
from pacd.store.connection import Connection
from pacd.store.history import History
from pacd.store.memory import Memory

FORM: Final = 1
"""Of the document; one of a later form is left alone."""

PAUSE: Final = "paused_until"
"""Key in the store's memory: a pause is a decision too (engine.pause)."""

KEPT_IN_MEMORY: Final = (PAUSE, "devices")
"""The numbers that disks had (engine.devices) tell the very bytes that were accepted again."""

ROOTS: Final = "roots"
"""Key in the store's memory: the roots of mirrors and covers that were there once."""

AWAITED: Final = "awaited"
"""
Key in the store's memory: roots that a database knew which is lost, and that were not met since.

One that is empty is not a new one: its disk is away (M9).
"""

LIBRARY_ROOTS: Final = "library_roots"
"""Key in the store's memory: which folder each library's root was, by the library's id."""

_SEEN: Final = ("device", "inode", "file_size", "mtime_ns", "ctime_ns")
_IN_BIN: Final = ("entry", "reason", "inode", "file_size", "mtime_ns", "md5", "made_md5")

# Whoever ended a hold stands in the history, at the same moment.
_WHO: Final = """
    (SELECT json_extract(details_json, '$.who') FROM observations
     WHERE observations.library_id = decided.library_id AND observations.path = decided.path
         AND observations.event = :event AND observations.time = decided.ended_at
     ORDER BY observations.id DESC LIMIT 1) AS who
"""

_HOLDS: Final = """
    SELECT decided.*, libraries.name AS library, WHO
    FROM holds AS decided JOIN libraries ON libraries.id = decided.library_id
    WHERE ended_how IN ('accepted', 'released') ORDER BY decided.ended_at, decided.id
""".replace("WHO", _WHO)

_RESTORED: Final = """
    SELECT decided.*, libraries.name AS library, WHO
    FROM recycled AS decided JOIN libraries ON libraries.id = decided.library_id
    WHERE ended_how = 'restored' ORDER BY decided.ended_at, decided.id
""".replace("WHO", _WHO)

_TAKE_LIBRARY: Final = "INSERT OR IGNORE INTO libraries (name, root_path) VALUES (:name, :root)"

_KNOWN: Final = """
    EXISTS (
        SELECT 1 FROM holds
        WHERE library_id = :library AND path = :path AND cause = :cause AND mirror = :mirror
            AND md5 = :md5 AND ended_at = :ended_at AND ended_how = :ended_how
    )
"""

# At most one hold of a kind is open at a time: one that began before the decision, and is open in
# a backup, is what was decided, or had ended by then.
_END_HOLD: Final = f"""
    UPDATE holds SET
        reason = :reason, evidence = :evidence, md5 = :md5,
        device = :device, inode = :inode, file_size = :file_size, mtime_ns = :mtime_ns,
        ctime_ns = :ctime_ns, since = :since, ended_at = :ended_at, ended_how = :ended_how
    WHERE library_id = :library AND path = :path AND cause = :cause AND mirror = :mirror
        AND ended_at IS NULL AND since <= :ended_at AND NOT {_KNOWN}
"""  # noqa: S608  # of constants

_TAKE_HOLD: Final = f"""
    INSERT INTO holds (
        library_id, path, path_text, folder, cause, mirror, reason, evidence, md5,
        device, inode, file_size, mtime_ns, ctime_ns, since, ended_at, ended_how
    )
    SELECT
        :library, :path, :path_text, :folder, :cause, :mirror, :reason, :evidence, :md5,
        :device, :inode, :file_size, :mtime_ns, :ctime_ns, :since, :ended_at, :ended_how
    WHERE NOT {_KNOWN}
"""

# It may be lying in the bin yet as a backup has it.
_TAKE_RESTORED: Final = """
    INSERT INTO recycled (
        library_id, entry, path, path_text, recycled_at, reason,
        inode, file_size, mtime_ns, md5, made_md5, ended_at, ended_how
    ) VALUES (
        :library, :entry, :path, :path_text, :recycled_at, :reason,
        :inode, :file_size, :mtime_ns, :md5, :made_md5, :ended_at, 'restored'
    )
    ON CONFLICT (library_id, entry) DO UPDATE SET
        ended_at = excluded.ended_at, ended_how = excluded.ended_how
    WHERE ended_how IS NOT 'restored'
"""


def decided(connection: Connection, *, now: datetime) -> dict[str, Any]:
    """All that people have decided, as plain values: what was accepted, released, brought back."""
    memory = Memory(connection)
    rows = connection.rows("SELECT name, root_path FROM libraries ORDER BY name")
    return {
        "form": FORM,
        "made": now.isoformat(timespec="milliseconds"),
        "libraries": {row["name"]: os.fsdecode(row["root_path"]) for row in rows},
        "holds": [_hold(row) for row in connection.rows(_HOLDS, {"event": "release"})],
        "restored": [_restored(row) for row in connection.rows(_RESTORED, {"event": "restored"})],
        "memory": {key: value for key in KEPT_IN_MEMORY if (value := memory.get(key)) is not None},
        "roots": _roots(connection, memory),
    }


def text_of(document: Mapping[str, Any]) -> bytes:
    """The document as a file; names that are no UTF-8 have all that is not ASCII escaped."""
    try:
        return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(document, indent=2).encode() + b"\n"


def take_over(connection: Connection, document: Mapping[str, Any]) -> int:
    """
    Record decisions that are not on record yet; return how many, a pause among them.

    Raises:
        KeyError, TypeError, ValueError: It is no such document; nothing was recorded.
    """
    if document["form"] != FORM:
        raise ValueError(f"its form is {document['form']}, not {FORM}")
    with connection.transaction():
        _take_roots(connection, document)
        for name, root in document["libraries"].items():
            connection.run(_TAKE_LIBRARY, {"name": name, "root": os.fsencode(root)})
        found = connection.rows("SELECT id, name FROM libraries")
        ids = {row["name"]: row["id"] for row in found}
        taken = sum(
            _take_hold(connection, ids[each["library"]], each) for each in document["holds"]
        )
        taken += sum(
            _take_restored(connection, ids[each["library"]], each) for each in document["restored"]
        )
        memory = Memory(connection)
        for key in KEPT_IN_MEMORY:
            if key in document["memory"] and memory.get(key) is None:
                memory.set(key, document["memory"][key])
                taken += key == PAUSE
        _take_identities(memory, ids, document)
    return taken


def _roots(connection: Connection, memory: Memory) -> dict[str, Any]:
    """What is known of roots; libraries by their names, as another database numbers them anew."""
    identities = memory.get(LIBRARY_ROOTS, {})
    rows = connection.rows("SELECT id, name FROM libraries ORDER BY name")
    return {
        "known": memory.get(ROOTS, []),
        "libraries": {
            row["name"]: identities[str(row["id"])] for row in rows if str(row["id"]) in identities
        },
    }


def _take_roots(connection: Connection, document: Mapping[str, Any]) -> None:
    """What was known of a root is lost where this database never knew it: that is awaited."""
    memory = Memory(connection)
    roots = {*memory.get(ROOTS, []), *document.get("roots", {}).get("known", [])}
    libraries = connection.rows("SELECT root_path FROM libraries")
    known = {*memory.get(ROOTS, []), *(os.fsdecode(row["root_path"]) for row in libraries)}
    lost = {*roots, *document["libraries"].values()} - known
    if lost:
        memory.set(ROOTS, sorted(roots))
        memory.set(AWAITED, sorted(lost.union(memory.get(AWAITED, []))))


def _take_identities(memory: Memory, ids: Mapping[str, int], document: Mapping[str, Any]) -> None:
    found = document.get("roots", {}).get("libraries", {})
    told = {str(ids[name]): identity for name, identity in found.items()}
    if told:
        memory.set(LIBRARY_ROOTS, told | memory.get(LIBRARY_ROOTS, {}))


def _hold(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "library": row["library"],
        "path": str(relative(row["path"])),
        "cause": row["cause"],
        "how": row["ended_how"],
        "decided": _moment(row["ended_at"]),
        "who": row["who"] or None,
        "reason": row["reason"],
        "mirror": row["mirror"],
        "md5": row["md5"],
        "since": _moment(row["since"]),
        "seen": {name: row[name] for name in _SEEN},
        "evidence": json.loads(row["evidence"]),
    }


def _restored(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "library": row["library"],
        "path": str(relative(row["path"])),
        "decided": _moment(row["ended_at"]),
        "who": row["who"] or None,
        "recycled": _moment(row["recycled_at"]),
        **{name: row[name] for name in _IN_BIN},
    }


def _take_hold(connection: Connection, library: int, each: Mapping[str, Any]) -> int:
    path = PurePosixPath(each["path"])
    columns = {
        "library": library,
        "path": blob(path),
        "path_text": plain(str(path)),
        "folder": blob(path.parent),
        "since": _ms(each["since"]),
        "ended_at": _ms(each["decided"]),
        "ended_how": each["how"],
        "evidence": to_json(each["evidence"]),
        **{name: each[name] for name in ("cause", "mirror", "reason", "md5")},
        **{name: each["seen"][name] for name in _SEEN},
    }
    if not (connection.run(_END_HOLD, columns) or connection.run(_TAKE_HOLD, columns)):
        return 0
    told = {"cause": each["cause"], "how": each["how"]}
    _note(connection, library, each, "release", told)
    return 1


def _take_restored(connection: Connection, library: int, each: Mapping[str, Any]) -> int:
    path = PurePosixPath(each["path"])
    columns = {
        "library": library,
        "path": blob(path),
        "path_text": plain(str(path)),
        "recycled_at": _ms(each["recycled"]),
        "ended_at": _ms(each["decided"]),
        **{name: each[name] for name in _IN_BIN},
    }
    if not connection.run(_TAKE_RESTORED, columns):
        return 0
    told = {"message": "brought back from the recycle bin"}
    _note(connection, library, each, "restored", told)
    return 1


def _note(
    connection: Connection,
    library: int,
    each: Mapping[str, Any],
    event: str,
    told: Mapping[str, Any],
) -> None:
    """The history is lost with a database; that a person decided something is not."""
    details = {**told, "who": each["who"], "taken_over": True}
    moment = datetime.fromisoformat(each["decided"])
    path = PurePosixPath(each["path"])
    History(connection).add(library, path, each["md5"], event, details, now=moment)


def _moment(value: int) -> str:
    return from_ms(value).isoformat(timespec="milliseconds")


def _ms(moment: str) -> int:
    return to_ms(datetime.fromisoformat(moment))
