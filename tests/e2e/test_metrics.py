"""O2, w56: the numbers of a daemon, as a monitoring system sees them."""

import re
from pathlib import Path

from tests.e2e.albums import make_album
from tests.e2e.order import await_outputs, masters, output_of
from tests.e2e.running import Site, until
from tests.prometheus import Family, read
from tests.serving import exchange, request

NAMES = """
build_info start_time_seconds state degraded log_lines_total
config_last_reload_successful config_last_reload_success_timestamp_seconds
events_received_total events_ignored_total event_overflows_total
watch_directories watched_directories watch_limit
queue_depth oldest_pending_seconds jobs_total job_duration_seconds
files_written_total bytes_written_total worker_crashes_total pool_rebuilds_total
quarantined_files holds audit_last_success_timestamp_seconds audit_duration_seconds
audit_drift_total backup_last_success_timestamp_seconds
"""
OF_THE_PROCESS = """
cpu_seconds_total start_time_seconds resident_memory_bytes virtual_memory_bytes
threads open_fds max_fds
"""


def _scraped(site: Site) -> dict[str, Family]:
    return read(exchange(site.socket, request("metrics")).partition(b"\r\n\r\n")[2].decode())


def test_w56_a_daemon_in_numbers(site: Site) -> None:
    """w56: every name is there from the start, at 0; then each number is what was done."""
    with site.running():
        first = _scraped(site)
        until(lambda: site.status()["audit"]["last_finished"])
        make_album(site.library / "Artist" / "Album")
        await_outputs(site)
        until(lambda: "watching" == site.status()["state"])
        status, found = site.status(), _scraped(site)
        del site.settings["audit"]
        site.config.write_text(site.config.read_text() + "\n[watch]\nodd = 1\n")
        site.pacctl("reload", check=False)
        refused = _scraped(site)
    made = [output_of(site, each) for each in masters(site)]

    assert {f"pacd_{each}" for each in re.findall(r"\w+", NAMES)} <= first.keys()
    assert {f"process_{each}" for each in re.findall(r"\w+", OF_THE_PROCESS)} <= first.keys()
    assert [f"pacd_library_{each}" for each in status["counts"]["library"]] == [
        name for name in first if name.startswith("pacd_library_")
    ]
    for name in ("jobs_total", "events_received_total", "worker_crashes_total", "holds"):
        assert {0.0} == {value for *_, value in first[f"pacd_{name}"].samples}, name
    assert 2 == found["pacd_jobs_total"].value(kind="mirror-encode", result="ok")
    assert 2 == found["pacd_files_written_total"].value(kind="mirror-encode")
    sizes = sum(each.stat().st_size for each in made)
    assert sizes == found["pacd_bytes_written_total"].value(kind="mirror-encode")
    assert found["pacd_events_received_total"].value(kind="created") > 0
    assert found["pacd_events_ignored_total"].value(reason="self") > 0
    assert 1 == found["pacd_state"].value(state="watching")
    assert 2 == found["pacd_library_tested_ok"].value(library="main")
    assert 2 == found["pacd_mirror_encoded"].value(library="main", mirror="phone")
    assert status["watch"]["watched"] == found["pacd_watched_directories"].value()
    assert 0 < found["pacd_audit_last_success_timestamp_seconds"].value(library="main")
    assert {0.0} == {value for *_, value in found["pacd_audit_drift_total"].samples}
    assert 0 < found["process_resident_memory_bytes"].value() < 1 << 30
    assert 1 == refused["pacd_degraded"].value(reason="reload-refused")
    assert 0 == refused["pacd_config_last_reload_successful"].value()
    _assert_no_paths(found, site.base)
    assert first.keys() == found.keys()


def _assert_no_paths(found: dict[str, Family], base: Path) -> None:
    """No label may have as many values as there are files."""
    texts = {text for family in found.values() for _, given, _ in family.samples for text in given}
    values = {
        text
        for family in found.values()
        for _, given, _ in family.samples
        for text in given.values()
    }

    assert not any(str(base) in each or "/" in each or ".flac" in each for each in texts | values)
