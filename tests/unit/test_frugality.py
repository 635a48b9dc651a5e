"""What a process of many threads keeps of the C library's memory."""

import subprocess
import sys
from typing import Final

from pacd.frugality import ARENAS

_HEAP_BYTES: Final = 64 << 20
"""
glibc 2.36, malloc/arena.c: all arenas but the first lie in heaps that are aligned to so much.

They are set apart whole, and what is not used yet may not be touched; another mapping is aligned by
chance, but has no such end.
"""

_THREADS: Final = f"""
import sqlite3, sys, threading
from pathlib import Path
from pacd.frugality import spare

if sys.argv[1] == "sparing":
    spare()
ready = threading.Barrier(12)

def allocate():
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE t AS SELECT randomblob(1000)")
    ready.wait()

threads = [threading.Thread(target=allocate) for _ in range(12)]
[each.start() for each in threads]
[each.join() for each in threads]
maps = [line.split()[:2] for line in Path("/proc/self/maps").open()]
spans = [(*(int(bound, 16) for bound in span.split("-")), rights) for span, rights in maps]
ends = set(end for _, end, rights in spans if rights == "---p")
print(sum(start % {_HEAP_BYTES} == 0 and start + {_HEAP_BYTES} in ends for start, *_ in spans))
"""


def heaps(how: str) -> int:
    """How many arenas there are, the first apart, after twelve threads have had some memory."""
    command = [sys.executable, "-c", _THREADS, how]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def test_w29_threads_share_their_memory() -> None:
    """w29: one arena for each thread would each keep what others could use."""
    assert heaps("sparing") < ARENAS < heaps("as it is")
