"""What was tried (``jobs``) and what keeps failing (``setbacks``)."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.outcome import Failed
from pacd.domain.plan import Action, PlanItem, Setback
from pacd.errors import FailureKind
from pacd.store.columns import blob, from_ms, inside, plain, relative, to_json, to_ms
from pacd.store.connection import Connection

_STARTED: Final = """
    INSERT INTO jobs (
        library_id, path, path_text, folder, action, mirror, reason, state, started_at
    ) VALUES (
        :library, :path, :path_text, :folder, :action, :mirror, :reason, 'running', :now
    )
"""

_FINISHED: Final = "UPDATE jobs SET state = 'done', ended_at = :now WHERE id = :job"

_FAILED: Final = """
    UPDATE jobs SET state = 'failed', ended_at = :now, failure = :kind, message = :message
    WHERE id = :job
"""

_SET_BACK: Final = """
    INSERT INTO setbacks (
        library_id, path, folder, action, mirror, kind, tries, message, words, retry_at
    )
    SELECT library_id, path, folder, action, mirror, :kind, 1, :message, :words, :retry_at
    FROM jobs
    WHERE id = :job
    ON CONFLICT (library_id, path, action, mirror) DO UPDATE SET
        kind = excluded.kind, tries = tries + 1, message = excluded.message,
        words = excluded.words, retry_at = excluded.retry_at
"""

_OVERCOME: Final = """
    DELETE FROM setbacks
    WHERE (library_id, path, action, mirror)
        = (SELECT library_id, path, action, mirror FROM jobs WHERE id = :job)
"""

_INTERRUPTED: Final = """
    UPDATE jobs SET state = 'interrupted', ended_at = :now WHERE state = 'running'
"""

_SETBACKS: Final = """
    SELECT path, action, mirror, kind, tries, message, words, retry_at
    FROM setbacks INDEXED BY idx_setbacks_folder
    WHERE library_id = :library AND folder = :folder
    ORDER BY path, action, mirror
"""

_CLEAR: Final = """
    DELETE FROM setbacks
    WHERE library_id = :library AND path = :path
        AND (:action IS NULL OR action = :action) AND (:mirror IS NULL OR mirror = :mirror)
"""

_WAITING_FOR: Final = """
    SELECT mirror, action, count(*) AS files, sum(retry_at > :now) AS later FROM setbacks
    WHERE library_id = :library AND kind = :kind
    GROUP BY mirror, action
"""

_FAILING: Final = """
    SELECT DISTINCT folder FROM setbacks WHERE library_id = :library AND action = :action
"""

_HASTEN: Final = """
    UPDATE setbacks SET retry_at = :now
    WHERE library_id = :library AND kind = :kind AND mirror = :mirror
        AND action = :action AND retry_at > :now
    RETURNING folder
"""

_BELOW: Final = "(folder = :below OR (folder > :first AND folder < :last))"

_HASTEN_BELOW: Final = f"""
    UPDATE setbacks SET retry_at = :now
    WHERE library_id = :library AND retry_at > :now AND {_BELOW}
        AND kind IN (SELECT value FROM json_each(:kinds))
"""  # noqa: S608  # text of our own

_RECKON_ANEW: Final = """
    UPDATE setbacks SET retry_at = :now
    WHERE library_id = :library AND retry_at > :latest
    RETURNING folder
"""

_PENDING: Final = f"""
    SELECT action, mirror, kind, tries, message, words, min(retry_at) AS retry_at,
        count(*) AS files
    FROM setbacks
    WHERE library_id = :library AND retry_at > :now AND {_BELOW}
    GROUP BY action, mirror, kind, tries
    ORDER BY files DESC, action, mirror, kind, tries
"""  # noqa: S608  # text of our own

_REWRITES: Final = """
    SELECT path, count(*) AS times
    FROM jobs
    WHERE library_id = :library AND folder = :folder AND action IN ('resample', 'recompress')
        AND state = 'done' AND ended_at BETWEEN :since AND :until
    GROUP BY path
"""


class Jobs:
    """The work that was begun and how it went; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def started(self, library_id: int, item: PlanItem, *, now: datetime) -> int:
        """Note that an item was given to a worker; return the job's id."""
        return self._connection.insert(
            _STARTED,
            {
                "library": library_id,
                "path": blob(item.path),
                "path_text": plain(str(item.path)),
                "folder": blob(item.path.parent),
                "action": item.action.value,
                "mirror": item.mirror,
                "reason": plain(item.reason),
                "now": to_ms(now),
            },
        )

    def finished(self, job_id: int, *, now: datetime) -> None:
        """Note that a job went well; its earlier failures no longer count."""
        with self._connection.transaction():
            self._connection.run(_FINISHED, {"job": job_id, "now": to_ms(now)})
            self._connection.run(_OVERCOME, {"job": job_id})

    def failed(self, job_id: int, failure: Failed, *, now: datetime, retry_at: datetime) -> None:
        """Note that a job failed, and when the same may be tried again."""
        columns = {
            "job": job_id,
            "kind": failure.kind.value,
            "message": plain(failure.message),
            "words": plain(failure.words),
            "now": to_ms(now),
            "retry_at": to_ms(retry_at),
        }
        with self._connection.transaction():
            self._connection.run(_FAILED, columns)
            self._connection.run(_SET_BACK, columns)

    def interrupted(self, *, now: datetime) -> int:
        """
        Note at start-up that nothing runs any more; return how many jobs were cut short.

        It says nothing about their files: there is no setback.
        """
        return self._connection.run(_INTERRUPTED, {"now": to_ms(now)})

    def setbacks(
        self, library_id: int, folder: PurePosixPath
    ) -> Mapping[PurePosixPath, tuple[Setback, ...]]:
        """What keeps failing for the files of a folder, by path."""
        found: defaultdict[PurePosixPath, tuple[Setback, ...]] = defaultdict(tuple)
        for row in self._connection.rows(
            _SETBACKS, {"library": library_id, "folder": blob(folder)}
        ):
            found[relative(row["path"])] += (_setback(row),)
        return dict(found)

    def clear_setbacks(
        self,
        library_id: int,
        path: PurePosixPath,
        action: Action | None = None,
        mirror: str | None = None,
    ) -> None:
        """Forget the failures on a file; None stands for every action, every mirror."""
        self._connection.run(
            _CLEAR,
            {
                "library": library_id,
                "path": blob(path),
                "action": action.value if action else None,
                "mirror": mirror,
            },
        )

    def waiting_for(
        self, library_id: int, kind: FailureKind, *, now: datetime
    ) -> Mapping[tuple[Action, str], tuple[int, int]]:
        """
        How many files wait because of a failure of this kind, by action and mirror.

        Returns:
            All, and those whose next try is still to come.
        """
        key = {"library": library_id, "kind": kind.value, "now": to_ms(now)}
        rows = self._connection.rows(_WAITING_FOR, key)
        return {
            (Action(row["action"]), row["mirror"]): (row["files"], row["later"]) for row in rows
        }

    def failing(self, library_id: int, action: Action) -> frozenset[PurePosixPath]:
        """The folders of files for which an action has failed, and is to be tried again or held."""
        rows = self._connection.rows(_FAILING, {"library": library_id, "action": action.value})
        return frozenset(relative(row["folder"]) for row in rows)

    def hasten(
        self, library_id: int, kind: FailureKind, action: Action, mirror: str, *, now: datetime
    ) -> frozenset[PurePosixPath]:
        """Have what waits be tried again at once; return the folders it lies in."""
        key = {"library": library_id, "kind": kind.value, "mirror": mirror, "action": action.value}
        rows = self._connection.rows(_HASTEN, {**key, "now": to_ms(now)})
        return frozenset(relative(row["folder"]) for row in rows)

    def hasten_below(
        self,
        library_id: int,
        below: PurePosixPath,
        kinds: Collection[FailureKind],
        *,
        now: datetime,
    ) -> None:
        """Have what waits in a folder, and in all below it, be tried at its next visit."""
        key = {"library": library_id, "now": to_ms(now), "kinds": to_json(sorted(kinds))}
        self._connection.run(_HASTEN_BELOW, {**key, **_bounds(below)})

    def reckon_anew(
        self, library_id: int, *, latest: datetime, now: datetime
    ) -> frozenset[PurePosixPath]:
        """
        Have what would wait beyond a moment be tried at once: a clock that was wrong set that.

        Returns:
            The folders it lies in.
        """
        key = {"library": library_id, "latest": to_ms(latest), "now": to_ms(now)}
        rows = self._connection.rows(_RECKON_ANEW, key)
        return frozenset(relative(row["folder"]) for row in rows)

    def pending(
        self, library_id: int, below: PurePosixPath, *, now: datetime
    ) -> tuple[tuple[Setback, int], ...]:
        """
        What is to be tried again later in a folder and all below it, and not earlier.

        Returns:
            By action, mirror, kind and tries: the one that is tried first, and how many they are.
        """
        key = {"library": library_id, "now": to_ms(now), **_bounds(below)}
        rows = self._connection.rows(_PENDING, key)
        return tuple((_setback(row), row["files"]) for row in rows)

    def rewrites(
        self, library_id: int, folder: PurePosixPath, *, since: datetime, until: datetime
    ) -> Mapping[PurePosixPath, int]:
        """How often each master of a folder was replaced in that time; only those that were."""
        key = {"library": library_id, "folder": blob(folder)}
        rows = self._connection.rows(
            _REWRITES, {**key, "since": to_ms(since), "until": to_ms(until)}
        )
        return {relative(row["path"]): row["times"] for row in rows}

    def prune(self, *, before: datetime) -> int:
        """Drop jobs that ended before then; return how many."""
        return self._connection.run(
            "DELETE FROM jobs WHERE ended_at < :before", {"before": to_ms(before)}
        )


def _bounds(below: PurePosixPath) -> dict[str, bytes]:
    first, last = inside(below)
    return {"below": blob(below), "first": first, "last": last}


def _setback(row: sqlite3.Row) -> Setback:
    return Setback(
        action=Action(row["action"]),
        mirror=row["mirror"],
        kind=FailureKind(row["kind"]),
        tries=row["tries"],
        message=row["message"],
        words=row["words"],
        retry_at=from_ms(row["retry_at"]),
    )
