"""Audits the libraries of a configuration once, as the daemon does, and prints what it took."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.installation import Installation
from bench.shelves import setup
from pacd import logs
from pacd.engine.engine import Engine
from pacd.engine.events import Events
from pacd.store.database import Store


def main() -> None:
    """Print time, processor time, how far the peak of memory rose, and what was found, as JSON."""
    built = setup(Installation(Path(sys.argv[1])))
    logs.configure("info", "json")
    now = datetime.now(UTC)  # this is a daemon of a kind
    store = Store.open(built.database, now=now)
    engine = Engine(built, store, Events(now=now))
    before_kib = _peak_kib()
    started_s, cpu_s = time.perf_counter(), time.process_time()
    engine.auditor.audit_all()
    engine.run(until=lambda each: each.idle)
    wall_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    rows = [row for row in store.libraries.all() if built.policy.library(row.name)]
    reports = [row.report for row in rows if row.report]
    store.close()
    figures = {
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "grown_mib": (_peak_kib() - before_kib) / 1024,
        "discovered": sum(report.files_discovered for report in reports),
        "skipped": sum(report.files_skipped for report in reports),
        "items": sum(engine.recorder.counts.values()),
    }
    print(json.dumps(figures))


def _peak_kib() -> int:
    """The most this process ever held (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main()
