"""The daemon in numbers for monitoring systems (O2, w56); reads, and changes nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from pacd import VERSION
from pacd.engine.meter import BOUNDS_S
from pacd.engine.scene import Scene
from pacd.intake import limits
from pacd.protocol.documents import ProblemKind, State
from pacd.protocol.metrics import Labels, Metric, MetricKind, Sample, by_label, histogram
from pacd.protocol.wire import LIBRARY_COUNTS, MIRROR_COUNTS
from pacd.tools.own_process import own_process

COUNTER, GAUGE, HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM

_MEANINGS: Final = {
    "scanned": "Masters that are there.",
    "tested_ok": "Masters whose present bytes were tested and found intact.",
    "tested_err": "Masters whose present bytes were tested and found damaged.",
    "auth_ok": "Masters judged lossless.",
    "auth_suspect": "Masters judged to come from a lossy source.",
    "auth_inconclusive": "Masters whose authenticity nothing gives away.",
    "auth_skipped": "Masters that the settings leave out of the judging.",
    "resampled": "Masters brought to CD form so far.",
    "recompressed": "Masters made smaller so far.",
    "recompress_skipped": "Masters that were small enough.",
    "art_exported": "Covers exported so far.",
    "held": "Open holds.",
    "failed": "Jobs on masters that have failed so far.",
    "encoded": "Outputs encoded so far.",
    "retagged": "Outputs whose tags were rewritten so far.",
    "renamed": "Outputs renamed so far.",
    "unchanged": "Outputs that are in order.",
    "orphaned": "Outputs that no master wants.",
    "pruned": "Outputs removed so far.",
}


def metrics(scene: Scene) -> tuple[Metric, ...]:
    """All of them, the same names at all times."""
    parts = (_daemon, _watching, _work, _workers, _audits, _keeping, _counts, _process)
    return tuple(metric for part in parts for metric in part(scene))


def _one(name: str, kind: MetricKind, text: str, value: float, labels: Labels = ()) -> Metric:
    return Metric(name, kind, text, (Sample(value, labels),))


def _each(
    name: str, kind: MetricKind, text: str, label: str, values: Mapping[str, float]
) -> Metric:
    return Metric(name, kind, text, by_label(label, values))


def _daemon(scene: Scene) -> Iterator[Metric]:
    reloaded = all(each.kind is not ProblemKind.RELOAD_REFUSED for each in scene.problems)
    kinds = {each.kind for each in scene.problems if each.degrades}
    states = {each.value: int(each is scene.state) for each in State}
    degraded = {each.value: int(each in kinds) for each in ProblemKind}
    loaded_at = _unix(datetime.fromisoformat(scene.config.loaded_at))
    yield _one("pacd_build_info", GAUGE, "Always 1.", 1, (("version", VERSION),))
    started = _unix(scene.started)
    yield _one("pacd_start_time_seconds", GAUGE, "When the daemon started.", started)
    yield _each("pacd_state", GAUGE, "1 for the state it is in.", "state", states)
    text = "1 for each reason for which something is wrong; `pacctl status` has the fix."
    yield _each("pacd_degraded", GAUGE, text, "reason", degraded)
    text = "Whether the settings were in order when last read."
    yield _one("pacd_config_last_reload_successful", GAUGE, text, int(reloaded))
    text = "When settings in order were last read."
    yield _one("pacd_config_last_reload_success_timestamp_seconds", GAUGE, text, loaded_at)
    text = "Lines of the log: written; held back because they repeated others."
    yield _each("pacd_log_lines_total", COUNTER, text, "fate", scene.lines)


def _watching(scene: Scene) -> Iterator[Metric]:
    heard, watch = scene.heard, scene.watch
    ignored = {**heard.ignored, "filtered": heard.ignored["filtered"] + scene.meter.ignored}
    text = "Events of the file system."
    yield _each("pacd_events_received_total", COUNTER, text, "kind", heard.received)
    text = "Of them, PAC's own, and those of folders that are ignored."
    yield _each("pacd_events_ignored_total", COUNTER, text, "reason", ignored)
    text = "Times that the kernel dropped events; each led to an audit."
    yield _one("pacd_event_overflows_total", COUNTER, text, heard.overflows)
    text = "Folders of the watched libraries."
    yield _one("pacd_watch_directories", GAUGE, text, watch.directories)
    yield _one("pacd_watched_directories", GAUGE, "Of them, those with a watch.", watch.watched)
    text = "Watches that the kernel allows; 0 where it does not say."
    yield _one("pacd_watch_limit", GAUGE, text, limits.watches().value or 0)


def _work(scene: Scene) -> Iterator[Metric]:
    meter, depths = scene.meter, scene.snapshot.depths
    text = "Folders (settling, folders, visits) and items (items, parked, running) under way."
    yield _each("pacd_queue_depth", GAUGE, text, "stage", depths.stages)
    waits_s = scene.now_s - depths.oldest_s if depths.oldest_s is not None else 0.0
    text = "How long the folder that waits longest has waited; 0 when none does."
    yield _one("pacd_oldest_pending_seconds", GAUGE, text, round(max(0.0, waits_s), 3))
    jobs = (
        Sample(number, (("kind", kind), ("result", result)))
        for (kind, result), number in meter.jobs.items()
    )
    yield Metric("pacd_jobs_total", COUNTER, "Jobs that have ended.", tuple(jobs))
    spent = (
        sample
        for kind, each in meter.durations.items()
        for sample in histogram(BOUNDS_S, each.counts, each.total_s, (("kind", kind),))
    )
    text = "How long workers were busy with a job; look is reading the tags of outputs."
    yield Metric("pacd_job_duration_seconds", HISTOGRAM, text, tuple(spent))
    yield _each("pacd_files_written_total", COUNTER, "Files written.", "kind", meter.files)
    yield _each("pacd_bytes_written_total", COUNTER, "Their sizes.", "kind", meter.bytes)


def _workers(scene: Scene) -> Iterator[Metric]:
    text = "Workers that were lost, or could not be started."
    yield _each("pacd_worker_crashes_total", COUNTER, text, "cause", scene.meter.crashes)
    text = "Workers that took the place of lost ones: they are replaced one by one."
    yield _one("pacd_pool_rebuilds_total", COUNTER, text, scene.meter.replaced)


def _audits(scene: Scene) -> Iterator[Metric]:
    names = [each.name for each in scene.libraries]
    last = {each.name: _unix_of(each.scanned_at) for each in scene.libraries}
    took = {name: scene.durations_s.get(name, 0.0) for name in names}
    text = "When a library was last walked whole; 0 for never."
    yield _each("pacd_audit_last_success_timestamp_seconds", GAUGE, text, "library", last)
    text = "How long that took."
    yield _each("pacd_audit_duration_seconds", GAUGE, text, "library", took)
    text = "Changes that audits found and the watcher had missed."
    yield _each("pacd_audit_drift_total", COUNTER, text, "kind", scene.meter.drift)


def _keeping(scene: Scene) -> Iterator[Metric]:
    holds = scene.holds
    text = "Open holds by severity."
    numbers = {"error": holds.error, "suspect": holds.suspect, "notice": holds.notice}
    yield _each("pacd_holds", GAUGE, text, "severity", numbers)
    text = "Files that nothing is done with until a person has looked."
    yield _one("pacd_quarantined_files", GAUGE, text, holds.error + holds.suspect)
    text = "When the state was last backed up; 0 for never."
    last = _unix(scene.last_backup) if scene.last_backup else 0
    yield _one("pacd_backup_last_success_timestamp_seconds", GAUGE, text, last)


def _counts(scene: Scene) -> Iterator[Metric]:
    """The counts of requirements 1.4, as `pacctl status --json` has them."""
    of_libraries = [((("library", each.name),), each.counts) for each in scene.libraries]
    of_mirrors = [
        ((("library", library.name), ("mirror", mirror.name)), mirror.counts)
        for library in scene.libraries
        for mirror in library.mirrors
    ]
    yield from _counted("pacd_library_", LIBRARY_COUNTS, of_libraries)
    yield from _counted("pacd_mirror_", MIRROR_COUNTS, of_mirrors)


def _counted(
    prefix: str, names: Iterable[str], rows: Sequence[tuple[Labels, Mapping[str, int]]]
) -> Iterator[Metric]:
    for name in names:
        samples = tuple(Sample(counts[name], labels) for labels, counts in rows)
        if samples:  # a library may have no mirror
            yield Metric(f"{prefix}{name}", GAUGE, _MEANINGS[name], samples)


def _process(_scene: Scene) -> Iterator[Metric]:
    """Names of the Prometheus client libraries ("Writing client libraries", Process metrics)."""
    own = own_process()
    text = "CPU time of the daemon itself, without its workers."
    yield _one("process_cpu_seconds_total", COUNTER, text, round(own.cpu_s, 3))
    text = "When the process started."
    yield _one("process_start_time_seconds", GAUGE, text, round(own.started_s, 2))
    text = "Memory that it occupies."
    yield _one("process_resident_memory_bytes", GAUGE, text, own.resident_bytes)
    text = "Memory that it may address."
    yield _one("process_virtual_memory_bytes", GAUGE, text, own.virtual_bytes)
    yield _one("process_threads", GAUGE, "Its threads.", own.threads)
    yield _one("process_open_fds", GAUGE, "Files that it has open.", own.open_files)
    yield _one("process_max_fds", GAUGE, "Files that it may have open.", own.most_files)


def _unix(moment: datetime) -> float:
    return round(moment.timestamp(), 3)


def _unix_of(moment: str | None) -> float:
    return _unix(datetime.fromisoformat(moment)) if moment else 0.0
