"""Failures, retries and holds with real files, tools and workers that fail."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.domain.outcome import Failed
from pacd.domain.plan import Action, PlanItem
from pacd.domain.policy import HardLinks
from pacd.engine.engine import Engine
from pacd.engine.releasing import release
from pacd.errors import FailureKind
from pacd.planning.setbacks import MAX_INTERRUPTIONS, MAX_TRIES
from pacd.protocol.documents import EventKind
from tests.audio import dress
from tests.integration.engine.site import Ran, Site, contents, master

NO_ENCODER = 'case "$*" in *--verify*) echo "it will not" >&2; exit 1;; esac\nexec "$FLAC" "$@"'
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path)


@pytest.fixture
def mirrored(tmp_path: Path) -> Site:
    return Site.make(tmp_path, mirror=True)


def damage(path: Path) -> None:
    """Cut a master off, as a broken copy is."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def causes(site: Site) -> list[tuple[str, Cause]]:
    return [(str(hold.path), hold.cause) for hold in site.holds()]


def releasing(site: Site, *, accept: bool = False) -> Callable[[Engine], None]:
    """What `pacctl release` asks of the engine, for all that is held."""
    holds, library_id = site.holds(), site.library_id

    def end(engine: Engine) -> None:
        for hold in holds:
            release(
                engine.store,
                engine.recorder,
                engine.pipeline,
                library_id,
                hold,
                accept=accept,
                who="anna",
                now=datetime.now(UTC),
            )

    return end


def failed_before(site: Site, action: Action, kind: FailureKind, *, times: int) -> None:
    """Let an item have failed some times, so long ago that it is due again."""
    item = PlanItem(PurePosixPath("A/01.flac"), action, "a reason")
    library_id = site.library_id
    with site.store() as store, store.transaction():
        for _time in range(times):
            job = store.jobs.started(library_id, item, now=LONG_AGO)
            failed = Failed(item, kind, "it failed")
            store.jobs.failed(job, failed, now=LONG_AGO, retry_at=LONG_AGO)


def endings(ran: Ran) -> list[str]:
    return [each.message for each in ran.events if each.kind is EventKind.HOLD_ENDED]


def test_a_killed_worker_is_nobodys_fault(site: Site) -> None:
    """w25: what it had is simply done again, soon; nothing failed and nothing is held."""
    site.album("A", 3)
    killed: list[int] = []

    def kill(engine: Engine) -> bool:
        if not killed and engine.pool.running():
            killed.append(next(iter(engine.pool.running().values()))[0])
            os.kill(killed[0], signal.SIGKILL)
        return engine.idle

    ran = site.run(until=kill)

    assert 4 == ran.actions["test"]
    assert 3 == ran.actions["recompress"]
    assert 0 == ran.counts["failed"]
    assert [] == site.holds()
    assert Counter() == site.run().actions


def test_w25_what_is_killed_from_outside_each_time_is_held_at_last(site: Site) -> None:
    """w25: earlyoom and systemd-oomd tell nobody; other bytes are tried anew, from the first."""
    site.album("A", 1)
    site.run(lambda engine: engine.set_pause(None, "anna"), lambda each: not each.auditor.running)
    failed_before(site, Action.TEST, FailureKind.INTERRUPTED, times=MAX_INTERRUPTIONS - 1)
    site.use("kill -KILL $$")
    ran = site.run(lambda engine: engine.end_pause("anna"))
    holds = site.holds()

    assert {"test": 1} == ran.actions
    assert [("A/01.flac", Cause.TOOL_CRASHED)] == causes(site)
    assert holds[0].reason.endswith("was ended by SIGKILL, 5 times in a row")
    assert Counter() == site.run().actions
    site.tools = Site(site.base, site.policy).tools
    site.album("A", 1, seed=7)

    assert 1 == site.run().counts["tested_ok"]
    assert [] == site.holds()


def test_a_file_that_kills_its_worker_is_held_at_last(site: Site) -> None:
    """w25: the culprit is isolated after k tries; the others are done."""
    site.album("A", 2)
    site.use("kill -SEGV $$")
    first = site.run()
    failed_before(site, Action.TEST, FailureKind.TOOL_CRASHED, times=MAX_TRIES - 2)
    second = site.run()
    holds = site.holds()

    assert {"test": 2} == first.actions
    assert 2 == first.counts["failed"]
    assert {"test": 1} == second.actions
    assert [("A/01.flac", Cause.TOOL_CRASHED)] == causes(site)
    assert {"action": "test", "failure": "tool-crashed", "tries": 3} == {
        name: holds[0].evidence[name] for name in ("action", "failure", "tries")
    }


def test_a_failure_is_tried_again_and_then_held(mirrored: Site) -> None:
    """H1, F3: the file is as it was before; a released one is tried anew and ends well."""
    album = mirrored.album("A", 1)
    before = contents(album)
    mirrored.use(NO_ENCODER)
    first = mirrored.run()
    again_too_soon = mirrored.run()
    failed_before(mirrored, Action.RECOMPRESS, FailureKind.TOOL_FAILED, times=1)
    third = mirrored.run()
    held = causes(mirrored)
    rest = mirrored.run()

    assert {"test": 1, "recompress": 1} == first.actions
    assert Counter() == again_too_soon.actions
    assert {"recompress": 1} == third.actions
    assert [("A/01.flac", Cause.ENCODE_FAILED)] == held
    assert Counter() == rest.actions
    assert before == contents(album)
    assert not list((mirrored.base / "phone").rglob("*.opus"))
    mirrored.tools = Site(mirrored.base, mirrored.policy).tools
    released = mirrored.run(releasing(mirrored))

    assert {"test": 1, "recompress": 1, "mirror-encode": 1} == released.actions
    assert [] == mirrored.holds()
    assert ["encode-failed: released"] == endings(released)


def test_an_accepted_failure_lets_the_rest_go_on(mirrored: Site) -> None:
    """H2: known and fine: the master stays as it is, and is mirrored."""
    mirrored.album("A", 1)
    mirrored.use(NO_ENCODER)
    mirrored.run()
    failed_before(mirrored, Action.RECOMPRESS, FailureKind.TOOL_FAILED, times=1)
    mirrored.run()
    ran = mirrored.run(releasing(mirrored, accept=True))

    assert {"mirror-encode": 1} == ran.actions
    assert [] == mirrored.holds()
    assert Counter() == mirrored.run().actions


@pytest.mark.parametrize(
    ("kind", "times"),
    [(FailureKind.NO_SPACE, 9), (FailureKind.INTERRUPTED, MAX_INTERRUPTIONS - 1)],
)
def test_what_was_not_the_files_fault_does_not_count(
    site: Site, kind: FailureKind, times: int
) -> None:
    """H1: a full disk for days, then one real failure: that is the first."""
    site.album("A", 1)
    site.run(lambda engine: engine.set_pause(None, "anna"), lambda each: not each.auditor.running)
    failed_before(site, Action.RECOMPRESS, kind, times=times)
    site.use(NO_ENCODER)
    site.run(lambda engine: engine.end_pause("anna"))
    with site.store() as store:
        found = store.jobs.setbacks(site.library_id, PurePosixPath("A"))[PurePosixPath("A/01.flac")]

    assert [] == site.holds()
    assert [(FailureKind.TOOL_FAILED, 1)] == [(each.kind, each.tries) for each in found]


def test_a_retry_that_is_due_is_not_forgotten_by_a_restart(site: Site) -> None:
    """w11, w28: given up never; the next run tries."""
    site.album("A", 1)
    site.use(NO_ENCODER)
    site.run()
    failed_before(site, Action.RECOMPRESS, FailureKind.NO_SPACE, times=1)
    site.tools = Site(site.base, site.policy).tools

    assert {"recompress": 1} == site.run().actions


def test_damage_is_held_and_left_alone(mirrored: Site) -> None:
    """P3, H1: never rewritten, never mirrored; at rest until something happens to it."""
    album = mirrored.album("A", 2)
    damage(album / "01.flac")
    before = contents(album)["01.flac"]
    ran = mirrored.run()
    held = mirrored.holds()
    again = mirrored.run()

    assert {"test": 2, "recompress": 1, "mirror-encode": 1} == ran.actions
    assert [("A/01.flac", Cause.CORRUPT)] == causes(mirrored)
    assert before == contents(album)["01.flac"]
    assert Counter() == again.actions
    assert held == mirrored.holds()


def test_a_hold_ends_when_good_audio_takes_the_place(site: Site) -> None:
    """H2: replaced; and not before it was tested."""
    album = site.album("A", 1)
    damage(album / "01.flac")
    site.run()
    master(album / "01.flac", 5)
    ran = site.run()

    assert {"test": 1, "recompress": 1} == ran.actions
    assert ["corrupt: replaced"] == endings(ran)
    assert [] == site.holds()


def test_a_hold_stays_when_other_damage_takes_the_place(site: Site) -> None:
    """H2: the same hold, on what is there now."""
    album = site.album("A", 1)
    damage(album / "01.flac")
    site.run()
    before = site.holds()[0]
    master(album / "01.flac", 5)
    damage(album / "01.flac")
    ran = site.run()

    assert {"test": 1} == ran.actions
    assert [before.id] == [hold.id for hold in site.holds()]


def test_a_hold_ends_with_its_file(site: Site) -> None:
    """H2: gone."""
    album = site.album("A", 2)
    damage(album / "01.flac")
    site.run()
    (album / "01.flac").unlink()
    ran = site.run()

    assert Counter() == ran.actions
    assert [] == site.holds()


def test_a_hold_goes_where_its_file_goes(site: Site) -> None:
    """H1, L6: moved damage is still damage, without another test."""
    album = site.album("A", 1)
    damage(album / "01.flac")
    site.run()
    album.rename(site.library / "B")
    ran = site.run()

    assert Counter() == ran.actions
    assert [("B/01.flac", Cause.CORRUPT)] == causes(site)


def test_a_released_file_is_tested_again(site: Site) -> None:
    """H2: `release` tries again; what is still damaged is held anew."""
    album = site.album("A", 1)
    damage(album / "01.flac")
    site.run()
    before = site.holds()[0]
    ran = site.run(releasing(site))

    assert {"test": 1} == ran.actions
    assert ["corrupt: released"] == endings(ran)
    assert [Cause.CORRUPT] == [hold.cause for hold in site.holds()]
    assert before.id != site.holds()[0].id


def test_accepted_damage_is_no_longer_asked_for_and_never_laundered(mirrored: Site) -> None:
    """H2, P3: known and fine, as long as the audio stays the same; still not rewritten."""
    album = mirrored.album("A", 1)
    damage(album / "01.flac")
    mirrored.run()
    before = contents(album)
    ran = mirrored.run(releasing(mirrored, accept=True))
    later = mirrored.run()

    assert Counter() == ran.actions + later.actions
    assert [] == mirrored.holds()
    assert before == contents(album)
    master(album / "01.flac", 5)
    damage(album / "01.flac")
    mirrored.run()
    assert [Cause.CORRUPT] == [hold.cause for hold in mirrored.holds()]


def test_a_file_that_is_no_flac_is_held(site: Site) -> None:
    """F1: it is never given to an encoder."""
    (site.library / "A").mkdir()
    (site.library / "A/01.flac").write_bytes(b"ID3 and nothing else" * 100)

    assert {"test": 1} == site.run().actions
    assert [("A/01.flac", Cause.NOT_FLAC)] == causes(site)


def test_w19_hard_links_are_asked_about_and_mirrored_all_the_same(mirrored: Site) -> None:
    """F3, w19: skipped with a reason; broken only where that is wished."""
    album = mirrored.album("A", 1)
    other = mirrored.base / "seeded.flac"
    other.hardlink_to(album / "01.flac")
    before = contents(album)
    ran = mirrored.run()

    assert {"test": 1, "mirror-encode": 1} == ran.actions
    assert [("A/01.flac", Cause.HARDLINKED)] == causes(mirrored)
    assert before == contents(album)
    flac = mirrored.policy.libraries[0].flac
    mirrored.wish(flac=type(flac)(target_compression=1, hardlinks=HardLinks.BREAK))
    broken = mirrored.run()

    assert 1 == broken.actions["recompress"]
    assert [] == mirrored.holds()
    assert before["01.flac"][2] == other.read_bytes()


def test_w09_what_was_accepted_is_found_again(site: Site) -> None:
    """w09, H2: of audio that was removed and is copied back; its folder is empty meanwhile."""
    album, seeded = site.album("A", 1), site.base / "seeded.flac"
    seeded.hardlink_to(album / "01.flac")
    site.run()
    site.run(releasing(site, accept=True))
    (album / "01.flac").unlink()
    site.run()
    (album / "2.flac").write_bytes(seeded.read_bytes())
    (site.base / "again.flac").hardlink_to(album / "2.flac")

    assert {"test": 1} == site.run().actions
    assert [] == site.holds()


@pytest.mark.parametrize("copied", [False, True], ids=["moved back", "copied back"])
def test_w09_accepted_damage_is_known_by_its_bytes(site: Site, copied: bool) -> None:
    """w09, H2: what no test vouches for has no MD5: a copy of it is asked about anew."""
    album, aside = site.album("A", 1), site.base / "aside.flac"
    damage(album / "01.flac")
    site.run()
    site.run(releasing(site, accept=True))
    (album / "01.flac").rename(aside)
    site.run()
    if copied:
        (album / "01.flac").write_bytes(aside.read_bytes())
    else:
        aside.rename(album / "01.flac")
    site.run()

    assert ([Cause.CORRUPT] if copied else []) == [cause for _, cause in causes(site)]


def test_a_foreign_output_is_not_overwritten(mirrored: Site) -> None:
    """M9, H1: a collision; the master is kept in order, and mirrored once the way is free."""
    mirrored.album("A", 1)
    foreign = mirrored.base / "phone/A/01.opus"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"somebody's own")
    ran = mirrored.run()

    assert {"test": 1, "recompress": 1} == ran.actions
    assert [("A/01.flac", Cause.COLLISION)] == causes(mirrored)
    assert b"somebody's own" == foreign.read_bytes()
    foreign.unlink()
    freed = mirrored.run()

    assert {"mirror-encode": 1} == freed.actions
    assert [] == mirrored.holds()


def test_a_file_that_is_being_written_waits(site: Site) -> None:
    """w11, W1: it is not even tested while a program has it open for writing."""
    album = site.album("A", 2)
    writer = (album / "01.flac").open("r+b")
    tested_before: list[list[str]] = []

    def close(engine: Engine) -> bool:
        begun = [
            each.path for each in engine.events.since(0) if each.kind is EventKind.ITEM_STARTED
        ]
        if not writer.closed and begun.count("A/02.flac") == 2 and not engine.dispatch.running:
            tested_before.append(begun)
            writer.close()
        return engine.idle

    ran = site.run(until=close)

    assert [["A/02.flac", "A/02.flac"]] == tested_before
    assert {"test": 2, "recompress": 2} == ran.actions


def test_who_has_no_patience_leaves_it_to_the_next_run(site: Site) -> None:
    """w11: a one-shot run ends although something is being written; the next one finds it."""
    album = site.album("A", 2)
    site.patience = timedelta(seconds=0.2)
    with (album / "01.flac").open("r+b"):
        ran = site.run()
    later = site.run()

    assert ["A/02.flac"] == ran.begun(Action.TEST)
    assert ["A/01.flac"] == later.begun(Action.TEST)


def test_w22_a_rewriting_loop_is_broken(site: Site) -> None:
    """w22: another program undoes what PAC does; after k times a person is asked."""
    album = site.album("A", 1)

    def undo(title: str) -> None:
        master(album / "01.flac", 1)
        dress(album / "01.flac", {"TITLE": title}, [])

    for turn in range(3):
        undo(str(turn))
        assert {"test": 1, "recompress": 1} == site.run().actions
    undo("again")
    stopped = site.run()
    hold = site.holds()[0]
    released = site.run(releasing(site))

    assert {"test": 1} == stopped.actions
    assert (Cause.REWRITTEN_TOO_OFTEN, 3) == (hold.cause, hold.evidence["rewrites"])
    assert {"test": 1, "recompress": 1} == released.actions
    assert [] == site.holds()
