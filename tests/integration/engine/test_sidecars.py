"""Sidecars of masters, and their copies in a mirror, through a real engine."""

import os
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.domain.plan import Action
from pacd.engine import explaining, preview
from pacd.engine.snapshot import Snapshot
from pacd.intake.debounce import Place
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import FileState
from tests.integration.engine.site import SETTLE_S, Site, contents

KINDS = (".lrc", ".cue", "cover.jpg", "folder.jpg")
OLD_NS = 1_500_000_000_123_456_789


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A library with one master and a mirror that wants sidecars."""
    site = Site.make(tmp_path, mirror=True)
    wish(site)
    site.album("a", tracks=1)
    return site


def wish(site: Site, **changes: object) -> None:
    """Change what the owner wants of the mirror."""
    mirror = replace(site.policy.libraries[0].mirrors[0], sidecars=KINDS)
    site.wish(mirrors=(replace(mirror, **changes),))  # type: ignore[arg-type]  # by name


def put(site: Site, path: str, text: str = "words") -> Path:
    """Make a sidecar of the library, long at rest."""
    place = site.library / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")
    os.utime(place, ns=(OLD_NS, OLD_NS))
    return place


def phone(site: Site) -> dict[str, bytes]:
    """What stands in the mirror beside outputs."""
    found = contents(site.base / "phone")
    return {path: data for path, (_, _, data) in found.items() if not path.endswith(".opus")}


def test_sidecars_are_copied_and_nothing_else(site: Site) -> None:
    """M11: by extension or name, whatever their case, with their times; P4: and only once."""
    others = ("notes.txt", "back.jpg", ".hidden.lrc", "x.lrc.part")
    for name in ("01.lrc", "A.CUE", "Cover.JPG", *others):
        put(site, f"a/{name}", name)
    put(site, "box/folder.jpg", "of discs below")
    (site.library / "a" / "pipe.lrc").symlink_to("01.lrc")
    os.mkfifo(site.library / "a" / "fifo.cue")
    first = site.run()
    before = contents(site.base)
    second = site.run()

    assert {
        "a/01.lrc": b"01.lrc",
        "a/A.CUE": b"A.CUE",
        "a/Cover.JPG": b"Cover.JPG",
        "box/folder.jpg": b"of discs below",
    } == phone(site)
    assert (4, 0) == (first.actions[Action.MIRROR_COPY], second.actions.total())
    assert {OLD_NS} == {path.stat().st_mtime_ns for path in (site.base / "phone").rglob("*.[lCc]*")}
    after = contents(site.base)
    assert {path: found for path, found in before.items() if not path.startswith("state/")} == {
        path: found for path, found in after.items() if not path.startswith("state/")
    }


def test_a_changed_sidecar_is_copied_again(site: Site) -> None:
    """M11: kept in step, by an audit that sees nothing else; also when its time alone changed."""
    sidecar = put(site, "a/01.lrc")
    site.run()
    put(site, "a/01.lrc", "other")
    changed = site.run()
    os.utime(sidecar, ns=(OLD_NS + 10**10, OLD_NS + 10**10))
    site.run()
    copy = site.base / "phone" / "a" / "01.lrc"

    assert (["a/01.lrc"], b"other") == (changed.begun(Action.MIRROR_COPY), copy.read_bytes())
    assert OLD_NS + 10**10 == copy.stat().st_mtime_ns


def test_a_copy_that_was_removed_is_made_again(site: Site) -> None:
    """M11: the mirror's side is kept in step too."""
    put(site, "a/cover.jpg")
    site.run()
    (site.base / "phone" / "a" / "cover.jpg").unlink()
    site.run()

    assert {"a/cover.jpg": b"words"} == phone(site)


def test_a_renamed_master_renames_its_lyrics(site: Site) -> None:
    """M11, M10: a copy goes by the name of its master's output, and is moved, not copied."""
    put(site, "a/01.lrc")
    site.run()
    copy = site.base / "phone" / "a" / "01.lrc"
    inode = copy.stat().st_ino
    for end in ("flac", "lrc"):
        (site.library / "a" / f"01.{end}").rename(site.library / "a" / f"Who?.{end}")
    ran = site.run()
    output = next((site.base / "phone").rglob("*.opus"))

    assert output.stem.startswith("Who_~")
    assert {f"a/{output.stem}.lrc": b"words"} == phone(site)
    assert inode == output.with_suffix(".lrc").stat().st_ino
    assert 1 == ran.actions[Action.MIRROR_COPY]
    assert 0 == site.run().actions.total()


def test_a_renamed_album_leaves_nothing_behind(site: Site) -> None:
    """M11, M5: copies follow their sidecars into another folder; the old one goes."""
    put(site, "a/cover.jpg")
    put(site, "a/01.lrc", "lyrics")
    site.run()
    (site.library / "a").rename(site.library / "b")
    site.run()

    assert {"b/cover.jpg": b"words", "b/01.lrc": b"lyrics"} == phone(site)
    assert ["b"] == [path.name for path in (site.base / "phone").iterdir()]


@pytest.mark.parametrize("prune", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_a_removed_sidecar_takes_its_copy_with_it(site: Site, prune: bool, whole: bool) -> None:
    """M11, M9: what no sidecar wants is removed where that is wished, and else counted."""
    wish(site, prune=prune)
    site.album("b", tracks=1, seed=5)
    put(site, "a/cover.jpg")
    site.run()
    if whole:
        shutil.rmtree(site.library / "a")
    else:
        (site.library / "a" / "cover.jpg").unlink()
    site.run()
    with site.store() as store:
        orphans = store.sidecars.count_orphans(site.library_id, "phone")

    assert ({} if prune else {"a/cover.jpg": b"words"}, 0 if prune else 1) == (phone(site), orphans)
    assert prune or 0 == site.run().actions.total()


def test_a_sidecar_that_returns_keeps_its_copy(site: Site) -> None:
    """M11: an orphan whose sidecar is back is none."""
    sidecar = put(site, "a/cover.jpg")
    site.run()
    sidecar.rename(site.base / "aside")
    site.run()
    (site.base / "aside").rename(sidecar)
    ran = site.run()
    with site.store() as store:
        orphans = store.sidecars.count_orphans(site.library_id, "phone")

    assert (0, {"a/cover.jpg": b"words"}) == (orphans, phone(site))
    assert ran.actions[Action.MIRROR_COPY] <= 1


def test_kinds_that_are_not_wished_any_more_are_orphans(site: Site) -> None:
    """M11: what the setting no longer names is removed with prune, and asks nobody."""
    for number in range(30):
        put(site, f"a/{number}.lrc")
    site.run()
    wish(site, prune=True, sidecars=(".cue",))
    site.run()

    assert ({}, []) == (phone(site), site.holds())


def test_many_sidecars_gone_at_once_ask_first(site: Site) -> None:
    """M9: copies may be the last ones that there are."""
    wish(site, prune=True)
    for number in range(30):
        put(site, f"a/{number}.lrc")
    site.run()
    for path in (site.library / "a").glob("*.lrc"):
        path.unlink()
    site.run()

    assert 30 == len(phone(site))
    assert [Cause.MASS_DISAPPEARANCE] == [hold.cause for hold in site.holds()]


def test_without_the_database_nothing_is_copied_again(site: Site) -> None:
    """M11, M4: what equals its sidecar is taken for its copy, and is removed with it."""
    wish(site, prune=True)
    sidecar = put(site, "a/cover.jpg")
    put(site, "a/01.lrc")
    site.run()
    before = contents(site.base / "phone")
    site.database.unlink()
    site.run()

    assert before == contents(site.base / "phone")
    sidecar.unlink()
    site.run()
    assert {"a/01.lrc": b"words"} == phone(site)


def test_a_foreign_file_is_never_touched(site: Site) -> None:
    """M11: what PAC did not copy stays, a notice asks for it, and ends when it is moved away."""
    put(site, "a/cover.jpg")
    foreign = site.base / "phone" / "a" / "cover.jpg"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"mine")
    site.run()
    held = [(str(hold.path), hold.cause, hold.mirror) for hold in site.holds()]
    again = site.run()

    assert ([("a/cover.jpg", Cause.COLLISION, "phone")], b"mine") == (held, foreign.read_bytes())
    assert 0 == again.actions.total()
    foreign.rename(site.base / "mine")
    site.run()
    assert ([], {"a/cover.jpg": b"words"}) == (site.holds(), phone(site))


def test_a_foreign_file_asks_no_more_when_the_sidecar_is_gone(site: Site) -> None:
    """H2: a hold ends by itself when its file is gone; the foreign file is no orphan."""
    sidecar = put(site, "a/cover.jpg")
    foreign = site.base / "phone" / "a" / "cover.jpg"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"mine")
    wish(site, prune=True)
    site.run()
    sidecar.unlink()
    site.run()

    assert ([], {"a/cover.jpg": b"mine"}) == (site.holds(), phone(site))


def test_a_copy_that_somebody_changed_is_theirs(site: Site) -> None:
    """M11: a person's work in the mirror is not overwritten."""
    put(site, "a/01.lrc")
    site.run()
    copy = site.base / "phone" / "a" / "01.lrc"
    copy.write_text("corrected", "utf-8")
    site.run()
    put(site, "a/01.lrc", "newer")
    site.run()

    assert "corrected" == copy.read_text("utf-8")
    assert [Cause.COLLISION] == [hold.cause for hold in site.holds()]


def test_a_mirror_that_is_away_is_left_alone(site: Site) -> None:
    """M11: an unmounted mirror is not filled anew; once it is back all goes on."""
    put(site, "a/cover.jpg")
    site.run()
    mirror, away = site.base / "phone", site.base / "away"
    mirror.rename(away)
    mirror.mkdir()
    put(site, "a/cover.jpg", "newer")
    site.run()
    empty = list(mirror.iterdir())
    mirror.rmdir()
    away.rename(mirror)
    site.run()

    assert ([], {"a/cover.jpg": b"newer"}) == (empty, phone(site))


def test_a_file_too_large_is_not_copied(site: Site) -> None:
    """M11: a file of more than 64 MiB is no sidecar."""
    with put(site, "a/cover.jpg").open("wb") as file:
        file.truncate((64 << 20) + 1)
    ran = site.run()

    assert ({}, 0) == (phone(site), ran.actions[Action.MIRROR_COPY])
    assert 0 == site.run().actions.total()


def test_plan_and_why_speak_of_sidecars(site: Site) -> None:
    """P1: what would be copied, and how a sidecar stands, with its history."""
    put(site, "a/cover.jpg")
    put(site, "a/notes.txt")
    with site.engine() as engine:
        library = site.policy.libraries[0]
        number = engine.pipeline.library_ids["music"]
        place, now = Place("music", PurePosixPath()), datetime.now(UTC)
        ids, only = engine.pipeline.library_ids, PurePosixPath("a/cover.jpg")
        until_settled(library.root / only)
        plan = preview.plan_of(engine.store, ids, site.policy, [place], only=only, now=now)
    site.run()
    with site.store() as store:
        settler = preview.settler_of(site.policy)
        told = [
            explaining.why(
                store,
                number,
                library,
                PurePosixPath(path),
                Ignore(),
                settler,
                Snapshot(),
                now=now,
            )
            for path in ("a/cover.jpg", "a/notes.txt")
        ]

    assert [("mirror-copy", "phone", "there is no copy of it in phone")] == [
        (each.action, each.mirror, each.reason) for each in plan.items
    ]
    assert [FileState.IN_ORDER, FileState.IGNORED] == [each.state for each in told]
    assert "copied to a/cover.jpg in mirror phone" == told[0].decision.reason
    assert ["a/cover.jpg copied"] == [each.message for each in told[0].history]


def until_settled(path: Path) -> None:
    """Wait until a file has been quiet for longer than the settle time."""
    while (time.time_ns() - path.stat().st_ctime_ns) / 1e9 < 2 * SETTLE_S:
        os.sched_yield()


def test_no_two_names_meet(site: Site) -> None:
    """M10: names that FAT takes for one, or that are an output's, are kept apart."""
    for name in ("cover.jpg", "COVER.JPG", "01.lrc"):
        put(site, f"a/{name}", name)
    (site.library / "a" / "B.lrc").mkdir()
    put(site, "a/b.lrc", "b.lrc")
    site.run()
    found = phone(site)

    assert {b"cover.jpg", b"COVER.JPG", b"01.lrc", b"b.lrc"} == set(found.values())
    assert 4 == len({path.lower() for path in found})
    assert 0 == site.run().actions.total()


def test_a_sidecar_that_is_being_written_waits(site: Site) -> None:
    """M11, w11: half a file is not copied; the next run finds it whole."""
    site.patience = timedelta(seconds=0.2)
    with put(site, "a/cover.jpg", "half").open("a", encoding="utf-8") as file:
        waiting = site.run()
        before = phone(site)
        file.write(" and half")
    site.run()

    assert ({}, 0) == (before, waiting.actions[Action.MIRROR_COPY])
    assert {"a/cover.jpg": b"half and half"} == phone(site)


def test_a_crash_before_the_record_copies_nothing_twice(site: Site) -> None:
    """M12: a copy that stands there whole, and on no record, is taken for one."""
    put(site, "a/cover.jpg")
    site.run()
    before = contents(site.base / "phone")
    with site.store() as store, store.transaction():
        store.sidecars.forget(1, "phone", [PurePosixPath("a/cover.jpg")])
        store.folders.disturb(1, PurePosixPath("a"))
    site.run()

    assert before == contents(site.base / "phone")
    put(site, "a/cover.jpg", "newer")
    site.run()
    assert ({"a/cover.jpg": b"newer"}, []) == (phone(site), site.holds())
