"""What `pacctl doctor` looks at: real roots, a real disk, the clock as it is passed in."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacd import VERSION
from pacd.engine.doctor import examine
from pacd.protocol.documents import DoctorCheck, Verdict, Watch
from tests.integration.engine.site import Site

_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_ALL = Watch(mode="inotify", directories=7, watched=7)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site.make(tmp_path, mirror=True, artwork=True)
    for root in ("phone", "art", "state"):
        (tmp_path / root).mkdir()
    return made


def _found(
    site: Site, watch: Watch = _ALL, last_audit: datetime | None = None
) -> dict[str, DoctorCheck]:
    found = examine(site.policy, site.tools, watch, site.database, last_audit, now=_NOW)
    assert all(bool(each.fix) == (each.verdict is not Verdict.OK) for each in found.checks)
    return {each.name: each for each in found.checks}


def test_w57_the_doctor_looks_at_everything(site: Site) -> None:
    """w57: versions, roots with file system and free space, limits, rights, the clock."""
    found = _found(site)
    sound = {name for name, each in found.items() if each.verdict is Verdict.OK}
    roots = {"library music", "mirror phone", "covers", "state"}

    assert {"pacd", "flac", "watches", "clock", "user"} | roots <= found.keys()
    assert {"pacd", "flac", "watches", "clock"} | roots <= sound
    assert found["pacd"].found.startswith(f"{VERSION} on Python 3.")
    assert all(" MiB free" in found[name].found for name in roots)
    assert "the limit is " in found["watches"].found
    assert "2026-11-21 12:00:00 UTC" == found["clock"].found
    assert str(os.geteuid()) in found["user"].found or os.geteuid() == 0


def test_w57_the_doctor_says_how_to_mend(site: Site) -> None:
    """w57: a root that is gone, a disk that is full, too few watches: each with its fix."""
    (site.base / "phone").rmdir()
    site.policy = replace(site.policy, min_free_bytes=1 << 62)
    found = _found(site, Watch(mode="inotify", directories=9_000, watched=8_192))

    assert f"mkdir -p {site.base}/phone" in found["mirror phone"].fix
    assert found["library music"].fix.startswith("Free some space")
    assert "sysctl -w fs.inotify.max_user_watches=" in found["watches"].fix


@pytest.mark.parametrize(
    ("now_is", "verdict"),
    [
        pytest.param(timedelta(days=-3), Verdict.OK, id="goes on"),
        pytest.param(timedelta(hours=2), Verdict.DEGRADED, id="was set back"),
    ],
)
def test_w57_a_clock_that_was_set_back(site: Site, now_is: timedelta, verdict: Verdict) -> None:
    """w57: audits, retries and re-tests go by the clock; the last audit cannot lie ahead."""
    clock = _found(site, last_audit=_NOW + now_is)["clock"]

    assert verdict is clock.verdict
    assert verdict is Verdict.OK or "the last audit ended at 2026-11-21 14:00:00 UTC" in clock.found
