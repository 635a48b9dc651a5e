"""Bringing folders to rest, and staying there."""

import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.outcome import Failed
from pacd.domain.plan import Action, PlanItem
from pacd.domain.policy import MirrorPolicy, WorkerLimits
from pacd.engine.dispatch import SPACE_EVERY_S
from pacd.engine.engine import Engine
from pacd.engine.pipeline import AHEAD
from pacd.engine.visit import Urgency
from pacd.errors import FailureKind, StoppedError
from pacd.intake.debounce import Place
from pacd.intake.watcher import Watcher
from pacd.protocol.documents import EventKind
from tests.audio import Art, dress, png
from tests.integration.engine.processes import alive, children, number_in
from tests.integration.engine.site import Site, contents, master
from tests.serving import until

HUGE = 1 << 62


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path)


@pytest.fixture
def full(tmp_path: Path) -> Site:
    """A site with a mirror and covers."""
    return Site.make(tmp_path, mirror=True, artwork=True)


def touch(engine: Engine, *folders: str) -> None:
    """Tell the engine what a watcher would."""
    for folder in folders:
        engine.inbox.touch(Place("music", PurePosixPath(folder)), False)


def whole(site: Site) -> bool:
    """Whether every master decodes, and nothing of PAC's own is left over."""
    masters = sorted(site.library.rglob("*.flac"))
    for path in masters:
        subprocess.run(["flac", "-ts", path], check=True)
    return not list(site.library.rglob(".pacd-*"))


def test_w21_a_second_run_writes_nothing(full: Site) -> None:
    """P4, w21: first test, recompress, cover and mirror; then nothing, not even a timestamp."""
    album = full.album("A/one", 2)
    for path in album.iterdir():
        dress(path, {"ALBUM": "One", "ARTIST": "A"}, [Art(png())])
    first = full.run()
    before = contents(full.base / "library") | contents(full.base / "phone")
    covers = contents(full.base / "art")
    second = full.run()

    assert {"test": 2, "recompress": 2, "mirror-encode": 2, "export-artwork": 1} == first.actions
    assert Counter() == second.actions
    assert before == contents(full.base / "library") | contents(full.base / "phone")
    assert covers == contents(full.base / "art")
    assert 1 == len(covers)


def test_discs_that_share_a_cover_do_not_fight_for_it(full: Site) -> None:
    """F7: two folders of one album at once: the first gives the cover, nobody is blamed."""
    artwork = full.policy.libraries[0].artwork
    full.wish(artwork=replace(artwork, max_px=16))
    for disc in (1, 2):
        album = full.album(f"A/CD{disc}", 1, seed=disc * 5)
        # Large enough that the second folder comes while the first is being scaled down.
        dress(album / "01.flac", {"ALBUM": "One"}, [Art(png(900, 900, seed=disc))])
    ran = full.run()

    assert 1 == ran.actions["export-artwork"]
    assert 1 == len(contents(full.base / "art"))
    assert [] == full.holds()
    assert Counter() == full.run().actions


def test_the_next_round_follows_from_the_last(full: Site) -> None:
    """P2: each master's phases in their order, one at a time."""
    full.album("A", 1)
    ran = full.run()

    assert ["test", "recompress", "mirror-encode"] == [
        each.action for each in ran.events if each.kind is EventKind.ITEM_STARTED
    ]


def test_w21_own_writes_lead_to_no_work(full: Site) -> None:
    """W2, w21: also when their events come after a restart."""
    full.album("A/one", 2)
    full.run()
    ran = full.run(lambda engine: touch(engine, "A/one", "A"), audit=False)

    assert Counter() == ran.actions


def test_a_watched_library_comes_to_rest_by_itself(full: Site, tmp_path: Path) -> None:
    """W1, W2: an album copied in is done once; PAC's own events lead to nothing."""
    source = tmp_path / "source"
    full.album("A", 2).rename(source)
    began = threading.Event()
    quiet_since_s = time.monotonic()
    jobs = 0

    def rested(engine: Engine) -> bool:
        nonlocal quiet_since_s, jobs
        begun = sum(each.kind is EventKind.ITEM_STARTED for each in engine.events.since(0))
        if not engine.idle or begun != jobs or begun < 6:
            jobs, quiet_since_s = begun, time.monotonic()
        engine.inbox.post(lambda: began.wait(0.01))  # look again soon
        return time.monotonic() - quiet_since_s > 0.5

    def watch(engine: Engine) -> None:
        watcher = Watcher(
            {"music": full.library}, touched=engine.inbox.touch, lost=lambda _reason: None
        )
        watcher.start()
        watchers.append(watcher)
        shutil.copytree(source, full.library / "A")

    watchers: list[Watcher] = []
    try:
        ran = full.run(watch, rested, audit=False)
    finally:
        for watcher in watchers:
            watcher.stop()

    assert {"test": 2, "recompress": 2, "mirror-encode": 2} == ran.actions


def test_a_changed_wish_is_worked_towards(full: Site) -> None:
    """P1, M5: another quality encodes again, and nothing else is done."""
    full.album("A", 1)
    full.run()
    better = MirrorPolicy("phone", full.base / "phone", bitrate_kbps=48)
    full.wish(mirrors=(better,))
    ran = full.run()

    assert {"mirror-encode": 1} == ran.actions


def test_new_wishes_are_adopted_while_it_runs(site: Site) -> None:
    """D2: a reload; the library that was not there before is audited, too."""
    site.album("A", 1)
    other = site.base / "other"
    other.mkdir()
    master(other / "x.flac", 7)
    first = site.policy.libraries[0]
    both = (first, replace(first, name="other", root=other))
    adopted: list[bool] = []

    def adopt(engine: Engine) -> bool:
        if engine.idle and not adopted:
            adopted.append(True)
            engine.adopt(replace(site.policy, libraries=both))
            return False
        return engine.idle

    ran = site.run(until=adopt)

    assert ["A/01.flac", "x.flac"] == ran.begun(Action.TEST)


def test_wishes_that_change_during_a_walk_hold_for_what_it_has_passed(full: Site) -> None:
    """D2, M5: a reload in the middle of an audit is followed by another."""
    full.album("A", 1)
    full.run()
    before = full.policy
    full.wish(mirrors=(MirrorPolicy("phone", full.base / "phone", bitrate_kbps=48),))
    wished, full.policy = full.policy, before
    ran = full.run(lambda engine: engine.inbox.post(lambda: engine.adopt(wished)))

    assert {"mirror-encode": 1} == ran.actions


def test_w03_a_reload_that_changes_nothing_is_followed_by_a_walk_all_the_same(site: Site) -> None:
    """w03, D2: the watcher was not there for a moment, and the walk under way may have passed."""
    site.album("A", 1)
    ran = site.run(lambda engine: engine.inbox.post(lambda: engine.adopt(site.policy)))

    assert 2 == sum(each.kind is EventKind.SCAN_FINISHED for each in ran.events)


def test_a_library_that_is_no_longer_wished_for_is_let_be(site: Site) -> None:
    """D2: taken out of the settings while it is walked: its walk ends, the others go on."""
    site.album("A", 1)
    other = site.base / "other"
    for number in range(100):
        (other / f"{number:02}").mkdir(parents=True)
        (other / f"{number:02}/x.flac").write_bytes(b"no FLAC")
    only = site.policy
    first = only.libraries[0]
    site.policy = replace(only, libraries=(first, replace(first, name="other", root=other)))
    ran = site.run(lambda engine: engine.inbox.post(lambda: engine.adopt(only)))
    site.policy = only

    assert ["A/01.flac"] == ran.begun(Action.TEST)
    assert Counter() == site.run().actions


def test_a_pause_starts_nothing_and_survives_a_restart(site: Site) -> None:
    """w60: until it is ended, whoever runs."""
    site.album("A", 1)

    def walked(engine: Engine) -> bool:
        return not engine.auditor.running and engine.snapshot.paused

    paused = site.run(lambda engine: engine.set_pause(None, "anna"), walked)
    restarted = site.run(until=walked)
    resumed = site.run(lambda engine: engine.end_pause("anna"))
    later = site.run()

    assert Counter() == paused.actions + restarted.actions
    assert {"test": 1, "recompress": 1} == resumed.actions
    assert Counter() == later.actions


def test_w60_a_pause_drains(site: Site) -> None:
    """w60: what runs is finished and recorded, nothing else is begun, also after a restart."""
    site.album("A", 3)
    site.limits = WorkerLimits(1, 1, 1, 1)
    gate = site.base / "gate"
    site.use(f'while [ ! -e "{gate}" ]; do sleep 0.02; done; exec "$FLAC" "$@"')

    def drained(engine: Engine) -> bool:
        if engine.dispatch.running and not engine.snapshot.paused:
            engine.set_pause(None, "anna")
            gate.touch()
        return engine.snapshot.paused and not engine.dispatch.running

    ran = site.run(until=drained)
    restarted = site.run(until=lambda engine: not engine.auditor.running)
    done = [each.kind for each in ran.events if each.action == "test"]

    assert [EventKind.ITEM_STARTED, EventKind.ITEM_DONE] == done
    assert {"test": 1} == ran.actions
    assert Counter() == restarted.actions


def test_a_pause_shows_at_once(site: Site) -> None:
    """1.3, w60: who has asked for a pause, or for its end, is told how things stand now."""
    with site.engine() as engine:
        engine.set_pause(None, "anna")
        began = engine.snapshot.paused
        engine.end_pause("anna")

        assert (True, False) == (began, engine.snapshot.paused)
        engine.pool.stop()


def test_a_pause_ends_by_itself(site: Site) -> None:
    """w60: `pause --for`; the engine wakes up when it is over."""
    site.album("A", 1)
    moment = datetime.now(UTC) + timedelta(seconds=0.5)
    ran = site.run(lambda engine: engine.set_pause(moment, "anna"))
    begun = [each.at for each in ran.events if each.kind is EventKind.ITEM_STARTED]

    assert {"test": 1, "recompress": 1} == ran.actions
    assert moment <= datetime.fromisoformat(begun[0])


def test_w23_a_disk_that_is_nearly_full_is_not_written_to(full: Site) -> None:
    """w23: tests go on, nothing is written, it is said, and it goes on once there is room."""
    full.album("A", 3)
    before = contents(full.library)
    full.policy = replace(full.policy, min_free_bytes=HUGE, settle_s=0.0)
    seen: list[bool] = []

    def freed(engine: Engine) -> bool:
        tested = engine.recorder.counts["music", "", "tested_ok"]
        if not seen and tested == 3 and not engine.dispatch.running:
            seen.append(before == contents(full.library))
            seen.append(full.library in engine.snapshot.starved)
            engine.adopt(replace(full.policy, min_free_bytes=0))
            return False
        return engine.idle

    ran = full.run(until=freed)

    assert [True, True] == seen
    assert {"test": 3, "recompress": 3, "mirror-encode": 3} == ran.actions


def test_w23_a_full_disk_stops_its_own_items_alone(site: Site) -> None:
    """w23: masters are tested and rewritten while a mirror's disk is full, and it is said."""
    small = Path("/dev/shm")  # noqa: S108  # another file system, with less room
    room = [shutil.disk_usage(place).free for place in (small, site.base)]
    assert room[0] < room[1]
    with tempfile.TemporaryDirectory(dir=small) as mirror:
        phone = MirrorPolicy("phone", Path(mirror), bitrate_kbps=32)
        site.wish(mirrors=(phone,))
        site.policy = replace(site.policy, min_free_bytes=sum(room) // 2)
        for number in range(3):
            site.album(str(number), AHEAD, seed=10 * number)
        stalled = site.run(until=lambda engine: engine.idle or engine.stalled)
        site.policy = replace(site.policy, min_free_bytes=0)
        freed = site.run()

    files = 3 * AHEAD
    assert {"test": files, "recompress": files} == stalled.actions
    assert {"mirror-encode": files} == freed.actions


def test_w23_the_reserve_is_kept_while_a_folder_is_worked_on(site: Site) -> None:
    """w23: a disk that fills up in the middle of a long album is noticed then."""
    site.album("A", 1)
    with site.engine() as engine:
        space = engine.dispatch._space
        space.look([site.library])
        assert not space.starved
        space._min_free_bytes = HUGE  # the disk fills up, as far as the reserve can see
        space._asked_s[site.library] -= 2 * SPACE_EVERY_S
        found = space.starved
        engine.stop()
        engine.run()

    assert [site.library] == list(found)


def test_a_large_library_is_a_bounded_window(site: Site) -> None:
    """P5, L2: 300 folders never mean 300 visits, nor as many items."""
    for number in range(300):
        (site.library / f"{number:03}").mkdir()
        for track in (1, 2):
            (site.library / f"{number:03}/{track}.flac").write_bytes(b"no FLAC, quickly tested")
    most = Counter[str]()

    def watched(engine: Engine) -> bool:
        most["visits"] = max(most["visits"], len(engine.pipeline.visits))
        most["ready"] = max(most["ready"], len(engine.dispatch.ready))
        most["running"] = max(most["running"], len(engine.dispatch.running))
        return engine.idle

    ran = site.run(until=watched)

    assert 600 == ran.actions["test"]
    assert most["visits"] <= AHEAD + site.limits.total
    assert most["ready"] <= AHEAD + 2
    assert most["running"] <= site.limits.total


def test_what_somebody_waits_for_goes_first(site: Site) -> None:
    """B3, P5: a new file does not wait for a long audit to end."""
    site.limits = WorkerLimits(1, 1, 1, 1)
    site.policy = replace(site.policy, settle_s=0.0)
    for folder, tracks in (("audited", 40), ("new", 1)):
        (site.library / folder).mkdir()
        for number in range(tracks):
            (site.library / f"{folder}/{number:02}.flac").write_bytes(b"quickly tested")
    told: list[bool] = []

    def tell(engine: Engine) -> bool:
        if not told and engine.dispatch.running:
            told.append(True)
            engine.pipeline.want(Place("music", PurePosixPath("new")), Urgency.LIVE)
        return engine.idle

    ran = site.run(until=tell)
    order = ran.begun(Action.TEST)

    assert 41 == len(order)
    assert order.index("new/00.flac") < 5


@pytest.mark.parametrize("times", [1, 2], ids=["finish", "hasten"])
def test_stopping_leaves_every_file_whole(full: Site, times: int) -> None:
    """w28, P5, D3: once: what runs is finished; twice: given up; the next run does the rest."""
    full.album("A", 4)
    before = contents(full.library)
    begun = full.base / "begun"
    full.use(
        f'case "$*" in *--verify*) echo $$ > "{begun}";'
        f' [ {times} = 2 ] && exec sleep 600;; esac\nexec "$FLAC" "$@"'
    )

    def stop(engine: Engine) -> bool:
        engine.inbox.post(lambda: None)
        if begun.exists() and not engine.stopping:
            for _time in range(times):
                engine.stop()
        return False

    stopped = full.run(until=stop)
    after = contents(full.library)
    tool = number_in(begun)

    assert set() == children()
    until(lambda: not alive(tool))  # it was killed; its death may take a moment
    assert whole(full)
    assert times == 1 or before == after
    full.tools = Site(full.base, full.policy).tools
    finished = full.run()

    assert 4 <= (stopped.actions + finished.actions)["test"]
    assert 0 == finished.counts["failed"]
    assert [] == full.holds()
    assert 4 == len(list((full.base / "phone").rglob("*.opus")))
    assert Counter() == full.run().actions


def test_a_stopped_engine_refuses_calls(site: Site) -> None:
    """w28: who asks too late is told so."""
    with site.engine() as engine:
        engine.stop()
        engine.run()
        answer = engine.inbox.call(lambda: 1)

        with pytest.raises(StoppedError, match="pacd is stopping"):
            answer.result(0)
        assert not engine.alive
        engine.inbox.post(lambda: pytest.fail("nobody should call this"))


def test_what_a_call_raises_is_its_callers(site: Site) -> None:
    """w45: a command that fails does not end the engine."""
    answers = []

    def ask(engine: Engine) -> None:
        answers.append(engine.inbox.call(lambda: 1 // 0))
        answers.append(engine.inbox.call(lambda: 7))

    site.run(ask)

    with pytest.raises(ZeroDivisionError):
        answers[0].result(0)
    assert 7 == answers[1].result(0)


def test_w18_what_failed_and_is_there_all_the_same_is_not_tried_again(tmp_path: Path) -> None:
    """w18, P4: a folder could not be synced after the rename; `why` said "retrying" for ever."""
    site = Site.make(tmp_path, mirror=True)
    site.album("A", 1)
    site.run()
    path, library_id = PurePosixPath("A/01.flac"), site.library_id
    encode = PlanItem(path, Action.MIRROR_ENCODE, "a test", mirror="phone")
    lost = Failed(encode, FailureKind.NO_SPACE, "No space left on device")
    with site.store() as store:
        job = store.jobs.started(library_id, encode, now=datetime.now(UTC))
        store.jobs.failed(job, lost, now=datetime.now(UTC), retry_at=datetime.now(UTC))
        store.folders.disturb(library_id, path.parent)
    again = site.run()
    with site.store() as store:
        left = store.jobs.setbacks(library_id, path.parent)

    assert ({}, {}) == (again.actions, left)
