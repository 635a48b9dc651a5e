"""A storm of events takes bounded memory, from PAC's handler on; watchdog's queue is not in it."""

import os
import subprocess
import sys
from pathlib import Path

# A process of its own: what other tests have left in memory would hide what this takes.
STORM = """
import resource, sys
from pathlib import Path
from watchdog.events import FileClosedEvent, FileCreatedEvent
from pacd.engine.inbox import Inbox
from pacd.intake.heard import Heard
from pacd.intake.watcher import Handler

inbox = Inbox()
handler = Handler("music", Path("/music"), inbox.touch, Heard())
most = 0

def grown_kib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def kinds(number):
    folder = f"/music/Artist {number // 70}/Album {number // 10}"
    yield FileCreatedEvent(f"{folder}/{number}.flac")
    yield FileClosedEvent(f"{folder}/{number}.flac")

storm = [event for number in range(20_000) for event in kinds(number)]
handler.dispatch(storm[0])
inbox.take()
before = grown_kib()
for number in range(int(sys.argv[1])):
    handler.dispatch(storm[number % len(storm)])
    if not number % 16:
        most = max(most, len(inbox._touched))
touched, _ = inbox.take()
print(most, len(touched), grown_kib() - before)
"""


def test_w05_a_million_events_take_bounded_memory() -> None:
    """w05: coalesced per folder, then for the whole library, in the handler, in one thread."""
    command = [sys.executable, "-c", STORM, "1000000"]
    repository = Path(__file__).parents[2]
    done = subprocess.run(
        command, cwd=repository, env=dict(os.environ), capture_output=True, text=True, check=True
    )
    most, left, grown_kib = map(int, done.stdout.split())

    assert most <= 512
    assert 0 < left <= 512
    assert grown_kib < 4 << 10
