"""What needs a person (H): open holds, and what a person accepted."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple

from pacd.domain.change import Observation
from pacd.domain.hold import Cause, Hold, Severity
from pacd.store.columns import (
    blob,
    content_columns,
    from_ms,
    observation_columns,
    observation_of,
    path_of,
    plain,
    relative,
    to_json,
    to_ms,
)
from pacd.store.connection import Connection

# A picture belongs to the audio, and so to every hold on its origin.
_HOLDS: Final = """
    SELECT holds.*, authenticity.spectrogram_path FROM holds {how}
    LEFT JOIN authenticity
        ON holds.cause = 'suspect' AND authenticity.md5 = holds.md5
"""

_FIND: Final = f"""
    {_HOLDS.format(how="")}
    WHERE library_id = :library AND path = :path AND cause = :cause AND mirror = :mirror
        AND ended_at IS NULL
"""

_OPEN: Final = """
    INSERT INTO holds (
        library_id, path, path_text, folder, cause, mirror, reason, evidence, md5,
        device, inode, file_size, mtime_ns, ctime_ns, since
    ) VALUES (
        :library, :path, :path_text, :folder, :cause, :mirror, :reason, :evidence, :md5,
        :device, :inode, :file_size, :mtime_ns, :ctime_ns, :now
    )
    ON CONFLICT (library_id, path, cause, mirror) WHERE ended_at IS NULL DO UPDATE SET
        reason = excluded.reason, evidence = excluded.evidence, md5 = excluded.md5,
        device = excluded.device, inode = excluded.inode, file_size = excluded.file_size,
        mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns
"""

_IN_FOLDER: Final = f"""
    {_HOLDS.format(how="INDEXED BY idx_holds_folder")}
    WHERE library_id = :library AND folder = :folder AND ended_at IS NULL
    ORDER BY path, id
"""

_ALL_OPEN: Final = f"{_HOLDS.format(how='')} WHERE ended_at IS NULL"

_GET: Final = f"{_HOLDS.format(how='')} WHERE id = :id"

_END: Final = """
    UPDATE holds SET ended_at = :now, ended_how = :how WHERE id = :id AND ended_at IS NULL
"""

_ACCEPTED_AUDIO: Final = """
    SELECT DISTINCT cause FROM holds WHERE ended_how = 'accepted' AND md5 = :md5
"""

_ACCEPTED_BYTES: Final = """
    SELECT DISTINCT cause FROM holds
    WHERE ended_how = 'accepted' AND device = :device AND inode = :inode
        AND file_size = :file_size AND mtime_ns = :mtime_ns
"""

_LAST_ACCEPTED: Final = f"""
    {_HOLDS.format(how="INDEXED BY idx_holds_accepted_md5")}
    WHERE ended_how = 'accepted' AND holds.md5 = ''
        AND library_id = :library AND cause = :cause AND mirror = :mirror
    ORDER BY id DESC LIMIT 1
"""

_COUNTS: Final = """
    SELECT library_id, cause, count(*) AS held FROM holds
    WHERE ended_at IS NULL GROUP BY library_id, cause
"""

_WORST_FIRST: Final = {severity: rank for rank, severity in enumerate(Severity)}
_NOTHING_SEEN: Final = dict.fromkeys(("device", "inode", "file_size", "mtime_ns", "ctime_ns"))


class Ending(StrEnum):
    """
    How a hold ended (H2).

    The value is what the store keeps: never rename one.
    """

    REPLACED = "replaced"
    GONE = "gone"
    RELEASED = "released"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"


class HoldRecord(NamedTuple):
    """A hold, open or ended; both ends are None while it is open."""

    library_id: int
    hold: Hold
    ended_at: datetime | None
    ended_how: Ending | None


class Holds:
    """The holds; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(
        self,
        library_id: int,
        path: PurePosixPath,
        cause: Cause,
        *,
        reason: str,
        audio_md5: str = "",
        observation: Observation | None = None,
        mirror: str = "",
        evidence: Mapping[str, Any],
        now: datetime,
    ) -> tuple[Hold, bool]:
        """
        Hold a file, and say whether it is a new hold.

        One that is open for the same path, cause and mirror keeps its id and its
        start; what was found replaces what was found before.
        """
        columns = {
            "library": library_id,
            "path": blob(path),
            "path_text": plain(str(path)),
            "folder": blob(path.parent),
            "cause": cause.value,
            "mirror": mirror,
            "reason": plain(reason),
            "evidence": to_json(evidence),
            "md5": audio_md5,
            **(observation_columns(observation) if observation else _NOTHING_SEEN),
            "now": to_ms(now),
        }
        with self._connection.transaction():
            newly = self._connection.row(_FIND, columns) is None
            self._connection.run(_OPEN, columns)
            return _hold(self._connection.rows(_FIND, columns)[0]), newly

    def in_folder(
        self, library_id: int, folder: PurePosixPath
    ) -> Mapping[PurePosixPath, tuple[Hold, ...]]:
        """The open holds on files of a folder, by path."""
        found: defaultdict[PurePosixPath, tuple[Hold, ...]] = defaultdict(tuple)
        for row in self._connection.rows(
            _IN_FOLDER, {"library": library_id, "folder": blob(folder)}
        ):
            hold = _hold(row)
            found[hold.path] += (hold,)
        return dict(found)

    def all_open(self) -> tuple[tuple[int, Hold], ...]:
        """(library id, hold) of every open hold: worst severity first, then the oldest."""
        rows = self._connection.rows(_ALL_OPEN)
        found = [(row["library_id"], _hold(row)) for row in rows]
        found.sort(key=lambda pair: _urgency(pair[1]))
        return tuple(found)

    def get(self, hold_id: int) -> HoldRecord | None:
        """The hold with this id, open or ended."""
        row = self._connection.row(_GET, {"id": hold_id})
        if row is None:
            return None
        ended = row["ended_at"] is not None
        return HoldRecord(
            library_id=row["library_id"],
            hold=_hold(row),
            ended_at=from_ms(row["ended_at"]) if ended else None,
            ended_how=Ending(row["ended_how"]) if ended else None,
        )

    def end(self, hold_id: int, how: Ending, *, now: datetime) -> bool:
        """End a hold; return whether it was open."""
        ended = self._connection.run(_END, {"id": hold_id, "how": how.value, "now": to_ms(now)})
        return ended > 0

    def accepted(self, audio_md5: str, observation: Observation) -> frozenset[Cause]:
        """
        What a person accepted for this audio.

        The same audio is the same MD5, or the very bytes that were accepted
        before anyone knew their MD5.
        """
        rows = self._connection.rows(_ACCEPTED_BYTES, content_columns(observation))
        if audio_md5:
            rows += self._connection.rows(_ACCEPTED_AUDIO, {"md5": audio_md5})
        return frozenset(Cause(row["cause"]) for row in rows)

    def last_accepted(self, library_id: int, cause: Cause, mirror: str) -> Hold | None:
        """What a person last accepted of a mirror as a whole, for this cause; None if nothing."""
        asked = {"library": library_id, "cause": cause.value, "mirror": mirror}
        row = self._connection.row(_LAST_ACCEPTED, asked)
        return None if row is None else _hold(row)

    def counts(self, libraries: Collection[int]) -> Mapping[Severity, int]:
        """How many holds are open in these libraries, for every severity."""
        found = dict.fromkeys(Severity, 0)
        for row in self._connection.rows(_COUNTS):
            if row["library_id"] in libraries:
                found[Cause(row["cause"]).severity] += row["held"]
        return found


def _urgency(hold: Hold) -> tuple[int, datetime, int]:
    return (_WORST_FIRST[hold.cause.severity], hold.since, hold.id)


def _hold(row: sqlite3.Row) -> Hold:
    return Hold(
        id=row["id"],
        path=relative(row["path"]),
        cause=Cause(row["cause"]),
        reason=row["reason"],
        since=from_ms(row["since"]),
        audio_md5=row["md5"],
        observation=None if row["inode"] is None else observation_of(row),
        mirror=row["mirror"],
        evidence=json.loads(row["evidence"]),
        spectrogram=path_of(row["spectrogram_path"]),
    )
