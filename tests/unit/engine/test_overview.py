"""The daemon on one screen."""

import pytest

from pacd.engine.overview import remaining_s
from pacd.engine.snapshot import Snapshot
from pacd.protocol.documents import Running, Workload


def running(eta_s: float | None) -> Running:
    return Running(path="a.flac", library="music", action="test", eta_s=eta_s)


@pytest.mark.parametrize(
    ("queue_s", "items", "expected"),
    [
        (None, (), None),
        (3.04, (), 3.0),
        (0.0, (34.25, None), 34.2),
        (90.0, (34.0,), 90.0),
        (None, (5.0,), 5.0),
    ],
)
def test_the_queue_takes_no_less_than_what_runs(
    queue_s: float | None, items: tuple[float | None, ...], expected: float | None
) -> None:
    """1.3: a file of ten hours is not done in about 0 s because others were short."""
    work = Workload(waiting=0, folders_waiting=0, running=tuple(map(running, items)))

    assert expected == remaining_s(Snapshot(eta_s=queue_s), work)
