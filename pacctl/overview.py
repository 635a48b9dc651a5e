"""The screen of `status`: from a document to lines; reads no clock."""

from __future__ import annotations

from pacctl.phrases import distance, grouped, local, several, span
from pacctl.render import Painted, Part, Screen

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from pacd.protocol.status import HoldCounts, LibraryView, Running, Status, Watch

_STATE_COLOURS = {
    "watching": "green",
    "scanning": "cyan",
    "working": "cyan",
    "degraded": "red",
    "paused": "yellow",
    "starting": "yellow",
    "stopping": "yellow",
}

# Count → how it is said, and its colour when it calls for attention.
_LIBRARY_WORDS = (
    ("tested_ok", "intact", ""),
    ("tested_err", "damaged", "red"),
    ("recompressed", "recompressed", ""),
    ("recompress_skipped", "already small", ""),
    ("resampled", "resampled", ""),
    ("auth_suspect", "suspect", "yellow"),
    ("art_exported", "cover", ""),
    ("held", "held", "yellow"),
    ("failed", "failures so far", ""),
)
_NOUNS = frozenset({"cover"})
_MIRROR_WORDS = (
    ("unchanged", "in place", ""),
    ("encoded", "encoded", ""),
    ("retagged", "retagged", ""),
    ("renamed", "renamed", ""),
    ("orphaned", "orphaned", "yellow"),
    ("pruned", "pruned", ""),
    ("failed", "failures so far", ""),
)
_BAR = 24


def overview(screen: Screen, status: Status, *, now: datetime) -> None:
    """Everything, and last the next useful command."""
    _headline(screen, status, now)
    for library in status.libraries:
        screen.line()
        _library(screen, library, now)
    if status.queue.running:
        screen.line()
        for each in status.queue.running:
            _running(screen, each)
    screen.line()
    _lines(screen, status, now)
    for problem in status.problems:
        screen.line()
        screen.prose(problem.what, first=Painted("!  ", "red"), indent=3)
        screen.prose(problem.fix, first=Painted("   fix: ", "dim"), indent=8)
    screen.line()
    screen.next(*advice(status))


def attention(status: Status) -> bool:
    """Whether a person should look (`status --check`)."""
    return bool(status.holds.error or status.holds.suspect or status.problems)


def advice(status: Status) -> tuple[str, str]:
    """The next useful command, and why."""
    holds = status.holds
    pressing = holds.error + holds.suspect
    mistaken = any(each.kind == "reload-refused" for each in status.problems)
    cases = (
        (status.paused, "pacctl resume", "work is paused"),
        (mistaken, "pacctl config check", "the daemon would not start with it"),
        (status.problems, "pacctl doctor", "looks into what is wrong"),
        (pressing, "pacctl holds", f"{several(pressing, 'file needs', 'files need')} you"),
        (status.state in {"working", "scanning", "starting"}, "pacctl follow", "watch it work"),
        (holds.notice, "pacctl holds", f"{several(holds.notice, 'notice')}, nothing urgent"),
        (not status.libraries, "pacctl config show", "no library is configured"),
    )
    for holds_true, command, reason in cases:
        if holds_true:
            return command, reason
    return "pacctl history", "all is in order; see what was done"


def _headline(screen: Screen, status: Status, now: datetime) -> None:
    colour = _STATE_COLOURS.get(status.state, "yellow")
    words = [Painted(f"● {status.state}", colour), *_activity(status, now)]
    screen.listing("", words, indent=0)
    version = f"pacd {status.version}, up {span(status.uptime_s)}, pid {status.pid}"
    screen.line(Painted(f"  {version}", "dim"))


def _activity(status: Status, now: datetime) -> Iterator[Part]:
    if status.paused:
        until = status.paused.until
        yield f"until {local(until)} ({distance(until, now=now)})" if until else "until you resume"
    if status.queue.running:
        yield several(len(status.queue.running), "item") + " running"
    if status.eta_s is not None:
        yield f"done in about {span(status.eta_s)}"


def _library(screen: Screen, library: LibraryView, now: datetime) -> None:
    screen.rule(library.name, library.root)
    screen.listing("scan", _scan(library, now))
    if library.scan_error:
        screen.prose(library.scan_error, first=" " * 10, indent=10, colour="red")
    screen.listing("masters", _counted(library.counts, _LIBRARY_WORDS) or ["nothing done yet"])
    for mirror in library.mirrors:
        counted = _counted(mirror.counts, _MIRROR_WORDS)
        screen.listing("mirror", [f"{mirror.name} ({mirror.codec})", mirror.root, *counted])


def _scan(library: LibraryView, now: datetime) -> Iterator[Part]:
    total = library.scan_total
    if library.scan_status == "scanning":
        part = library.scan_progress / total if total else 0.0
        if total:
            yield f"{_bar(part)} {part:4.0%}"
        yield f"{grouped(library.scan_progress)} of {grouped(total) if total else 'unknown'} files"
    elif library.scan_status == "never_scanned":
        yield Painted("never scanned", "yellow")
    else:
        failed = library.scan_status == "error"
        yield Painted("failed", "red") if failed else "complete"
        if library.scanned_at:
            when = distance(library.scanned_at, now=now)
            yield f"the last complete one {when}" if failed else when
        yield several(library.counts.get("scanned", 0), "file")


def _counted(counts: Mapping[str, int], words: tuple[tuple[str, str, str], ...]) -> list[Part]:
    found: list[Part] = []
    for name, word, colour in words:
        number = counts.get(name, 0)
        if number:
            text = several(number, word) if word in _NOUNS else f"{grouped(number)} {word}"
            found.append(Painted(text, colour) if colour else text)
    return found


def _running(screen: Screen, item: Running) -> None:
    action = f"{item.action} → {item.mirror}" if item.mirror else item.action
    screen.path(Painted(f"▸ {action}", "cyan"), item.path)
    parts: list[Part] = []
    if item.progress is not None:
        parts.append(f"{_bar(item.progress)} {item.progress:4.0%}")
    parts.append(span(item.elapsed_s))
    if item.eta_s is not None:
        parts.append(f"{span(item.eta_s)} left")
    screen.listing("", parts, indent=2)


def _lines(screen: Screen, status: Status, now: datetime) -> None:
    screen.listing("queue", _queue(status))
    screen.listing("holds", _holds(status.holds))
    screen.listing("audit", _audit(status, now))
    screen.listing("watch", _watch(status))
    for note in status.watch.polled:
        screen.prose(note, first=" " * 10, indent=10)


def _queue(status: Status) -> list[Part]:
    queue = status.queue
    parts: list[Part] = []
    if queue.waiting:
        parts.append(f"{several(queue.waiting, 'item')} waiting")
    if queue.folders_waiting:
        parts.append(f"{several(queue.folders_waiting, 'folder')} to look at")
    return parts or ["empty"]


def _holds(holds: HoldCounts) -> list[Part]:
    words = ((holds.error, "error", "red"), (holds.suspect, "suspect", "yellow"),
             (holds.notice, "notice", "cyan"))  # fmt: skip
    parts: list[Part] = [
        Painted(several(number, word), colour) for number, word, colour in words if number
    ]
    return parts or [Painted("none", "green")]


def _audit(status: Status, now: datetime) -> Iterator[Part]:
    audit = status.audit
    if audit.running:
        yield Painted("running now", "cyan")
    if audit.last_finished:
        failed = any(each.scan_status == "error" for each in status.libraries)
        whole = "last that saw everything" if failed else "last"
        yield f"{whole} {distance(audit.last_finished, now=now)}"
    elif not audit.running:
        yield Painted("none yet", "yellow")
    if audit.next:
        yield f"next {distance(audit.next, now=now)}"


def _watch(status: Status) -> Iterator[Part]:
    watch = status.watch
    yield watch.mode
    if watch.mode == "poll":
        return
    # Counted by a walk; what has come or left since then is watched, and not counted yet.
    since = " at the last audit" if status.audit.last_finished else ""
    if watch.directories or not watch.away:
        yield _covered(watch, since)
    if watch.away:
        verb = "is" if len(watch.away) == 1 else "are"
        yield Painted(f"none of {' and '.join(watch.away)}, which {verb} away", "red")
    if watch.overflows:
        yield Painted(several(watch.overflows, "overflow"), "yellow")


def _covered(watch: Watch, since: str) -> Part:
    if watch.watched >= watch.directories:
        return f"all {several(watch.directories, 'folder')}{since}"
    covered = f"{grouped(watch.watched)} of {several(watch.directories, 'folder')}{since}"
    return Painted(covered, "red")


def _bar(part: float) -> str:
    full = round(min(max(part, 0.0), 1.0) * _BAR)
    return "█" * full + "░" * (_BAR - full)


def records(screen: Screen, status: Status) -> None:
    """For --plain: a word that says what it is, then its fields."""
    screen.record("state", status.state, status.version, status.pid, status.uptime_s)
    for library in status.libraries:
        scan = (library.scan_status, library.scan_progress, library.scan_total, library.scanned_at)
        screen.record("library", library.name, library.root, *scan)
        for name, number in library.counts.items():
            screen.record("count", library.name, "", name, number)
        for mirror in library.mirrors:
            screen.record("mirror", library.name, mirror.name, mirror.codec, mirror.root)
            for name, number in mirror.counts.items():
                screen.record("count", library.name, mirror.name, name, number)
    screen.record("queue", status.queue.waiting, status.queue.folders_waiting)
    for each in status.queue.running:
        screen.record("running", each.library, each.path, each.action, each.mirror, each.progress)
    screen.record("holds", status.holds.error, status.holds.suspect, status.holds.notice)
    watch = status.watch
    screen.record("watch", watch.mode, watch.directories, watch.watched, watch.overflows)
    screen.record("audit", status.audit.last_finished, status.audit.next)
    for problem in status.problems:
        screen.record("problem", problem.what, problem.fix)
