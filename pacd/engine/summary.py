"""What a one-shot run came to: the summary of requirements 1.4."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pacd.domain.policy import LibraryPolicy
from pacd.engine.engine import Engine
from pacd.engine.recording import Count
from pacd.protocol.documents import no_library_counts, no_mirror_counts
from pacd.protocol.wire import LIBRARY_COUNTS, MIRROR_COUNTS


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


def _library(engine: Engine, library: LibraryPolicy) -> dict[str, Any]:
    store = engine.store
    library_id = engine.pipeline.library_ids[library.name]
    state = store.counters.state(library_id)
    done = engine.recorder.counts
    counts = {name: done[(library.name, "", name)] for name in LIBRARY_COUNTS}
    counts |= {"scanned": state["scanned"], "held": state["held"]}
    untouched = state["at_target"] - counts["recompressed"] - counts["recompress_skipped"]
    counts["recompress_skipped"] += max(0, untouched)
    return {
        "name": library.name,
        "root": str(library.root),
        "counts": counts,
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


def _mirror(done: Counter[Count], library: str, mirror: str, outputs: int) -> dict[str, int]:
    counts = {name: done[(library, mirror, name)] for name in MIRROR_COUNTS}
    touched = counts["encoded"] + counts["retagged"] + counts["renamed"]
    return counts | {"unchanged": max(0, outputs - touched)}
