"""Outputs that no master wants: who removes them, and when nobody does (M9)."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Hold
from pacd.engine import prunes
from pacd.engine.engine import Engine
from pacd.engine.mirrors.errands import PruneErrand
from pacd.engine.mirrors.pruning import source_of
from pacd.engine.owners import Owner, Owners
from pacd.engine.releasing import release
from pacd.errors import RefusedError, UnknownError
from pacd.intake.debounce import Place
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import Prune
from pacd.store.database import Store
from pacd.store.outputs import OutputRow
from tests.damage import flipped
from tests.integration.engine.site import Ran, Site, contents, master
from tests.integration.rights import common_folder, give_away, nobody


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A library with a mirror that nothing is removed from by itself."""
    return Site.make(tmp_path, mirror=True)


def outputs(site: Site) -> list[str]:
    return list(contents(site.base / "phone"))


def prune_by_itself(site: Site) -> None:
    (mirror,) = site.policy.libraries[0].mirrors
    site.wish(mirrors=(replace(mirror, prune=True),))


def prune(site: Site, *, audit: bool = True) -> tuple[PruneErrand, Ran]:
    """Ask for a prune, as pacctl does, once the engine rests; return what came of it."""
    errands: list[PruneErrand] = []

    def rested(engine: Engine) -> bool:
        if engine.idle and not errands:
            (library,) = engine.pipeline.policy.libraries
            wanted = [(1, library, mirror) for mirror in library.mirrors]
            errands.append(engine.pipeline.keeper.prune(wanted, now=datetime.now(UTC)))
            engine.pipeline.keeper.go_on()
            engine.dispatch.start()
        return engine.idle

    ran = site.run(until=rested, audit=audit)
    return errands[0], ran


def refusal(errand: PruneErrand) -> str:
    (found,) = errand.found
    return found.review.refusal.reason if found.review.refusal else ""


def end(site: Site, hold: Hold, *, accept: bool) -> Ran:
    """Release a hold, as a person does, and let the engine come to rest."""

    def do(engine: Engine) -> None:
        release(
            engine.store,
            engine.recorder,
            engine.pipeline,
            1,
            hold,
            accept=accept,
            who="uid 0",
            now=datetime.now(UTC),
        )

    return site.run(do, audit=False)


def orphans(site: Site) -> list[OutputRow]:
    with site.store() as store:
        return list(store.outputs.orphans(1, "phone"))


def many(site: Site, number: int = 25) -> None:
    """Make a library of so many masters in one album, and one more beside it."""
    album = site.library / "A/many"
    album.mkdir(parents=True)
    for each in range(number):
        master(album / f"{each:02}.flac", each, seconds=0.01)
    site.album("A/one", 1, seed=99)
    site.run()


def test_an_orphan_is_counted_and_removed_when_asked_for(site: Site) -> None:
    """M9, 1.4: with its empty folders; history and counts say so; a second prune does nothing."""
    site.album("A/one", 1)
    site.album("B/two", 2, seed=5)
    site.run()
    shutil.rmtree(site.library / "A")
    (site.library / "B/two/02.flac").unlink()
    left = site.run()
    waiting = outputs(site)
    first, ran = prune(site)
    second, again = prune(site)
    with site.store() as store:
        known = store.history.of(1, PurePosixPath("A/one/01.flac"), limit=9)
        events = [entry.event for entry in known]
        counted = store.counters.of(1)["phone", "pruned"]

    assert ({}, ["A/one/01.opus", "B/two/01.opus", "B/two/02.opus"]) == (left.actions, waiting)
    assert ["B/two/01.opus"] == outputs(site)
    assert ["B"] == [each.name for each in (site.base / "phone").iterdir()]
    assert (2, {}, 0) == (first.removed, first.failed, len(first.pending))
    assert (2, 2) == (ran.counts["pruned"], counted)
    assert (0, {}) == (second.removed, again.actions)
    assert "mirror_prune_ok" in events
    assert [] == orphans(site)


def test_the_mirror_is_pruned_by_itself(site: Site) -> None:
    """M9: `prune = true`, for what was deleted while the daemon was down; then all rests."""
    prune_by_itself(site)
    site.album("A/one", 2)
    site.run()
    (site.library / "A/one/02.flac").unlink()
    ran = site.run()
    before = contents(site.base)
    again = site.run()

    assert {"mirror-prune": 1} == ran.actions
    assert ["A/one/01.opus"] == outputs(site)
    assert {} == again.actions
    assert {name for name in before if "pacd.db" not in name} <= set(contents(site.base))


def test_what_the_watcher_tells_of_is_pruned(site: Site) -> None:
    """M9, W1: a live deletion needs no audit, whether of a file or of a whole folder."""
    prune_by_itself(site)
    site.album("A/one", 2)
    site.album("B/two", 1, seed=5)
    site.run()

    def delete(engine: Engine) -> None:
        (site.library / "A/one/02.flac").unlink()
        shutil.rmtree(site.library / "B")
        engine.inbox.touch(Place("music", PurePosixPath("A/one")), False)
        engine.inbox.touch(Place("music", PurePosixPath()), False)

    ran = site.run(delete, audit=False)

    assert {"mirror-prune": 2} == ran.actions
    assert ["A/one/01.opus"] == outputs(site)


def test_nothing_is_removed_while_paused(site: Site) -> None:
    """M9: not even by itself; it is after the pause."""
    prune_by_itself(site)
    site.album("A/one", 2)
    site.run()
    (site.library / "A/one/02.flac").unlink()

    def pause(engine: Engine) -> None:
        engine.set_pause(None, "uid 0")

    def resume(engine: Engine) -> None:
        engine.end_pause("uid 0")

    site.run(pause, until=lambda engine: engine.stalled)
    paused = outputs(site)
    site.run(resume)

    assert (2, 1) == (len(paused), len(outputs(site)))


def test_a_paused_engine_with_nothing_to_do_is_idle(site: Site) -> None:
    """P5: nobody waits for the end of a pause that nothing waits for."""
    site.album("A/one", 1)
    site.run()

    def review(engine: Engine) -> None:
        engine.set_pause(None, "uid 0")
        engine.pipeline.keeper.due.add("music")

    assert {} == site.run(review, audit=False).actions


def test_a_pause_in_between_removes_nothing_that_came_back(site: Site) -> None:
    """M9: what was found to be unwanted is looked at again when its turn comes."""
    site.album("A/one", 1)
    site.run()
    away = site.base / "away.flac"
    (site.library / "A/one/01.flac").rename(away)
    site.run()

    def back(engine: Engine) -> None:
        (library,) = engine.pipeline.policy.libraries
        wanted = [(1, library, library.mirrors[0])]
        errand = engine.pipeline.keeper.prune(wanted, now=datetime.now(UTC))
        (site.library / "A/one").mkdir(parents=True, exist_ok=True)
        away.rename(site.library / "A/one/01.flac")

        assert 1 == len(errand.pending)

    ran = site.run(back, audit=False)

    assert (0, ["A/one/01.opus"]) == (ran.counts["pruned"], outputs(site))


def test_files_that_pac_has_not_made_are_never_touched(site: Site) -> None:
    """M9: no PAC tags, no removal; nor of a folder that holds anything."""
    site.album("A/one", 1)
    site.album("B/two", 1, seed=5)
    site.run()
    made = site.base / "phone/A/one/01.opus"
    foreign = made.with_name("mine.opus")
    foreign.write_bytes(b"OggS" + bytes(100))
    (site.base / "phone/A/cover.jpg").write_bytes(b"picture")
    shutil.rmtree(site.library / "A")
    errand, _ = prune(site)

    assert 1 == errand.removed
    assert ["A/cover.jpg", "A/one/mine.opus", "B/two/01.opus"] == outputs(site)


def test_what_took_an_orphans_place_stays(site: Site) -> None:
    """M9: the file is read again before it goes."""
    site.album("A/one", 1)
    site.album("B/two", 1, seed=5)
    site.run()
    shutil.rmtree(site.library / "A")
    site.run()
    output = site.base / "phone/A/one/01.opus"
    output.write_bytes(b"mine")
    errand, _ = prune(site, audit=False)

    assert (0, b"mine") == (errand.removed, output.read_bytes())
    assert ["changed while" in message for message in errand.failed.values()] == [True]


def test_other_rights_make_no_other_file(site: Site) -> None:
    """M9: a chmod of an orphan is no reason to keep it."""
    site.album("A/one", 1)
    site.album("B/two", 1, seed=5)
    site.run()
    shutil.rmtree(site.library / "A")
    site.run()
    (site.base / "phone/A/one/01.opus").chmod(0o600)
    errand, _ = prune(site, audit=False)

    assert (1, ["B/two/01.opus"]) == (errand.removed, outputs(site))


def test_an_orphan_that_somebody_removed_is_no_failure(site: Site) -> None:
    """M9: it is forgotten, and counts for nothing."""
    site.album("A/one", 1)
    site.album("B/two", 1, seed=5)
    site.run()
    shutil.rmtree(site.library / "A")
    site.run()
    shutil.rmtree(site.base / "phone/A")
    errand, ran = prune(site, audit=False)

    assert (0, {}, {}) == (errand.removed, errand.failed, ran.actions)
    assert [] == orphans(site)


def test_an_output_whose_master_is_back_is_wanted_again(site: Site) -> None:
    """M9: also where nobody has told of it yet."""
    site.album("A/one", 2)
    site.run()
    away = site.base / "away.flac"
    (site.library / "A/one/02.flac").rename(away)
    site.run()
    flagged = len(orphans(site))
    away.rename(site.library / "A/one/02.flac")
    errand, _ = prune(site, audit=False)

    assert (1, 0, 0, 2) == (flagged, errand.removed, len(orphans(site)), len(outputs(site)))


def test_a_held_master_keeps_its_old_output(site: Site) -> None:
    """M8: damaged where it stands, and damaged and moved as well."""
    prune_by_itself(site)
    album = site.album("A/one", 2)
    site.run()
    good = (album / "01.flac").read_bytes()
    (album / "01.flac").write_bytes(flipped(good, len(good) - 500))
    other = (album / "02.flac").read_bytes()
    (album / "02.flac").unlink()
    (album / "moved.flac").write_bytes(flipped(other, len(other) - 500))
    ran = site.run()

    assert {"test": 2} == ran.actions
    assert ["A/one/01.opus", "A/one/02.opus"] == outputs(site)


def test_a_copy_is_renamed_to_and_not_pruned_first(site: Site) -> None:
    """M5, M9: an album copied elsewhere and then deleted keeps its outputs, under other names."""
    prune_by_itself(site)
    album = site.album("A/one", 2)
    site.run()
    shutil.copytree(album, site.library / "B/one")
    shutil.rmtree(site.library / "A")
    ran = site.run()

    assert {"test": 2, "mirror-rename": 2} == ran.actions
    assert ["B/one/01.opus", "B/one/02.opus"] == outputs(site)


def test_nothing_is_pruned_while_a_master_waits_for_its_test(site: Site) -> None:
    """M5, M9: it may be the very audio: an orphan is left until that is known."""
    prune_by_itself(site)
    album = site.album("A/one", 1)
    site.album("B/two", 1, seed=5)
    site.run()
    new = site.library / "C/01.flac"
    new.parent.mkdir()
    shutil.copyfile(album / "01.flac", new)
    shutil.rmtree(site.library / "A")
    site.patience = site.patience.__class__(0)
    with new.open("ab"):  # somebody may still be writing to it
        busy = site.run()
        errand, _ = prune(site)
        still = outputs(site)
    site.patience = site.patience.__class__.max
    ran = site.run()

    assert {} == busy.actions
    assert "1 master has not been tested yet" in refusal(errand)
    assert ["A/one/01.opus", "B/two/01.opus"] == still
    assert {"test": 1, "mirror-rename": 1} == ran.actions


def test_two_orphans_of_one_master_both_go(site: Site) -> None:
    """M9: a copy that somebody made of an output states the same source."""
    site.album("A/one", 1)
    site.album("B/two", 1, seed=5)
    site.run()
    output = site.base / "phone/A/one/01.opus"
    shutil.copyfile(output, output.with_name("copy.opus"))
    shutil.rmtree(site.library / "A")
    errand, _ = prune(site)

    assert (2, ["B/two/01.opus"]) == (errand.removed, outputs(site))


# --- what stands against it


def _gone(site: Site) -> None:
    site.library.rename(site.base / "elsewhere")


def _emptied(site: Site) -> None:
    _gone(site)
    site.library.mkdir()


def _replaced(site: Site) -> None:
    _emptied(site)
    site.album("other/album", 1, seed=50)


def _mirror_gone(site: Site) -> None:
    (site.base / "phone").rename(site.base / "unplugged")


def _mirror_emptied(site: Site) -> None:
    _mirror_gone(site)
    (site.base / "phone").mkdir()


def _back(site: Site) -> None:
    for away, place in (("elsewhere", site.library), ("unplugged", site.base / "phone")):
        if (site.base / away).exists():
            if place.exists():
                shutil.rmtree(place)
            (site.base / away).rename(place)


@pytest.mark.parametrize("trouble", [_gone, _emptied, _replaced, _mirror_gone, _mirror_emptied])
@pytest.mark.parametrize("itself", [True, False], ids=["prune = true", "pacctl prune"])
def test_roots_that_are_away_are_asked_about(
    site: Site, trouble: Callable[[Site], None], itself: bool
) -> None:
    """M9, users 6: missing, empty or another folder: nothing is removed, and a person is asked."""
    site.album("A/one", 2)
    site.album("B/two", 1, seed=5)
    site.run()
    (site.library / "A/one/02.flac").unlink()
    site.run()
    if itself:
        prune_by_itself(site)
    trouble(site)
    if itself:
        site.run()
    else:
        errand, _ = prune(site)
        assert refusal(errand)
    asked = site.holds()
    kept = len(outputs(site)) or len(contents(site.base / "unplugged"))
    _back(site)
    back = site.run()

    assert [("mass-disappearance", "phone")] == [(each.cause, each.mirror) for each in asked]
    assert kept >= 3
    assert [] == site.holds()
    left = ["A/one/01.opus", "A/one/02.opus", "B/two/01.opus"]
    assert set(left[::2] if itself else left) == set(outputs(site)) - {"other/album/01.opus"}
    assert itself == (back.actions["mirror-prune"] > 0)


@pytest.mark.parametrize("itself", [True, False], ids=["prune = true", "pacctl prune"])
def test_so_many_gone_at_once_are_asked_about(site: Site, itself: bool) -> None:
    """M9: 25 of 26 masters gone: nothing is removed before a person says so."""
    many(site)
    if itself:
        prune_by_itself(site)
    shutil.rmtree(site.library / "A/many")
    if itself:
        ran, said = site.run(), "25 of 26"
    else:
        errand, ran = prune(site)
        said = refusal(errand)
    (hold,) = site.holds()
    kept = len(outputs(site))
    released = end(site, hold, accept=False)
    if not itself:
        prune(site, audit=False)
    (asked,) = site.holds()
    end(site, asked, accept=True)
    if not itself:
        prune(site, audit=False)

    assert 26 == kept
    assert 0 == ran.actions["mirror-prune"] + released.actions["mirror-prune"]
    assert "25 of 26" in said
    assert ["A/one/01.opus"] == outputs(site)
    assert [] == site.holds()


def test_masters_that_return_end_the_question(site: Site) -> None:
    """M9: by itself, and nothing is removed."""
    prune_by_itself(site)
    many(site)
    (site.library / "A/many").rename(site.base / "away")
    site.run()
    asked = len(site.holds())
    (site.base / "away").rename(site.library / "A/many")
    ran = site.run()

    assert (1, 0) == (asked, len(site.holds()))
    assert ({}, 26, 0) == (ran.actions, len(outputs(site)), len(orphans(site)))


def test_what_was_accepted_are_those_that_were_asked_about(site: Site) -> None:
    """M9: what has gone since is another question."""
    many(site, 25)
    site.album("B/more", 22, seed=200)
    site.run()
    shutil.rmtree(site.library / "A/many")
    prune(site)
    (hold,) = site.holds()
    shutil.rmtree(site.library / "B")
    site.run()
    end(site, hold, accept=True)
    errand, _ = prune(site, audit=False)
    (again,) = site.holds()

    assert "the masters of 22 of 48 outputs" in refusal(errand)
    assert (48, 47) == (len(outputs(site)), again.evidence["outputs"])


def test_a_clock_that_was_set_back_accepts_nothing(site: Site) -> None:
    """M9: more orphans before a moment than were asked about then are a question."""
    many(site, 25)
    site.album("B/more", 22, seed=200)
    site.run()
    shutil.rmtree(site.library / "A/many")
    prune(site)
    (hold,) = site.holds()
    end(site, hold, accept=True)
    shutil.rmtree(site.library / "B")
    site.run()
    with site.store() as store, store.transaction():
        (early,) = {row.orphaned_at for row in orphans(site) if "A" in row.output.path.parts} or {
            None
        }
        late = [row.output.path for row in orphans(site) if "B" in row.output.path.parts]
        store.outputs.wanted(1, "phone", late)
        store.outputs.orphaned(1, "phone", late, now=early or datetime.now(UTC))
    errand, _ = prune(site, audit=False)

    assert "47 of 48" in refusal(errand)


def test_a_library_that_shrank_for_months_is_asked_about_once(site: Site) -> None:
    """M9: never pruned until now, a third of it gone in small steps: one acceptance is enough."""
    many(site, 30)
    for number in range(0, 24, 8):
        for each in range(number, number + 8):
            (site.library / f"A/many/{each:02}.flac").unlink()
        site.run()
    first, _ = prune(site)
    end(site, site.holds()[0], accept=True)
    second, _ = prune(site, audit=False)
    (site.library / "A/many/29.flac").unlink()
    third, _ = prune(site)

    assert "24 of 31" in refusal(first)
    assert (24, 1) == (second.removed, third.removed)
    assert [] == site.holds()


def test_few_are_no_question(site: Site) -> None:
    """M9: fewer than 20, or no more than a fifth, go without a word."""
    prune_by_itself(site)
    many(site, 19)
    shutil.rmtree(site.library / "A/many")
    ran = site.run()

    assert {"mirror-prune": 19} == ran.actions


def test_an_answer_while_a_root_is_away_accepts_no_loss(site: Site) -> None:
    """M9: accepted, a library that is away is not asked about again; nothing is removed for it."""
    prune_by_itself(site)
    many(site)
    _emptied(site)
    site.run()
    (hold,) = site.holds()
    end(site, hold, accept=True)
    again = site.run()
    quiet = site.holds()
    site.library.rmdir()
    (site.base / "elsewhere").rename(site.library)
    shutil.rmtree(site.library / "A/many")
    site.run()

    assert "Mount the disk" in hold.advice
    assert ([], {}) == (quiet, again.actions)
    assert ["the masters of 25 of 26"] == [each.reason[:23] for each in site.holds()]
    assert 26 == len(outputs(site))


def test_another_mirrors_answer_is_its_own(site: Site) -> None:
    """M9: a root that is strange stays so for each mirror until a person has looked."""
    (mirror,) = site.policy.libraries[0].mirrors
    car = replace(mirror, name="car", root=site.base / "car", prune=True)
    site.wish(mirrors=(replace(mirror, prune=True), car))
    site.album("A/one", 1)
    site.run()
    _replaced(site)
    site.run()
    asked = sorted(site.holds(), key=lambda each: each.mirror)
    end(site, asked[0], accept=True)

    assert ["car", "phone"] == [each.mirror for each in asked]
    assert ["phone"] == [each.mirror for each in site.holds()]
    assert "A/one/01.opus" in outputs(site)
    assert "A/one/01.opus" not in contents(site.base / "car")


def test_questions_of_a_mirror_that_has_left_leave_with_it(site: Site) -> None:
    """H2: nobody can answer for what is no longer configured."""
    prune_by_itself(site)
    many(site)
    shutil.rmtree(site.library / "A/many")
    site.run()
    asked = len(site.holds())
    site.wish(mirrors=())
    site.run()

    assert (1, []) == (asked, site.holds())


def test_what_cannot_be_removed_is_not_tried_for_ever(site: Site) -> None:
    """M9, P4, X2: a failure is told, and the engine rests; nothing is removed through a link."""
    site.album("A/one", 2)
    site.album("B/two", 2, seed=5)
    site.run()
    shutil.rmtree(site.library / "A")
    (site.library / "B/two/02.flac").unlink()
    site.run()
    folder, elsewhere = site.base / "phone/A/one", site.base / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    prune_by_itself(site)
    ran = site.run()

    assert {"mirror-prune": 3} == ran.actions
    assert (2, 1) == (ran.counts["failed"], ran.counts["pruned"])
    assert ["01.opus", "02.opus"] == sorted(path.name for path in elsewhere.iterdir())
    assert [] == site.holds()


def test_an_empty_mirror_of_orphans_alone_is_away(site: Site) -> None:
    """M9, users 6: a mirror that should hold orphans and is empty is a disk that is not there."""
    album = site.album("A/one", 1)
    site.album("B/two", 1, seed=5)
    site.run()
    (album / "01.flac").unlink()
    (site.library / "B/two/01.flac").unlink()
    site.run()
    (site.base / "phone").rename(site.base / "unplugged")
    (site.base / "phone").mkdir()
    errand, ran = prune(site, audit=False)

    assert "the mirror, is not there or is empty" in refusal(errand)
    assert ({}, 2) == (ran.actions, len(orphans(site)))


def test_what_a_folder_hides_is_not_told_unwanted() -> None:
    """M9, L3: where the library cannot be read nobody knows what its masters want."""
    with common_folder() as base:
        site = Site.make(base, mirror=True)
        site.album("locked/album", 1)
        library = site.policy.libraries[0]
        give_away(base)
        (site.library / "locked/album").chmod(0o100)
        with nobody():
            owners = Owners(library, library.mirrors[0], Ignore())
            hidden = owners.of(PurePosixPath("locked/album/02.opus"))
            plain = owners.of(PurePosixPath("locked/other/02.opus"))

    assert (Owner(hidden=True), Owner()) == (hidden, plain)


def test_a_source_that_leads_out_is_only_a_name(site: Site) -> None:
    """X2: what an output states of itself is never followed."""
    site.album("A/one", 1)
    site.run()
    with site.store() as store:
        (row,) = store.outputs.in_folder(1, "phone", PurePosixPath("A/one")).values()
    stated = [PurePosixPath("../../etc/passwd"), PurePosixPath("/etc/passwd"), PurePosixPath()]
    hostile = [replace(row, output=replace(row.output, source_rel=each)) for each in stated]

    assert PurePosixPath("A/one/01.flac") == source_of(row)
    assert {PurePosixPath("A/one/01.opus")} == {source_of(each) for each in hostile}


def test_a_dry_run_changes_nothing(site: Site) -> None:
    """M9, 1.3: not even where an orphan is wanted again; an API thread only reads."""
    site.album("A/one", 2)
    site.run()
    away = site.base / "away.flac"
    (site.library / "A/one/02.flac").rename(away)
    site.run()
    seen: list[Prune] = []

    def foresee(engine: Engine) -> None:
        store = Store.read_only(site.database)
        seen.append(prunes.foreseen(store, engine, "phone"))
        away.rename(site.library / "A/one/02.flac")
        seen.append(prunes.foreseen(store, engine, None))
        store.close()

    site.run(foresee, until=lambda _engine: True, audit=False)

    assert [["A/one/02.opus"], []] == [[each.path for each in found.orphans] for found in seen]
    assert 1 == len(orphans(site))


def test_a_prune_is_refused_while_work_is_under_way(site: Site) -> None:
    """M9: an orphan may be another master's by the end of it; and never while paused."""
    site.album("A/one", 1)
    site.run()
    said: list[str] = []

    def ask(engine: Engine) -> None:
        def audit() -> None:
            engine.auditor.audit_all()

        for prepare in (audit, lambda: engine.set_pause(None, "uid 0")):
            prepare()
            with pytest.raises(RefusedError) as refused:
                prunes.begin(engine, None, now=_now())
            said.append(refused.value.fix)
        engine.end_pause("uid 0")
        with pytest.raises(UnknownError):
            prunes.begin(engine, "nowhere", now=_now())
        with pytest.raises(UnknownError):
            prunes.ticket(engine, 1)

    site.run(ask, audit=False)

    assert ["`pacctl wait`, then again.", "`pacctl resume`."] == said


def _now() -> datetime:
    return datetime.now(UTC)
