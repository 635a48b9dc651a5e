"""Much to do is never much in flight: what waits are values, in a bounded window."""

from pathlib import Path

from pacd.domain.policy import WorkerLimits
from pacd.engine.engine import Engine
from pacd.engine.pipeline import AHEAD
from tests.integration.engine.site import Site

FOLDERS = 30
FILES = 8


def test_w29_much_to_do_is_not_much_in_flight(tmp_path: Path) -> None:
    """P5, w29: so many jobs run as there are workers; items of few folders wait, not of all."""
    site = Site.make(tmp_path)
    site.limits = WorkerLimits(2, 2, 2, 1)
    for folder in range(FOLDERS):
        place = site.library / f"{folder:03}"
        place.mkdir()
        for file in range(FILES):
            (place / f"{file}.flac").touch()
    most = {"running": 0, "ready": 0, "folders": 0, "workers": 0}

    def watch(engine: Engine) -> bool:
        now = {
            "running": len(engine.dispatch.running),
            "ready": len(engine.dispatch.ready),
            "folders": len(engine.pipeline.visits),
            "workers": len(engine.pool.pids()),
        }
        most.update({name: max(most[name], number) for name, number in now.items()})
        return engine.idle

    ran = site.run(until=watch)

    assert {"test": FOLDERS * FILES} == ran.actions
    assert (site.limits.total, site.limits.total) == (most["running"], most["workers"])
    assert most["ready"] <= AHEAD + FILES
    assert most["folders"] <= AHEAD + FILES
