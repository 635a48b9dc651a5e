"""Stand-ins that keep the promises of what they replace."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from pacd import VERSION
from pacd.errors import ConfigError, RefusedError, UnknownError
from pacd.protocol.documents import (
    Audit,
    Bin,
    ConfigFile,
    ConfigView,
    Counts,
    Decision,
    Doctor,
    DoctorCheck,
    Event,
    EventKind,
    FileState,
    FolderView,
    Health,
    History,
    HistoryView,
    HoldCounts,
    Holds,
    HoldView,
    LibraryView,
    MirrorView,
    OrphanView,
    Paused,
    Plan,
    PlanView,
    Problem,
    ProblemKind,
    Prune,
    PruneState,
    Queue,
    RecycledView,
    RefusalView,
    Restored,
    Running,
    ScanTicket,
    SettingView,
    State,
    Status,
    TicketState,
    Unsettled,
    Verdict,
    Watch,
    Why,
    Workload,
    no_library_counts,
    no_mirror_counts,
)
from pacd.protocol.metrics import Metric, MetricKind, by_label

NOW = "2026-11-21T12:00:00Z"
KEPT_EVENTS = 8

RECYCLED = RecycledView(
    id=3,
    library="music",
    path="Anna Larsen/Tide/01 - Ebb.flac",
    since="2026-11-20T08:15:00Z",
    until="2026-12-20T08:15:00Z",
    reason="resampled, it was 96 kHz, 24 bit",
    size_bytes=98_765_432,
    md5="a1" * 16,
)
AWAY = RecycledView(
    id=4,
    library="attic",
    path="Bo/Old/02.flac",
    since="2026-11-20T09:00:00Z",
    until="2026-12-20T09:00:00Z",
    reason="resampled, it was 24 bit",
    size_bytes=45_000_000,
    away=True,
)
BIN = Bin(files=(RECYCLED, AWAY), size_bytes=143_765_432, retention_days=30)

MIRROR = MirrorView(
    name="phone",
    codec="opus",
    root="/srv/phone",
    counts={**no_mirror_counts(), "encoded": 12_014, "unchanged": 340, "orphaned": 2},
)
LIBRARY = LibraryView(
    name="music",
    root="/srv/music",
    scan_status="complete",
    scan_progress=12_345,
    scan_total=12_345,
    scanned_at="2026-11-21T09:00:00Z",
    counts={
        **no_library_counts(),
        "scanned": 12_345,
        "tested_ok": 12_300,
        "tested_err": 3,
        "recompressed": 4_021,
        "recompress_skipped": 8_279,
        "art_exported": 987,
        "held": 4,
    },
    mirrors=(MIRROR,),
)
RUNNING = Running(
    path="Björk/Homogenic/01 Hunter.flac",
    library="music",
    action="recompress",
    progress=0.43,
    elapsed_s=6.0,
    eta_s=8.0,
)
WATCHING = Status(
    state=State.WATCHING,
    version=VERSION,
    pid=4711,
    uptime_s=93_784.0,
    paused=None,
    libraries=(LIBRARY,),
    counts=Counts(library=LIBRARY.counts, mirror=MIRROR.counts),
    queue=Workload(),
    eta_s=None,
    holds=HoldCounts(),
    watch=Watch(mode="inotify", directories=1_234, watched=1_234),
    audit=Audit(last_finished="2026-11-21T09:00:00Z", next="2026-11-22T09:00:00Z"),
    problems=(),
    tools={"flac": "1.4.2", "opusenc": "0.2"},
    config=ConfigFile(path="/etc/pacd/pacd.toml", loaded_at="2026-11-20T09:56:56Z"),
)
WORKING = replace(
    WATCHING,
    state=State.WORKING,
    queue=Workload(waiting=1_212, folders_waiting=3, running=(RUNNING,)),
    eta_s=5_400.0,
    holds=HoldCounts(error=2, suspect=1, notice=1),
)
LIMIT_PROBLEM = Problem(
    what="200 of 1,434 folders are not watched: the kernel's limit is reached",
    fix="sudo sysctl fs.inotify.max_user_watches=524288",
)
DEAD_PROBLEM = Problem(
    what="The engine's thread has not answered for 5 s.",
    fix="Restart pacd and report what its log says.",
    kind=ProblemKind.ENGINE_DEAD,
)
CORRUPT = HoldView(
    id=7,
    library="music",
    path="坂本龍一/千のナイフ/01 Thousand Knives.flac",
    cause="corrupt",
    severity="error",
    since="2026-11-20T22:15:00Z",
    md5="0123456789abcdef0123456789abcdef",
    file="/srv/music/坂本龍一/千のナイフ/01 Thousand Knives.flac",
    reason="the decoded audio does not match its MD5",
    advice="Replace it with a good copy from a backup or the source; the hold then ends by itself.",
    evidence={
        "words": "01 Thousand Knives.flac: ERROR while decoding data\n"
        "    state = FLAC__STREAM_DECODER_READ_FRAME",
        "sample": 1_234_567,
    },
)
SUSPECT = replace(
    CORRUPT,
    id=12,
    cause="suspect",
    severity="suspect",
    reason="PAC's own detector: nothing above 16.0 kHz in any loud passage, floor -118 dB there; "
    "auCDtect: it looks like MPEG with a probability of 99 %",
    advice="Look at the evidence, and at the spectrogram if there is one.",
    evidence={
        "judged": "2026-11-20T22:15:00+00:00",
        "builtin": "suspect: nothing above 16.0 kHz in any loud passage, floor -118 dB there",
        "aucdtect": "suspect: it looks like MPEG with a probability of 99 %",
        "numbers": {
            "builtin": {"edge_hz": 16_021.5, "floor_db": -118, "codec": "MP3", "bits": [16, 16]},
            "aucdtect": {"class": "MPEG", "score": 99},
        },
        "words": "This track looks like MPEG with probability 99%",
    },
    spectrogram="/var/lib/pacd/spectrograms/坂本龍一/千のナイフ/01 Thousand Knives 01234567.png",
)
UNSTABLE = replace(
    CORRUPT,
    id=9,
    path="New/track.flac",
    file="/srv/music/New/track.flac",
    cause="unstable",
    severity="notice",
    reason="something has been writing to it for 10 minutes",
    advice="Find the program that does.",
    evidence={},
    md5="",
)
ITEMS = (
    PlanView(library="music", path="A/B/01.flac", action="test", reason="never tested"),
    PlanView(
        library="music",
        path="A/B/02.flac",
        action="mirror-encode",
        reason="no output in phone",
        mirror="phone",
    ),
)
ORPHAN = OrphanView(
    library="music",
    mirror="phone",
    path="坂本龍一/千のナイフ (Thousand Knives of Ryuichi Sakamoto)/01 Thousand Knives.opus",
    source="坂本龍一/千のナイフ (Thousand Knives of Ryuichi Sakamoto)/01 Thousand Knives.flac",
    since="2026-11-20T10:00:00Z",
)
SPARE = replace(
    ORPHAN,
    path="A/B/01.opus",
    source="A/B/01.flac",
    reason="a master of the same audio has no output in its place",
)
STUCK = replace(SPARE, path="C/01.opus", reason="01.opus changed while it was being worked on")
REFUSED = RefusalView(
    library="music",
    mirror="phone",
    reason="the masters of 2,500 of 12,354 outputs in phone are gone at once",
    fix="Look whether the library is whole. `pacctl holds show 11` names some; "
    "`pacctl release 11 --accept`, then `pacctl prune`, if they are gone for good.",
    outputs=2_500,
    hold=11,
)
MASS = HoldView(
    id=11,
    library="music",
    path=".",
    cause="mass-disappearance",
    severity="error",
    since="2026-11-20T22:15:00Z",
    md5="",
    reason="the masters of 25 of 26 outputs in phone are gone at once",
    advice="Look whether the library is whole.",
    evidence={
        "outputs": 25,
        "of": 26,
        "last_gone": "2026-11-20T22:14:58.123000+00:00",
        "examples": ["A/many/00.opus", "A/many/01.opus"],
    },
    mirror="phone",
)
UNSETTLED = Unsettled(library="music", path="New/" + 30 * "long " + "name.flac")
TESTED = HistoryView(
    at="2026-11-20T10:00:00Z",
    library="music",
    path="A/B/01.flac",
    action="test",
    status="ok",
    message="intact, 3:07 of audio",
)
FAILED = replace(
    TESTED,
    path="坂本龍一/千のナイフ (Thousand Knives of Ryuichi Sakamoto)/01 Thousand Knives.flac",
    action="flac_test_err",
    status="error",
    message="its audio is cut off at 3:07; its last frame is missing, so it may be cut off",
)
EXPLAINED = Why(
    library="music",
    path="A/B/01.flac",
    state=FileState.WAITING,
    decision=Decision(action="recompress", reason="level 5 is below 8"),
    facts={"integrity": "intact", "size_bytes": 31_337_000, "tags": {"ARTIST": "A"}},
    history=(TESTED,),
)
MIRRORED = replace(
    EXPLAINED,
    state=FileState.IN_ORDER,
    decision=Decision(action="none", reason="intact"),
    facts={
        "sample_rate_hz": 44_100,
        "duration_s": 187.4,
        "tags": {"ARTIST": ["A", "B"]},
        "tested_at": "2026-11-20T10:00:00Z",
        "outputs": {
            "phone": {"path": "A/B/01.opus", "state": "ours", "quality": "opus 128 kbit/s"},
            "car": {"path": "A/B/01.opus", "state": "missing", "quality": ""},
        },
    },
)
IGNORED = Why(
    library="music",
    path="A/B/._01.flac",
    state=FileState.IGNORED,
    decision=Decision(action="none", reason="its name matches ._*"),
)
SETTINGS = ConfigView(
    path="/etc/pacd/pacd.toml",
    loaded_at="2026-11-20T09:56:56Z",
    settings=(
        SettingView(key="watch.settle_s", value=10.0, origin="default"),
        SettingView(key="watch.mode", value="auto", origin="/etc/pacd/pacd.toml"),
        SettingView(key="flac.keep_mtime", value=True, origin="$PACD_FLAC__KEEP_MTIME"),
    ),
)
CHECKED = Doctor(
    checks=(
        DoctorCheck(name="flac", verdict=Verdict.OK, found="1.4.2 at /usr/bin/flac"),
        DoctorCheck(
            name="watches",
            verdict=Verdict.DEGRADED,
            found="the limit is 8192",
            fix="sudo sysctl fs.inotify.max_user_watches=524288",
        ),
    )
)


class FakeDaemon:
    """
    A daemon in memory that keeps the promises of the port Daemon.

    Attributes:
        commands: What was asked of it and by whom, in order.
        bad_config: When set, what `reload` fails with.
        orphans: What `prune` finds; those in `stuck` it cannot remove.
        guards: What stands against it.
        idle_asked: Set once somebody asked whether it is idle.
        gate: While cleared, `status` blocks, as behind a lock that is long held.
        root: Absolute paths elsewhere lie in no library; relative ones are below it.
        twofold: A relative path that is in two libraries.
    """

    def __init__(self, status: Status = WATCHING, holds: Sequence[HoldView] = ()) -> None:
        self.commands: list[tuple[str, object, str]] = []
        self.bad_config = ""
        self.root, self.twofold = "/", ""
        self.idle_asked = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.orphans: tuple[OrphanView, ...] = (ORPHAN,)
        self.bin = BIN
        self.stuck: tuple[OrphanView, ...] = ()
        self.guards: tuple[RefusalView, ...] = ()
        self.items: tuple[PlanView, ...] = ITEMS
        self.explained = EXPLAINED
        self.listeners: list[Callable[[Event], None]] = []
        self._status = status
        self._holds = {each.id: each for each in holds}
        self._tickets: dict[int, ScanTicket] = {}
        self._prunes: dict[int, Prune] = {}
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._last_event = 0
        self._lock = threading.RLock()

    def status(self) -> Status:
        self.gate.wait(30)
        with self._lock:
            if not self._holds:
                return self._status
            severities = [each.severity for each in self._holds.values()]
            counts = HoldCounts(
                error=severities.count("error"),
                suspect=severities.count("suspect"),
                notice=severities.count("notice"),
            )
            return replace(self._status, holds=counts)

    def holds(self) -> Holds:
        with self._lock:
            return Holds(holds=tuple(self._holds.values()), libraries=("attic", "music"))

    def hold(self, id: int) -> HoldView:  # noqa: A002  # the port's word
        with self._lock:
            if id not in self._holds:
                raise UnknownError(f"There is no open hold {id}.", fix="`pacctl holds` lists them.")
            return self._holds[id]

    def release(self, ids: Sequence[int], accept: bool, who: str) -> Holds:
        with self._lock:
            released = tuple(self.hold(each) for each in ids)
            for each in released:
                del self._holds[each.id]
            self.commands.append(("release", (tuple(ids), accept), who))
            return Holds(holds=released)

    def _locate(self, path: str | None) -> None:
        if path is not None and path.startswith("/") and not path.startswith(self.root):
            raise UnknownError(f"{path} is in no library.")
        if path and path == self.twofold:
            raise RefusedError(f"{path} is in two libraries.")

    def plan(self, path: str | None) -> Plan:
        self._locate(path)
        return Plan(items=tuple(each for each in self.items if path in {None, each.path}))

    def scan(self, path: str | None, who: str) -> ScanTicket:
        with self._lock:
            self._locate(path)
            if self._status.state is State.STOPPING:
                raise RefusedError("The daemon is stopping.")
            ticket = ScanTicket(id=len(self._tickets) + 1, state=TicketState.RUNNING, path=path)
            self._tickets[ticket.id] = ticket
            self.commands.append(("scan", path, who))
            return ticket

    def finish_scan(self, id: int, exit_code: int) -> None:  # noqa: A002  # the port's word
        """Let a requested scan come to its end."""
        with self._lock:
            counts = Counts(library={**no_library_counts(), "scanned": 12, "tested_ok": 11})
            self._tickets[id] = replace(
                self._tickets[id], state=TicketState.DONE, exit=exit_code, counts=counts
            )
        self.emit(EventKind.SCAN_FINISHED)

    def ticket(self, id: int) -> ScanTicket:  # noqa: A002  # the port's word
        with self._lock:
            if id not in self._tickets:
                raise UnknownError(f"There is no scan {id}.")
            return self._tickets[id]

    def prunable(self, mirror: str | None) -> Prune:
        self._require_mirror(mirror)
        if self._status.queue != Workload():
            raise RefusedError("PAC is at work.", fix="`pacctl wait`, then again.")
        return Prune(id=0, state=PruneState.FORESEEN, orphans=self.orphans, refused=self.guards)

    def prune(self, mirror: str | None, who: str) -> Prune:
        with self._lock:
            self._require_mirror(mirror)
            if self._status.paused:
                raise RefusedError("PAC is paused, so nothing is removed.", fix="`pacctl resume`.")
            found = replace(self.prunable(mirror), id=len(self._prunes) + 1)
            done = replace(
                found,
                state=PruneState.DONE,
                removed=len(self.orphans) - len(self.stuck),
                failed=self.stuck,
            )
            self._prunes[done.id] = done
            self.commands.append(("prune", mirror, who))
            return replace(found, state=PruneState.RUNNING) if self.orphans else done

    def pruned(self, id: int) -> Prune:  # noqa: A002  # the port's word
        with self._lock:
            if id not in self._prunes:
                raise UnknownError(f"No prune has the number {id}.")
            return self._prunes[id]

    def _require_mirror(self, mirror: str | None) -> None:
        if mirror not in {None, MIRROR.name}:
            raise UnknownError(f"There is no mirror {mirror}; there are: {MIRROR.name}.")

    def recycled(self) -> Bin:
        return self.bin

    def restore(self, id: int, who: str) -> Restored:  # noqa: A002  # the port's word
        with self._lock:
            found = next((each for each in self.bin.files if each.id == id), None)
            if found is None:
                fix = "`pacctl restore` lists what lies there."
                raise UnknownError(f"Nothing in a recycle bin has the number {id}.", fix=fix)
            if found.away:
                fix = "Mount the disk that holds it, then again."
                raise RefusedError(f"Library {found.library} is not there now.", fix=fix)
            self.commands.append(("restore", id, who))
            return Restored(id=id, library=found.library, path=found.path, exchanged=9)

    def queue(self) -> Queue:
        folder = FolderView(library="music", path="New", reason="it settles", due=NOW)
        return Queue(running=self._status.queue.running, waiting=self.items, folders=(folder,))

    def why(self, path: str) -> Why:
        self._locate(path)
        if path.endswith("unknown.flac"):
            raise UnknownError(f"{path} is in no library.")
        return replace(self.explained, path=path)

    def history(self, path: str | None, limit: int) -> History:
        self._locate(path)
        return History(entries=(TESTED, replace(TESTED, message=f"{path} {limit}")))

    def pause(self, for_s: float | None, who: str) -> Status:
        with self._lock:
            until = None if for_s is None else "2026-11-21T14:00:00Z"
            self._status = replace(self._status, state=State.PAUSED, paused=Paused(until=until))
            self.commands.append(("pause", for_s, who))
            return self._status

    def resume(self, who: str) -> Status:
        with self._lock:
            self._status = replace(self._status, state=State.WATCHING, paused=None)
            self.commands.append(("resume", None, who))
            return self._status

    def health(self) -> Health:
        problems = self._status.problems
        live = DEAD_PROBLEM not in problems
        verdict = Verdict.DEGRADED if problems else Verdict.OK
        return Health(
            verdict=verdict if live else Verdict.FAILED,
            live=live,
            ready=not problems,
            problems=problems,
        )

    def metrics(self) -> tuple[Metric, ...]:
        state = self._status.state
        states = by_label("state", {each.value: int(each is state) for each in State})
        return (Metric("pacd_state", MetricKind.GAUGE, "1 for the state it is in.", states),)

    def doctor(self) -> Doctor:
        return CHECKED

    def config(self) -> ConfigView:
        return SETTINGS

    def reload(self, who: str) -> ConfigView:
        if self.bad_config:
            raise ConfigError(self.bad_config)
        self.commands.append(("reload", None, who))
        return replace(SETTINGS, restart=("daemon.socket",))

    def idle(self) -> bool:
        self.idle_asked.set()
        with self._lock:
            busy = any(each.state is TicketState.RUNNING for each in self._tickets.values())
            return not busy and self._status.queue == Workload()

    def rest(self) -> None:
        """Finish all work."""
        with self._lock:
            self._status = replace(self._status, state=State.WATCHING, queue=Workload())
        self.emit(EventKind.STATE_CHANGED)

    def emit(self, kind: EventKind, *, path: str = "", message: str = "") -> Event:
        """Let something happen."""
        with self._lock:
            self._last_event += 1
            event = Event(id=self._last_event, at=NOW, kind=kind, path=path, message=message)
            self._events.append(event)
            for listener in tuple(self.listeners):
                listener(event)
            return event

    def events(self, since: int) -> tuple[Event, ...]:
        with self._lock:
            return tuple(each for each in self._events if each.id > since)

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        with self._lock:
            self.listeners.append(callback)
        return lambda: self.listeners.remove(callback)
