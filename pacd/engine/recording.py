"""Writes outcomes into the store, each with its observation in one transaction (W2), and tells."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from pacd.domain.hold import Hold
from pacd.domain.outcome import (
    Authenticated,
    Copied,
    Done,
    Exported,
    Failed,
    Mirrored,
    Outcome,
    Pruned,
    Recompressed,
    Resampled,
    Tested,
)
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, Facts, PlanItem, Setback
from pacd.domain.policy import LibraryPolicy
from pacd.engine import leavings
from pacd.engine.events import Events
from pacd.engine.meter import Meter
from pacd.engine.pace import Pace
from pacd.engine.telling import Told, say, tell, tell_standing
from pacd.planning.after import after, failure, judgement_after
from pacd.planning.authenticity import Standing
from pacd.planning.compression import stated_level
from pacd.protocol.documents import EventKind
from pacd.store.database import Store
from pacd.store.holds import Ending

Count = tuple[str, str, str]
"""Library, mirror ("" for the library's own) and name of a count (requirements 1.4)."""


class Recorder:
    """
    The only writer of outcomes and holds; belongs to the engine's thread.

    Attributes:
        counts: What was done since the start.
        pace: How long it took.
        meter: The same in numbers for monitors.
    """

    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events
        self.counts: Counter[Count] = Counter()
        self.pace = Pace()
        self.meter = Meter()

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
        told = tell(outcome)
        item = outcome.item
        self.meter.ended(outcome, told.status)
        with self._store.transaction():
            # Until the visit ends: what an outcome calls for must outlive a crash.
            self._store.folders.disturb(library_id, item.path.parent)
            if isinstance(outcome, Failed):
                setback = failure(facts, outcome, now)
                if setback.tries == 1:  # what failed before was not of this kind
                    self._store.jobs.clear_setbacks(library_id, item.path, item.action, item.mirror)
                self._store.jobs.failed(job_id, outcome, now=now, retry_at=setback.retry_at)
                leavings.note(self._store, outcome, now=now)
            else:
                self._store.jobs.finished(job_id, now=now)
                self._keep(library_id, policy, facts, outcome, now)
            if told.event:
                self._note(library_id, item, known.audio_md5, told, now)
            self._count(library_id, policy.name, item.mirror, told.count)
        kind = EventKind.ITEM_FAILED if isinstance(outcome, Failed) else EventKind.ITEM_DONE
        self._emit(kind, policy.name, item, told.status, told.message, now)
        if told.event:
            say(policy.name, item, told, job_id)
        return known

    def forgive(self, library_id: int, facts: Facts, setbacks: Collection[Setback]) -> Facts:
        """Forget failures of what is not to be done any more."""
        with self._store.transaction():
            for each in setbacks:
                self._store.jobs.clear_setbacks(library_id, facts.path, each.action, each.mirror)
        return replace(facts, setbacks=tuple(e for e in facts.setbacks if e not in setbacks))

    def stands(
        self, library_id: int, library: str, facts: Facts, standing: Standing, *, now: datetime
    ) -> Facts:
        """Record and tell how a master's authenticity stands from now on (A4, A6)."""
        item = PlanItem(facts.path, Action.AUTHENTICATE, standing.reason)
        told = tell_standing(standing) if standing.status else None
        with self._store.transaction():
            self._store.tracks.stands(library_id, facts.path, standing.status)
            if told:
                self._note(library_id, item, facts.audio_md5, told, now)
                self._count(library_id, library, "", told.count)
        if told:
            say(library, item, told, None)
        return replace(facts, authenticity=standing.status)

    def _note(self, library_id: int, item: PlanItem, md5: str, told: Told, now: datetime) -> None:
        details = {"reason": item.reason, "message": told.message, **(told.details or {})}
        self._store.history.add(library_id, item.path, md5, told.event, details, now=now)

    def outputs(self, library_id: int, learnt: Iterable[tuple[str, Output]]) -> None:
        """Keep what files of mirrors say of themselves, PAC's own and others (M4)."""
        with self._store.transaction():
            for mirror, output in learnt:
                if output.state in {OutputState.OURS, OutputState.FOREIGN}:
                    self._store.outputs.record(library_id, mirror, output)
                else:
                    self._store.outputs.forget(library_id, mirror, [output.path])

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
            say(library, item, Told("hold", "warn", message), None)
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
        say(library, item, Told(event, "ok", f"{hold.cause}: {how}"), None)

    def _keep(
        self, library_id: int, policy: LibraryPolicy, facts: Facts, done: Done, now: datetime
    ) -> None:
        store, item = self._store, done.item
        match done.result:
            case Tested() | Authenticated() as heard:
                self._keep_heard(library_id, facts, item, heard, now)
            case Recompressed() | Resampled():
                self._keep_rewritten(library_id, facts, done.result, now)
            case Exported() as exported:
                store.exports.record(
                    library_id,
                    item.path,
                    facts.audio_md5,
                    exported,
                    max_px=policy.artwork.max_px,
                    now=now,
                )
            case Copied(copy, moved_from=origin):
                store.sidecars.record(library_id, item.mirror, item.path, facts.observation, copy)
                gone = [origin] if origin and origin != copy.path else []
                store.sidecars.forget(library_id, item.mirror, gone)
            case Pruned(path):
                store.outputs.forget(library_id, item.mirror, [path])
                store.sidecars.forget(library_id, item.mirror, [path])
            case Mirrored() as mirrored:
                self._keep_output(library_id, item.mirror, mirrored)

    def _keep_rewritten(
        self, library_id: int, facts: Facts, new: Recompressed | Resampled, now: datetime
    ) -> None:
        store, track = self._store, new.track
        store.verdicts.forget(facts.observation)
        store.verdicts.record(new.check, track, new.observation)
        level = stated_level(track.compression) or 0
        store.verdicts.recompressed(track.audio_md5, level, track.compression, now=now)
        smaller = isinstance(new, Resampled) or not new.frames_kept
        store.tracks.described(
            library_id, facts.path, track, new.observation, rewritten=smaller, now=now
        )
        if isinstance(new, Resampled):
            store.recycled.add(library_id, new.recycled)

    def _keep_heard(
        self,
        library_id: int,
        facts: Facts,
        item: PlanItem,
        result: Tested | Authenticated,
        now: datetime,
    ) -> None:
        """Keep what a decode showed; of the recording joined to what is on record of it (A6)."""
        store, audio_md5 = self._store, facts.decoded_md5
        if isinstance(result, Tested):
            audio_md5 = result.check.audio_md5
            store.verdicts.record(result.check, result.track, result.observation)
        before = store.authenticity.of(audio_md5)
        judgement = judgement_after(before, result, now)
        if judgement and judgement != before:
            store.authenticity.record(audio_md5, judgement)
        if result.track:
            store.tracks.described(library_id, item.path, result.track, result.observation, now=now)

    def _keep_output(self, library_id: int, mirror: str, mirrored: Mirrored) -> None:
        outputs, path = self._store.outputs, mirrored.output.path
        if mirrored.moved_from:
            outputs.forget(library_id, mirror, [mirrored.moved_from])
        if mirrored.displaced:
            outputs.record(library_id, mirror, mirrored.displaced)
        outputs.record(library_id, mirror, mirrored.output)
        outputs.wanted(library_id, mirror, [path])

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
