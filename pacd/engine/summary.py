"""What a one-shot run, or a scan that was asked for, came to: the counts of requirements 1.4."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from pacd.domain.policy import LibraryPolicy
from pacd.engine.awaiting import left_waiting
from pacd.engine.engine import Engine
from pacd.engine.errands import Errand
from pacd.engine.recording import Count
from pacd.protocol.documents import Counts, no_library_counts, no_mirror_counts
from pacd.protocol.wire import LIBRARY_COUNTS, MIRROR_COUNTS
from pacd.store.database import Store


def summary(
    engine: Engine, tools: Mapping[str, str], *, total_s: float, timestamp: int
) -> dict[str, Any]:
    """
    Sum up what the engine has done since it was built.

    Args:
        total_s: By the clock on the wall; the other times add up over workers.
        timestamp: Unix seconds.
    """
    libraries = [_library(engine, library) for library in engine.pipeline.policy.libraries]
    total: Counter[str] = Counter(no_library_counts())
    mirrored: Counter[str] = Counter(no_mirror_counts())
    for library in libraries:
        total.update(library["counts"])
        for mirror in library["mirrors"]:
            mirrored.update(mirror["counts"])
    seconds = {**engine.recorder.pace.spent_s, "total": total_s}
    return {
        "schema": 1,
        "mode": "once",
        "libraries": libraries,
        "tools": dict(tools),
        "counts": {"library": dict(total), "mirror": dict(mirrored)},
        "timing_s": {name: round(spent_s, 3) for name, spent_s in sorted(seconds.items())},
        "timestamp": timestamp,
    }


def errand_counts(engine: Engine, errand: Errand) -> Counts:
    """
    What a scan that is over came to, named and counted as in the summary of a run (1.4).

    What else was done meanwhile counts too: the work of one folder serves all who want it.
    How files stand where a walk could not look, nobody knows.
    """
    done = engine.recorder.counts - errand.before
    total: Counter[str] = Counter(no_library_counts())
    mirrored: Counter[str] = Counter(no_mirror_counts())
    for audit in errand.audits:
        if audit.error:
            continue
        policy = audit.policy
        counts = _counts(engine.store, audit.library_id, policy.name, done, audit.below)
        total.update(counts)
        for mirror in policy.mirrors:
            outputs = engine.store.outputs.count_of(audit.library_id, mirror.name, audit.below)
            mirrored.update(_mirror(done, policy.name, mirror.name, outputs))
    return Counts(library=dict(total), mirror=dict(mirrored))


def left_waiting_of(engine: Engine, errand: Errand) -> str:
    """Say what failed where a scan has looked and still waits for another try; "" for nothing."""
    now = datetime.now(UTC)
    found = (
        left_waiting(engine.store, each.policy, each.library_id, each.below, now=now)
        for each in errand.audits
    )
    return " ".join(sentence for sentence in found if sentence)


def _library(engine: Engine, library: LibraryPolicy) -> dict[str, Any]:
    store = engine.store
    library_id = engine.pipeline.library_ids[library.name]
    done = engine.recorder.counts
    return {
        "name": library.name,
        "root": str(library.root),
        "counts": _counts(store, library_id, library.name, done, PurePosixPath()),
        "mirrors": [
            {
                "name": mirror.name,
                "codec": mirror.codec.value,
                "root": str(mirror.root),
                "counts": _mirror(
                    done, library.name, mirror.name, store.outputs.count(library_id, mirror.name)
                ),
            }
            for mirror in library.mirrors
        ],
    }


def _counts(
    store: Store, library_id: int, library: str, done: Counter[Count], below: PurePosixPath
) -> dict[str, int]:
    """
    What a run did; and how the files that it looked at stand now.

    Args:
        below: The folder that it looked at, with all below it.
    """
    counters = store.counters
    whole = not below.parts  # counted from indexes alone
    state = counters.state(library_id) if whole else counters.standing(library_id, below)
    counts = {name: done[(library, "", name)] for name in LIBRARY_COUNTS}
    counts |= {"scanned": state["scanned"], "held": state["held"]}
    rewritten = counts["resampled"] + counts["recompressed"] + counts["recompress_skipped"]
    untouched = state["at_target"] - rewritten
    counts["recompress_skipped"] += max(0, untouched)
    return counts


def _mirror(done: Counter[Count], library: str, mirror: str, outputs: int) -> dict[str, int]:
    counts = {name: done[(library, mirror, name)] for name in MIRROR_COUNTS}
    touched = counts["encoded"] + counts["retagged"] + counts["renamed"]
    return counts | {"unchanged": max(0, outputs - touched)}
