"""What an outcome comes to in words: for the history, the log and the counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

import structlog

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
    Result,
    Tested,
)
from pacd.domain.output import OutputState
from pacd.domain.plan import Action, PlanItem
from pacd.domain.verdict import Authenticity, Check
from pacd.errors import FailureKind
from pacd.planning.authenticity import Standing, evidence

_log = structlog.get_logger()

# O1's names of actions in the log.
LOGGED: Final = {
    Action.TEST: "flac_test",
    Action.AUTHENTICATE: "flac_auth",
    Action.RESAMPLE: "flac_resample",
    Action.RECOMPRESS: "flac_recompress",
    Action.EXPORT_ARTWORK: "art_export",
    Action.MIRROR_ENCODE: "mirror_encode",
    Action.MIRROR_RETAG: "mirror_retag",
    Action.MIRROR_RENAME: "mirror_rename",
    Action.MIRROR_COPY: "mirror_copy",
    Action.MIRROR_PRUNE: "mirror_prune",
    Action.HOLD: "hold",
}


@dataclass(frozen=True, slots=True)
class Told:
    """
    What an outcome comes to, for the history, the log and the counts.

    Attributes:
        event: For the history: facts/schema's names; "" for what is told when it is a fact.
        status: ok, skip, warn, error, suspect (O1).
        count: Name of the count it adds to; "" for none.
    """

    event: str
    status: str
    message: str
    count: str = ""
    details: Mapping[str, Any] | None = None


def tell(outcome: Outcome) -> Told:
    """Say what an outcome comes to."""
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
        case Tested() | Authenticated() | Recompressed() | Resampled():
            return _tell_master(result)
        case _:
            return _tell_made(result)


def _tell_made(result: Exported | Mirrored | Copied | Pruned) -> Told:
    match result:
        case Exported(target, written=written):
            message = f"{target} {'written' if written else 'was there already'}"
            count = "art_exported" if written else ""
            return Told("art_export_ok", "ok" if written else "skip", message, count)
        case Mirrored():
            return _tell_mirrored(result)
        case Copied():
            return _tell_copied(result)
        case Pruned(path):
            return Told("mirror_prune_ok", "ok", f"{path} removed", "pruned")


def _tell_master(result: Tested | Authenticated | Recompressed | Resampled) -> Told:
    match result:
        case Tested(check):
            return _tell_tested(check)
        case Authenticated():
            return _tell_heard(result)
        case Recompressed():
            return _tell_recompressed(result)
        case Resampled():
            return _tell_resampled(result)


def _tell_tested(check: Check) -> Told:
    if check.integrity.sound:
        message = check.message or "intact"
        return Told("flac_test_ok", "ok", message, "tested_ok", {"tool": check.tool})
    details = {"tool": check.tool, "words": check.words, "verdict": check.integrity.value}
    return Told("flac_test_err", "error", check.message, "tested_err", details)


def _tell_heard(new: Authenticated) -> Told:
    """What it means for the file is told apart, when all detectors have been heard."""
    if new.spectrogram:
        return Told("spectrogram_ok", "ok", f"{new.spectrogram} drawn")
    if new.undrawn:
        return Told("spectrogram_err", "warn", f"no spectrogram: {new.undrawn}")
    said = [f"{each.detector.called}: {each.status}" for each in new.findings]
    return Told("", "ok", ", ".join(said) or "not examined after all")


def tell_standing(standing: Standing) -> Told:
    """Say how a file stands from now on: judged, or not examined (A3, A4)."""
    verdict, status = standing.verdict, standing.status
    if verdict is None or status is None:
        return Told("auth_skip", "skip", standing.reason, "auth_skipped")
    message = f"{standing.reason}: {verdict.rationale}"
    count = "" if status is Authenticity.ERROR else f"auth_{status}"
    return Told(f"auth_{status}", _SAID.get(status, "ok"), message, count, evidence(verdict))


_SAID: Final = {Authenticity.SUSPECT: "suspect", Authenticity.ERROR: "error"}


def _tell_mirrored(new: Mirrored) -> Told:
    path, status = new.output.path, "warn" if new.lost else "ok"
    details = {"lost": list(new.lost)}
    if new.moved_from:
        message = f"{new.moved_from} renamed to {path}"
        return Told("mirror_rename_ok", status, message, "renamed", details)
    if new.encoded:
        return Told("mirror_encode_ok", status, f"{path} encoded", "encoded", details)
    return Told("mirror_retag_ok", status, f"{path} retagged", "retagged", details)


def _tell_copied(new: Copied) -> Told:
    path = new.copy.path
    if new.copy.state is OutputState.FOREIGN:
        message = f"{path} holds something else, and PAC did not make it: it stays"
        return Told("mirror_copy_skip", "warn", message)
    if new.moved_from:
        return Told("mirror_copy_ok", "ok", f"{new.moved_from} renamed to {path}")
    message = f"{path} {'copied' if new.written else 'was there already'}"
    return Told("mirror_copy_ok", "ok" if new.written else "skip", message)


def _tell_recompressed(new: Recompressed) -> Told:
    details = {"before_bytes": new.before_bytes, "after_bytes": new.after_bytes, **new.details}
    if new.frames_kept:
        message = "could not be made smaller; only its tag was set"
        return Told("recompress_skip", "skip", message, "recompress_skipped", details)
    saved = new.before_bytes - new.after_bytes
    message = f"{new.before_bytes} to {new.after_bytes} bytes, {saved} saved"
    return Told("recompress_ok", "ok", message, "recompressed", details)


def _tell_resampled(new: Resampled) -> Told:
    details = {
        "before_bytes": new.before_bytes,
        "after_bytes": new.after_bytes,
        "recycled": new.recycled.entry,
        **new.details,
    }
    lowered = f", {-new.gain_db:.2f} dB lower so that nothing clips" if new.gain_db else ""
    message = f"{details['from']} to {details['to']}{lowered}; the original is in the recycle bin"
    return Told("resample_ok", "ok", message, "resampled", details)


def say_changes(library: str, folder: PurePosixPath, tally: Mapping[str, int]) -> None:
    """Write the line of the log for what has become of a folder's files, if anything has (w55)."""
    kinds = ("added", "updated", "moved", "removed")
    changes = {kind: tally[kind] for kind in kinds if tally.get(kind)}
    if changes:
        _log.info(
            "changed", action="observe", status="ok", library=library, path=str(folder), **changes
        )


def say(library: str, item: PlanItem, told: Told, job_id: int | None) -> None:
    """Write the one line of the log for a decision or an outcome (O1)."""
    write = {"error": _log.error, "warn": _log.warning}.get(told.status, _log.info)
    details = told.details or {}
    rest = {name: details[name] for name in ("failure", "lost") if details.get(name)}
    write(
        told.event,
        action=LOGGED[item.action],
        status=told.status,
        library=library,
        path=str(item.path),
        mirror=item.mirror or None,
        job_id=job_id,
        reason=item.reason,
        message=told.message,
        **rest,  # why it failed, in one word; M6: what an output lacks, of its very file
    )
