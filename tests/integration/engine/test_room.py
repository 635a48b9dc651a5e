"""Disks without room, in bytes or in inodes: told of, waited for, and left as soon as they have."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.outcome import Failed
from pacd.domain.plan import Action, PlanItem
from pacd.engine.awaiting import left_waiting
from pacd.engine.cramped import Cramped, _full
from pacd.engine.doctor import _roots
from pacd.engine.engine import Engine
from pacd.engine.overview import full_disks
from pacd.engine.summary import left_waiting_of
from pacd.engine.visit import Urgency
from pacd.errors import FailureKind
from pacd.files.room import PROBES_BYTES, Free, Room, probe
from pacd.intake.debounce import Place
from pacd.protocol.documents import FileState, Verdict
from pacd.store.columns import to_ms
from tests.integration.engine.site import Site
from tests.integration.engine.test_disks import told
from tests.integration.engine.test_preview import planned, why
from tests.machine import full_disk, small_disk

HOURS = timedelta(hours=5)
"""A wait that is the machine's, and that no test waits for."""


def allow(disk: Path, inodes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,nr_inodes={inodes}", disk], check=True)


@contextmanager
def disk_of(place: Path, inodes: int) -> Iterator[Path]:
    """A disk with room for so many files and folders, its own among them."""
    with small_disk(place):
        allow(place, inodes)
        yield place


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path, mirror=True)


@pytest.fixture
def mirror(site: Site) -> Iterator[Path]:
    """The mirror, on a disk that has room for two outputs of an album, and for no more."""
    with disk_of(site.base / "phone", inodes=4) as disk:
        yield disk


def outputs(mirror: Path) -> int:
    return len(list(mirror.rglob("*.opus")))


def test_w18_a_disk_without_inodes_is_told_of_and_waited_for(site: Site, mirror: Path) -> None:
    """W3, w18, w57: bytes are free, no file can be made: said, and gone on with once one can."""
    site.album("A", 4)
    said: list[list[str]] = []

    def followed(engine: Engine) -> bool:
        if engine.idle and not said:
            said.append(told(engine))
            allow(mirror, 100)
            said.append(told(engine))
            return False
        return engine.idle

    ran = site.run(until=followed)
    lack = f"The disk of {mirror} has no inode left, of which each file takes one"

    assert 2 == ran.counts["failed"]
    assert [[f"{lack}: 2 pieces of work wait for it."], []] == said
    assert 4 == outputs(mirror)
    assert [] == site.holds()


def test_w18_room_that_came_while_nobody_looked_is_used_at_the_next_start(
    site: Site, mirror: Path
) -> None:
    """w18: hours are still to wait, and the disk has been mended: all is tried at once."""
    site.album("A", 4)
    site.run()
    with site.store() as store:
        later = datetime.now(UTC) + HOURS
        store._connection.run("UPDATE setbacks SET retry_at = ?", (to_ms(later),))
    before = outputs(mirror)
    allow(mirror, 100)
    site.run()

    assert before < 4
    assert 4 == outputs(mirror)


def test_w58_why_tells_of_the_output_that_failed(site: Site, mirror: Path) -> None:
    """w58: what failed, why, and when it is tried again; not that all is in order."""
    site.album("A", 4)
    site.run()
    told = [why(site, f"A/{number:02}.flac") for number in range(1, 5)]
    failed = [each for each in told if each.state is FileState.RETRYING]
    known = site.library_id
    with site.store() as store:
        setbacks = [
            each for row in store.jobs.setbacks(known, PurePosixPath("A")).values() for each in row
        ]

    retries = planned(site).retries

    assert ["Library music: 2 pieces of work wait to be tried again: mirror-encode failed"] == [
        sentence.partition(" failed")[0] + " failed" for sentence in retries
    ]
    assert len(failed) == len(setbacks) == 4 - outputs(mirror)
    for each, setback in zip(failed, setbacks, strict=True):
        assert each.decision.reason.startswith(
            f"not up to date in phone: mirror-encode failed: {setback.message.rstrip('.')}; "
            f"it is tried again at {setback.retry_at:%H:%M:%S} UTC; intact, tested "
        )
        assert "No space left on device" in setback.message


def test_w23_the_reserve_is_of_inodes_too(site: Site, mirror: Path) -> None:
    """w23: where fewer are left than the reserve nothing is begun, and the disk is named."""
    subprocess.run(["mount", "-o", "remount,size=9m", mirror], check=True)
    site.album("A", 2)
    allow(mirror, 4)
    site.policy = replace(site.policy, min_free_bytes=4 << 20)
    said: list[str] = []

    def stalled(engine: Engine) -> bool:
        said.extend(each.what for each in full_disks(engine.snapshot))
        return engine.stalled or engine.idle

    waited = site.run(until=stalled)
    allow(mirror, 5)
    went_on = site.run()

    few = "fewer free inodes, of which each file takes one, than the reserve"
    assert f"The disk of {mirror} has {few}: nothing is written there." == said[-1]
    assert not waited.begun(Action.MIRROR_ENCODE)
    assert 1 <= len(went_on.begun(Action.MIRROR_ENCODE))


def test_w57_the_doctor_counts_inodes(site: Site, mirror: Path) -> None:
    """w57: where bytes are free and inodes are not, it says so."""
    subprocess.run(["mount", "-o", "remount,size=9m", mirror], check=True)
    found = _roots(replace(site.policy, min_free_bytes=4 << 20), ())
    doctor = {each.name: each for each in found}["mirror phone"]

    assert Verdict.DEGRADED is doctor.verdict
    assert doctor.found.endswith("MiB free, and 3 inodes")
    fix = "Remove files there: the reserve is 4 inodes (min_free_mib in [audit])."
    assert fix == doctor.fix


def fail(site: Site, path: str, kind: FailureKind, wait: timedelta) -> None:
    """Have the output of a master fail, to be tried again after a wait."""
    number, now = site.library_id, datetime.now(UTC)
    item = PlanItem(PurePosixPath(path), Action.MIRROR_ENCODE, "a reason", mirror="phone")
    with site.store() as store:
        job = store.jobs.started(number, item, now=now)
        store.jobs.failed(job, Failed(item, kind, "It went wrong."), now=now, retry_at=now + wait)
        store.folders.disturb(number, item.path.parent)
    (site.base / "phone" / path).with_suffix(".opus").unlink()


def scanning(folder: str) -> Place:
    return Place("music", PurePosixPath(folder))


@pytest.fixture
def failing(site: Site) -> Site:
    """Two albums at rest, but for an output in each that failed a moment ago."""
    (site.base / "phone").mkdir()
    site.album("A", 2)
    site.album("B", 2, seed=7)
    site.run()
    return site


def test_a_scan_that_a_person_asks_for_tries_again_at_once(failing: Site) -> None:
    """1.3, w18: below the path, what the machine may have mended; not what is the file's fault."""
    fail(failing, "A/01.flac", FailureKind.IO, timedelta(minutes=9))
    fail(failing, "A/02.flac", FailureKind.TOOL_FAILED, timedelta(minutes=9))
    fail(failing, "B/01.flac", FailureKind.IO, timedelta(minutes=9))
    audited = failing.run()
    said: list[str] = []

    def done(engine: Engine) -> bool:
        errand = engine.auditor.errands[1]
        if errand.done:
            said.append(left_waiting_of(engine, errand))
        return errand.done

    scanned = failing.run(
        lambda engine: void(engine.auditor.errand("A", (scanning("A"),))), done, audit=False
    )

    assert not audited.actions
    assert ["A/01.flac"] == scanned.begun(Action.MIRROR_ENCODE)
    assert said[0].startswith(
        "Library music: 1 piece of work waits to be tried again: mirror-encode failed: "
        "It went wrong; it is tried again at "
    )


def void(_value: object) -> None:
    """Take what is of no interest."""


def test_what_waits_for_another_try_is_counted(failing: Site) -> None:
    """1.1: by library and folder; not what a person has been asked about, nor what is gone."""
    number, library = failing.library_id, failing.policy.libraries[0]

    def left(below: str = ".", *, after: timedelta = timedelta()) -> str:
        now = datetime.now(UTC) + after
        with failing.store() as store:
            return left_waiting(store, library, number, PurePosixPath(below), now=now)

    before = left()
    fail(failing, "A/01.flac", FailureKind.NO_SPACE, HOURS)
    fail(failing, "A/02.flac", FailureKind.BAD_PICTURE, HOURS)
    fail(failing, "B/01.flac", FailureKind.INTERRUPTED, timedelta(minutes=9))

    assert "" == before
    assert left().startswith("Library music: 2 pieces of work wait to be tried again: ")
    assert "(and 1 more)" in left()
    assert "1 piece of work waits" in left("A")
    assert "" == left(after=2 * HOURS)
    failing.wish(mirrors=())
    library = failing.policy.libraries[0]
    assert "" == left()


def test_w11_what_a_wrong_clock_put_off_for_years_is_done_now(failing: Site) -> None:
    """w11, w40: in the 2040s for a day, then right again: an output is made, a test is repeated."""
    years = timedelta(days=7_000)
    fail(failing, "A/01.flac", FailureKind.IO, years)
    with failing.store() as store:
        far = to_ms(datetime.now(UTC) + years)
        store._connection.run(
            "UPDATE flac_checks SET last_test_ts = ? WHERE inode = ?",
            (far, (failing.library / "B/02.flac").stat().st_ino),
        )
    ran = failing.run()
    again = failing.run()

    assert ["A/01.flac"] == ran.begun(Action.MIRROR_ENCODE)
    assert ["B/02.flac"] == ran.begun(Action.TEST)
    assert not again.actions


def test_w11_a_running_daemon_puts_right_what_a_wrong_clock_put_off(failing: Site) -> None:
    """w11, w40: no restart and no audit is needed once the clock is right."""
    fail(failing, "A/01.flac", FailureKind.IO, timedelta(days=7_000))
    ran = failing.run(audit=False)

    assert ["A/01.flac"] == ran.begun(Action.MIRROR_ENCODE)


def test_what_a_probe_finds(tmp_path: Path) -> None:
    """w18: what fits, and why nothing does; it leaves nothing, and makes no folder."""
    with full_disk(tmp_path / "full") as empty:
        full = probe(empty.parent)
        left = sorted(each.name for each in empty.parent.iterdir())
    with disk_of(tmp_path / "few", inodes=1) as few:
        bare = probe(few)

    assert (0, errno.ENOSPC, False) == (full.fits_bytes, full.error, full.without_inodes)
    assert ["empty", "filler"] == left
    assert (0, errno.ENOSPC, True) == (bare.fits_bytes, bare.error, bare.without_inodes)
    assert (PROBES_BYTES[-1], 0) == (probe(tmp_path).fits_bytes, probe(tmp_path).error)
    assert (0, 0) == (probe(tmp_path / "gone").fits_bytes, probe(tmp_path / "gone").error)
    assert ["few", "full"] == sorted(each.name for each in tmp_path.iterdir())


def test_w18_what_is_too_large_for_the_room_there_is_waits_for_more(failing: Site) -> None:
    """w18: it is told of, and left to its retries: not tried again at each look."""
    ids, wanted = {"music": failing.library_id}, list[Place]()

    def want(place: Place, _urgency: Urgency) -> None:
        wanted.append(place)

    with failing.store() as store:
        cramped, now = Cramped(store), datetime.now(UTC)
        before = cramped.look(failing.policy, ids, want, now=now)
        fail(failing, "A/01.flac", FailureKind.NO_SPACE, HOURS)
        looks = [cramped.look(failing.policy, ids, want, now=datetime.now(UTC)) for _ in range(3)]
        started = Cramped(store).look(failing.policy, ids, want, now=datetime.now(UTC))

    more = f"1 piece of work waits for more room below {failing.base / 'phone'}, on whose disk "
    assert () == before
    assert [True] * 3 == [found[0].what.startswith(more) for found in looks]
    assert ((), [scanning("A")]) == (started, wanted)


def test_w18_a_quota_that_is_used_up_is_called_that(failing: Site) -> None:
    """w18: EDQUOT: the disk has room, and pacd's user has none."""
    fail(failing, "A/01.flac", FailureKind.NO_SPACE, HOURS)
    with failing.store() as store:
        kept = Cramped(store)._by_root(
            failing.policy, {"music": failing.library_id}, datetime.now(UTC)
        )
    (root, waiting), *others = kept.items()
    room = Room(Free(1 << 40, 1e6), 0, errno.EDQUOT)
    said = [each.what for each in _full(root, room, waiting, 0)]

    assert [] == others
    used_up = f"The quota of pacd's user on the disk of {failing.base / 'phone'} is used up"
    assert [f"{used_up}: 1 piece of work waits for it."] == said
