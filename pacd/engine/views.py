"""Turns what the engine knows into the documents of the protocol; changes nothing."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pacd.domain.hold import Hold
from pacd.domain.plan import Facts, PlanItem
from pacd.domain.policy import LibraryPolicy
from pacd.engine.errands import Errand
from pacd.engine.recording import Count
from pacd.engine.snapshot import InWorker
from pacd.planning.authenticity import Standing, standing
from pacd.protocol.documents import (
    Counts,
    HistoryView,
    HoldView,
    LibraryView,
    MirrorView,
    PlanView,
    Running,
    ScanTicket,
    TicketState,
    no_library_counts,
    no_mirror_counts,
)
from pacd.protocol.wire import LIBRARY_COUNTS, MIRROR_COUNTS
from pacd.store.database import Store
from pacd.store.history import HistoryEntry
from pacd.store.libraries import LibraryRow
from pacd.tools.progress import share_read

# How an event ends, and its status (O1).
_EVENT_STATUS: Final = {
    "_ok": "ok",
    "_skip": "skip",
    "_suspect": "suspect",
    "_error": "error",
    "_err": "error",
    "_interrupted": "warn",
    "hold": "warn",
}

_AUTHENTICITY: Final = ("ok", "suspect", "inconclusive", "skipped")

# What an entry says that has no message of its own, from its details.
_CLAUSES: Final = {
    "moved": "from {from}",
    "hold": "{cause}: {reason}",
    "hold_ended": "{cause}: {how}",
    "release": "{cause}: {how} by {who}",
}


def rfc3339(moment: datetime | None) -> str | None:
    """A moment as the protocol spells it, in UTC."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def running_view(item: InWorker) -> Running:
    """One item in a worker, with how far it has come."""
    elapsed_s = time.monotonic() - item.since_s
    progress = share_read(item.pid, item.source)
    eta_s = elapsed_s * (1 - progress) / progress if progress else None
    return Running(
        path=str(item.item.path),
        library=item.library,
        action=item.item.action.value,
        mirror=item.item.mirror,
        progress=round(progress, 3) if progress is not None else None,
        elapsed_s=round(elapsed_s, 1),
        eta_s=round(eta_s, 1) if eta_s is not None else None,
    )


def plan_view(library: str, item: PlanItem) -> PlanView:
    """One item of a plan."""
    return PlanView(
        library=library,
        path=str(item.path),
        action=item.action.value,
        reason=item.reason,
        mirror=item.mirror,
    )


def hold_view(library: LibraryPolicy, hold: Hold) -> HoldView:
    """One hold, with what to do about it."""
    return HoldView(
        id=hold.id,
        library=library.name,
        path=str(hold.path),
        cause=hold.cause.value,
        severity=hold.cause.severity.value,
        since=rfc3339(hold.since) or "",
        md5=hold.audio_md5,
        reason=hold.reason,
        advice=hold.advice,
        evidence=hold.evidence,
        mirror=hold.mirror,
        spectrogram=str(hold.spectrogram) if hold.spectrogram else None,
        file=str(library.root / hold.path) if hold.path.parts else "",
    )


def history_view(library: str, entry: HistoryEntry) -> HistoryView:
    """One line of the log."""
    details = dict(entry.details)
    clause = _CLAUSES.get(entry.event, "{reason}").format_map(defaultdict(str, details))
    message = str(details.pop("message", "") or clause)
    status = next((word for end, word in _EVENT_STATUS.items() if entry.event.endswith(end)), "ok")
    return HistoryView(
        at=rfc3339(entry.time) or "",
        library=library,
        path=str(entry.path),
        action=entry.event,
        status=status,
        message=message,
        details=details,
    )


def library_view(
    store: Store, policy: LibraryPolicy, row: LibraryRow, progress: int
) -> LibraryView:
    """One library with its counts: states as they are now, actions since the database began."""
    done = store.counters.of(row.id)
    state = store.counters.state(row.id)
    counts = no_library_counts() | {name: done.get(("", name), 0) for name in LIBRARY_COUNTS}
    counts |= {name: state[name] for name in ("scanned", "tested_ok", "tested_err", "held")}
    counts |= {f"auth_{name}": state[f"auth_{name}"] for name in _AUTHENTICITY}
    counts["recompress_skipped"] = state["at_target"] - state["rewritten"]
    mirrors = tuple(
        MirrorView(
            name=mirror.name,
            codec=mirror.codec.value,
            root=str(mirror.root),
            counts=no_mirror_counts()
            | {name: done.get((mirror.name, name), 0) for name in MIRROR_COUNTS}
            | {
                "unchanged": store.outputs.count(row.id, mirror.name),
                "orphaned": store.outputs.count_orphans(row.id, mirror.name)
                + store.sidecars.count_orphans(row.id, mirror.name),
            },
        )
        for mirror in policy.mirrors
    )
    return LibraryView(
        name=policy.name,
        root=str(policy.root),
        scan_status=row.status.value,
        scan_progress=progress if row.status == "scanning" else row.progress,
        scan_total=row.total,
        scanned_at=rfc3339(row.scanned_at),
        scan_error=row.error,
        counts=counts,
        mirrors=mirrors,
    )


def totals(libraries: tuple[LibraryView, ...]) -> Counts:
    """Sum the counts of all libraries and all mirrors."""
    library: Counter[str] = Counter(no_library_counts())
    mirror: Counter[str] = Counter(no_mirror_counts())
    for each in libraries:
        library.update(each.counts)
        for one in each.mirrors:
            mirror.update(one.counts)
    return Counts(library=dict(library), mirror=dict(mirror))


def counted(counts: Mapping[Count, int]) -> Counts:
    """What was done, summed."""
    library, mirror = no_library_counts(), no_mirror_counts()
    for (_, mirror_name, name), number in counts.items():
        target = mirror if mirror_name else library
        if name in target:
            target[name] += number
    return Counts(library=library, mirror=mirror)


def facts_view(facts: Facts, policy: LibraryPolicy) -> dict[str, Any]:
    """All that is known of one master, named for people and programs."""
    seen = facts.observation
    view: dict[str, Any] = {"size_bytes": seen.size_bytes, "links": seen.links}
    if facts.track:
        audio = facts.track.audio
        view |= {
            "sample_rate_hz": audio.sample_rate_hz,
            "bits_per_sample": audio.bits_per_sample,
            "channels": audio.channels,
            "duration_s": round(audio.duration_s, 3),
            "audio_md5": facts.audio_md5,
            "compression": facts.track.compression,
            "pictures": len(facts.track.pictures),
            "tags": {key: list(facts.track.tags.all(key)) for key, _ in facts.track.tags.pairs},
        }
    if facts.check:
        view["integrity"] = facts.check.integrity.value
        view["tested_at"] = rfc3339(facts.check.tested_at)
        view["tested_with"] = facts.check.tool
    found = standing(facts, policy.authenticity)
    if found.status:
        view["authenticity"] = _authenticity_view(found)
    view["outputs"] = {
        name: {"path": str(output.path), "state": output.state.value, "quality": output.quality}
        | ({"renamed": output.renamed} if output.renamed else {})
        for name, output in facts.outputs.items()
    }
    if facts.accepted:
        view["accepted"] = sorted(cause.value for cause in facts.accepted)
    return view


def _authenticity_view(standing: Standing) -> dict[str, Any]:
    verdict = standing.verdict
    view = {"status": standing.status, "reason": standing.reason}
    if verdict is None:
        return view
    findings = [
        {
            "detector": each.detector.value,
            "version": each.version,
            "status": each.status.value,
            "sentence": each.sentence,
            "numbers": each.numbers,
        }
        for each in verdict.findings
    ]
    view |= {"reason": verdict.rationale, "judged_at": rfc3339(verdict.judged_at)}
    drawn = {"spectrogram": str(verdict.spectrogram)} if verdict.spectrogram else {}
    return {**view, "findings": findings, **drawn}


def ticket_view(
    errand: Errand, done: Counter[Count], counts: Counts | None, trouble: str
) -> ScanTicket:
    """
    How a requested scan stands.

    Args:
        done: What was done since it began.
        counts: What it came to; None while it runs.
        trouble: Why it could not be carried out whole; "" when it could.
    """
    return ScanTicket(
        id=errand.id,
        state=TicketState.DONE if counts else TicketState.RUNNING,
        path=errand.path,
        exit=errand.exit_code(done, trouble) if counts else None,
        counts=counts or counted(done),
        message=trouble,
    )
