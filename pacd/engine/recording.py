"""Writes outcomes into the store, each with its observation in one transaction (W2), and tells."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

import structlog

from pacd.domain.hold import Hold
from pacd.domain.plan import (
    Action,
    Done,
    Exported,
    Facts,
    Failed,
    Mirrored,
    Outcome,
    Output,
    OutputState,
    PlanItem,
    Recompressed,
    Result,
    Tested,
)
from pacd.domain.policy import LibraryPolicy
from pacd.engine.events import Events
from pacd.engine.pace import Pace
from pacd.errors import FailureKind
from pacd.planning.after import after, failure
from pacd.planning.compression import stated_level
from pacd.protocol.documents import EventKind
from pacd.store.database import Store
from pacd.store.holds import Ending

_log = structlog.get_logger()

Count = tuple[str, str, str]
"""Library, mirror ("" for the library's own) and name of a count (requirements 1.4)."""

# O1's names of actions in the log.
LOGGED: Final = {
    Action.TEST: "flac_test",
    Action.RECOMPRESS: "flac_recompress",
    Action.EXPORT_ARTWORK: "art_export",
    Action.MIRROR_ENCODE: "mirror_encode",
    Action.MIRROR_RETAG: "mirror_retag",
    Action.HOLD: "hold",
}


@dataclass(frozen=True, slots=True)
class Told:
    """
    What an outcome comes to, for the history, the log and the counts.

    Attributes:
        event: For the history: facts/schema's names.
        status: ok, skip, warn, error (O1).
        count: Name of the count it adds to; "" for none.
    """

    event: str
    status: str
    message: str
    count: str = ""
    details: Mapping[str, Any] | None = None


class Recorder:
    """
    The only writer of outcomes and holds; belongs to the engine's thread.

    Attributes:
        counts: What was done since the start.
        pace: How long it took.
    """

    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events
        self.counts: Counter[Count] = Counter()
        self.pace = Pace()

    def started(self, library_id: int, library: str, item: PlanItem, *, now: datetime) -> int:
        """Note that an item was given to a worker; return the job's id."""
        job_id = self._store.jobs.started(library_id, item, now=now)
        self._emit(EventKind.ITEM_STARTED, library, item, "", item.reason, now)
        return job_id

    def outcome(
        self,
        job_id: int,
        library_id: int,
        policy: LibraryPolicy,
        facts: Facts,
        outcome: Outcome,
        *,
        now: datetime,
    ) -> Facts:
        """Record an outcome and return the facts as they are now."""
        known = after(facts, outcome, now)
        told = _tell(outcome)
        item = outcome.item
        with self._store.transaction():
            if isinstance(outcome, Failed):
                setback = failure(facts, outcome, now)
                if setback.tries == 1:  # what failed before was not of this kind
                    self._store.jobs.clear_setbacks(library_id, item.path, item.action, item.mirror)
                self._store.jobs.failed(job_id, outcome, now=now, retry_at=setback.retry_at)
            else:
                self._store.jobs.finished(job_id, now=now)
                self._keep(library_id, policy, facts, outcome, now)
            self._store.history.add(
                library_id,
                item.path,
                known.audio_md5,
                told.event,
                {"reason": item.reason, "message": told.message, **(told.details or {})},
                now=now,
            )
            self._count(library_id, policy.name, item.mirror, told.count)
        kind = EventKind.ITEM_FAILED if isinstance(outcome, Failed) else EventKind.ITEM_DONE
        self._emit(kind, policy.name, item, told.status, told.message, now)
        _say(policy.name, item, told, job_id)
        return known

    def outputs(self, library_id: int, learnt: Iterable[tuple[PurePosixPath, str, Output]]) -> None:
        """Keep what outputs of PAC's own say of themselves (M4)."""
        with self._store.transaction():
            for source, mirror, output in learnt:
                if output.state is OutputState.OURS:
                    self._store.outputs.record(library_id, mirror, source, output)

    def hold(
        self, library_id: int, library: str, facts: Facts, item: PlanItem, *, now: datetime
    ) -> Hold:
        """Open the hold that an item asks for."""
        if item.cause is None:
            raise ValueError(f"{item.path}: a hold needs a cause")
        with self._store.transaction():
            hold, is_new = self._store.holds.open(
                library_id,
                item.path,
                item.cause,
                reason=item.reason,
                audio_md5=facts.audio_md5,
                observation=facts.observation,
                mirror=item.mirror,
                evidence=item.evidence,
                now=now,
            )
            if is_new:
                details = {"cause": item.cause.value, "reason": item.reason}
                self._store.history.add(
                    library_id, item.path, facts.audio_md5, "hold", details, now=now
                )
        if is_new:
            severity = item.cause.severity.value
            self.counts[(library, "", f"held-{severity}")] += 1
            message = f"{item.cause}: {item.reason}"
            self._emit(EventKind.HOLD_OPENED, library, item, "warn", message, now)
            _say(library, item, Told("hold", "warn", message), None)
        return hold

    def end_hold(
        self,
        library_id: int,
        library: str,
        hold: Hold,
        how: Ending,
        *,
        who: str = "",
        now: datetime,
    ) -> None:
        """End a hold, and say who or what ended it."""
        with self._store.transaction():
            self._store.holds.end(hold.id, how, now=now)
            event = "release" if how in {Ending.RELEASED, Ending.ACCEPTED} else "hold_ended"
            details = {"cause": hold.cause.value, "how": how.value, "who": who}
            self._store.history.add(library_id, hold.path, hold.audio_md5, event, details, now=now)
        item = PlanItem(hold.path, Action.HOLD, hold.reason, cause=hold.cause)
        self._emit(EventKind.HOLD_ENDED, library, item, "ok", f"{hold.cause}: {how}", now)
        _say(library, item, Told(event, "ok", f"{hold.cause}: {how}"), None)

    def _keep(
        self, library_id: int, policy: LibraryPolicy, facts: Facts, done: Done, now: datetime
    ) -> None:
        store, item = self._store, done.item
        match done.result:
            case Tested(check, track, observation):
                store.verdicts.record(check, track, observation)
                if track:
                    store.tracks.described(library_id, item.path, track, observation, now=now)
            case Recompressed(track, check, observation):
                store.verdicts.forget(facts.observation)
                store.verdicts.record(check, track, observation)
                level = stated_level(track.compression) or 0
                store.verdicts.recompressed(track.audio_md5, level, track.compression, now=now)
                store.tracks.described(library_id, item.path, track, observation, now=now)
            case Exported() as exported:
                store.exports.record(
                    library_id,
                    item.path,
                    facts.audio_md5,
                    exported,
                    max_px=policy.artwork.max_px,
                    now=now,
                )
            case Mirrored(output):
                store.outputs.record(library_id, item.mirror, item.path, output)

    def _count(self, library_id: int, library: str, mirror: str, name: str) -> None:
        if name:
            self.counts[(library, mirror, name)] += 1
            self._store.counters.add(library_id, mirror, name)

    def _emit(
        self,
        kind: EventKind,
        library: str,
        item: PlanItem,
        status: str,
        message: str,
        now: datetime,
    ) -> None:
        self._events.emit(
            kind,
            now=now,
            library=library,
            path=str(item.path),
            action=item.action.value,
            mirror=item.mirror,
            status=status,
            message=message,
        )


def _tell(outcome: Outcome) -> Told:
    match outcome:
        case Failed():
            return _tell_failed(outcome)
        case Done():
            return _tell_done(outcome.result)


def _tell_failed(failed: Failed) -> Told:
    """What was interrupted from outside has not failed: it is simply done again."""
    interrupted = failed.kind is FailureKind.INTERRUPTED
    event = f"{LOGGED[failed.item.action]}_{'interrupted' if interrupted else 'err'}"
    details = {"failure": failed.kind.value, "words": failed.words}
    status = "warn" if interrupted else "error"
    return Told(event, status, failed.message, "" if interrupted else "failed", details)


def _tell_done(result: Result) -> Told:
    match result:
        case Tested(check):
            if check.integrity.sound:
                message = check.message or "intact"
                return Told("flac_test_ok", "ok", message, "tested_ok", {"tool": check.tool})
            details = {"tool": check.tool, "words": check.words, "verdict": check.integrity.value}
            return Told("flac_test_err", "error", check.message, "tested_err", details)
        case Recompressed():
            return _tell_recompressed(result)
        case Exported(target, written=written):
            message = f"{target} {'written' if written else 'was there already'}"
            count = "art_exported" if written else ""
            return Told("art_export_ok", "ok" if written else "skip", message, count)
        case Mirrored(output, encoded, lost):
            message = f"{output.path} {'encoded' if encoded else 'retagged'}"
            event = "mirror_encode_ok" if encoded else "mirror_retag_ok"
            count = "encoded" if encoded else "retagged"
            return Told(event, "warn" if lost else "ok", message, count, {"lost": list(lost)})


def _tell_recompressed(new: Recompressed) -> Told:
    details = {"before_bytes": new.before_bytes, "after_bytes": new.after_bytes, **new.details}
    if new.frames_kept:
        message = "could not be made smaller; only its tag was set"
        return Told("recompress_skip", "skip", message, "recompress_skipped", details)
    saved = new.before_bytes - new.after_bytes
    message = f"{new.before_bytes} to {new.after_bytes} bytes, {saved} saved"
    return Told("recompress_ok", "ok", message, "recompressed", details)


def _say(library: str, item: PlanItem, told: Told, job_id: int | None) -> None:
    write = {"error": _log.error, "warn": _log.warning}.get(told.status, _log.info)
    write(
        told.event,
        action=LOGGED[item.action],
        status=told.status,
        library=library,
        path=str(item.path),
        mirror=item.mirror or None,
        job=job_id,
        reason=item.reason,
        message=told.message,
    )
