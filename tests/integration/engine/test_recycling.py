"""Hi-res masters in a real engine: what becomes of them, of their originals, and of the bin."""

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.domain.plan import Action
from pacd.domain.policy import FlacPolicy
from pacd.domain.recycled import Recycled
from pacd.engine import preview
from pacd.engine.engine import Engine
from pacd.engine.restoring import lying, restore
from pacd.errors import RefusedError, UnknownError
from pacd.files import atomic, recycle
from pacd.files.opus import read_comments
from pacd.files.probe import read_track
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import Bin, Restored
from pacd.store.holds import Ending
from tests.audio import dress, stated_md5, write_flac
from tests.integration.engine.site import Ran, Site, contents

RETENTION = timedelta(days=30)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A library that is brought to CD form, with a mirror."""
    made = Site.make(tmp_path, mirror=True)
    wish(made)
    return made


def wish(site: Site, **changes: object) -> None:
    """Change what is wanted of masters."""
    wanted = FlacPolicy(target_compression=1, resample_to_cd=True, resampler="ffmpeg")
    site.wish(flac=replace(wanted, **changes))  # type: ignore[arg-type]  # by name


def hi_res(site: Site, name: str = "Artist/Album/01.flac", *, seed: int = 0) -> Path:
    """A master at 96 kHz and 24 bits."""
    path = site.library / name
    path.parent.mkdir(parents=True, exist_ok=True)
    tags = {"TITLE": name}
    return write_flac(path, seconds=0.3, rate=96_000, bits=24, tags=tags, level=0, seed=seed)


def in_bin(site: Site) -> Bin:
    with site.engine() as engine:
        return lying(engine, now=datetime.now(UTC))


def restored(site: Site, number: int) -> Restored:
    with site.engine() as engine:
        return restore(engine, number, "anna", now=datetime.now(UTC))


def take_stock(engine: Engine, now: datetime) -> None:
    """Look after the bin at some moment."""
    (library,) = engine.pipeline.policy.libraries
    engine.bins.take_stock(library, engine.pipeline.library_ids["music"], RETENTION, now=now)


def events(site: Site, path: str) -> list[str]:
    library_id = site.library_id
    with site.store() as store:
        return [e.event for e in store.history.of(library_id, PurePosixPath(path), limit=50)][::-1]


def assert_at_rest(ran: Ran) -> None:
    assert {} == ran.actions


def test_an_album_is_brought_to_cd_form_once(site: Site) -> None:
    """F6, P2, P4: tested, resampled, mirrored from CD form; not encoded twice, and then at rest."""
    masters = [hi_res(site, f"Artist/Album/0{n}.flac", seed=n) for n in (1, 2)]
    originals = {each.read_bytes() for each in masters}

    first = site.run()
    kept = contents(site.base)
    second = site.run()

    assert {"test": 2, "resample": 2, "mirror-encode": 2} == first.actions
    assert (2, 0) == (first.counts["resampled"], first.counts["recompressed"])
    assert_at_rest(second)
    library = {name: found for name, found in kept.items() if not name.startswith("state")}
    assert library == {n: f for n, f in contents(site.base).items() if not n.startswith("state")}
    for each in masters:
        assert not read_track(each).audio.above_cd
        output = site.base / "phone" / each.relative_to(site.library).with_suffix(".opus")
        assert ("PAC_SRC_MD5", stated_md5(each)) in read_comments(output).pairs
    bin_ = in_bin(site)
    names = sorted(each.path for each in bin_.files)
    assert ["Artist/Album/01.flac", "Artist/Album/02.flac"] == names
    assert originals == {each.read_bytes() for each in (site.library / recycle.BIN).rglob("*.flac")}
    assert ["flac_test_ok", "resample_ok", "mirror_encode_ok"] == events(
        site, "Artist/Album/01.flac"
    )
    assert [] == site.holds()


def test_an_output_of_the_hi_res_master_is_encoded_anew(site: Site) -> None:
    """F6, M5: its audio has changed."""
    master = hi_res(site)
    wish(site, resample_to_cd=False)
    site.run()
    wish(site)

    ran = site.run()

    assert {"resample": 1, "mirror-encode": 1} == ran.actions
    output = site.base / "phone" / "Artist/Album/01.opus"
    assert ("PAC_SRC_MD5", stated_md5(master)) in read_comments(output).pairs


def test_nothing_hi_res_is_touched_where_that_is_not_wished_for(site: Site) -> None:
    """F6: with `resample_to_cd = false`."""
    master = hi_res(site)
    wish(site, resample_to_cd=False, target_compression=0)
    md5 = stated_md5(master)

    ran = site.run()

    assert 0 == ran.actions["resample"]
    assert (96_000, md5) == (read_track(master).audio.sample_rate_hz, stated_md5(master))
    assert not (site.library / recycle.BIN).exists()


def test_without_ffmpeg_it_is_said_and_nothing_is_touched(site: Site) -> None:
    """F6: ffmpeg is optional: a problem with its fix, no error, and the mirror is made."""
    hi_res(site)
    deep = write_flac(site.library / "Artist" / "deep.flac", bits=24, seed=3)
    wish(site, resampler="")
    site.tools = replace(site.tools, ffmpeg=None)

    ran = site.run()

    assert ["Artist/deep.flac"] == ran.begun(Action.RESAMPLE)
    assert 2 == ran.actions["mirror-encode"]
    assert not read_track(deep).audio.above_cd
    with site.engine() as engine:
        engine.run(until=lambda each: bool(each.snapshot.problems))
        (problem,) = engine.snapshot.problems
    assert "1 master is above CD form and left so" in problem.what
    assert "apt install ffmpeg" in problem.fix


def test_what_is_known_of_the_original_holds_of_the_new_one(site: Site) -> None:
    """A6, H2: what a person accepted and detectors heard is not asked again."""
    master = write_flac(site.library / "48.flac", seconds=0.3, rate=48_000)
    origin, now = stated_md5(master), datetime.now(UTC)
    path = PurePosixPath("48.flac")
    wish(site, resample_to_cd=False)
    site.run()
    library_id = site.library_id
    with site.store() as store:
        seen = atomic.observe(master)
        told = {"reason": "r", "evidence": {}, "audio_md5": origin, "observation": seen}
        hold, _ = store.holds.open(library_id, path, Cause.SUSPECT, now=now, **told)  # type: ignore[arg-type]  # by name
        store.holds.end(hold.id, Ending.ACCEPTED, now=now)
        heard = store.authenticity.of(origin)
    wish(site)

    ran = site.run()

    made = stated_md5(master)
    (policy,) = site.policy.libraries
    with site.store() as store:
        assert origin == store.recycled.origin(made) != made
        settler = preview.settler_of(site.policy)
        facts = preview.facts_of(store, library_id, policy, path, Ignore(), settler, now=now)
    assert facts
    assert facts.accepted == {Cause.SUSPECT}
    assert facts.judgement == heard
    assert 0 == ran.actions["authenticate"]


# Crashes


def begun(site: Site, master: Path, made_md5: str = "b2") -> None:
    """Leave the bin as a worker does that is killed before it replaces a master."""
    seen = atomic.observe(master)
    recycled = Recycled(
        "20261121T120000Z-0",
        PurePosixPath(master.relative_to(site.library)),
        datetime.now(UTC),
        "a test",
        *(seen.inode, seen.size_bytes, seen.mtime_ns),
        *(stated_md5(master), made_md5),
    )
    way = recycle.keeping(master, site.library, lambda: recycled)
    way.__enter__()
    folders = [each.name for each in (site.library / recycle.BIN).iterdir()]
    shutil.copytree(site.library / recycle.BIN, site.base / "copy", copy_function=_link)
    way.__exit__(None, None, None)  # it would end by itself once collected
    (site.library / recycle.BIN).rmdir()
    shutil.move(site.base / "copy", site.library / recycle.BIN)
    assert all(name.startswith(".pacd-") for name in folders)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def test_killed_before_it_was_replaced(site: Site) -> None:
    """D3: the second name in the bin goes before anybody takes it for a hard link."""
    master = hi_res(site)
    begun(site, master)
    assert 2 == master.stat().st_nlink

    ran = site.run()

    assert [] == site.holds()
    assert 1 == ran.counts["resampled"]
    assert 1 == len(in_bin(site).files)


def test_killed_and_its_number_borne_by_another(site: Site) -> None:
    """D3, w39: in a container a number comes again soon; that does not keep the second name."""
    master = hi_res(site)
    begun(site, master)
    (draft,) = (site.library / recycle.BIN).iterdir()
    draft.rename(draft.with_name(_of_init()))

    ran = site.run()

    assert [] == site.holds()
    assert 1 == ran.counts["resampled"]


def _of_init() -> str:
    """A name that process 1, which runs, has not given."""
    name = ".pacd-1-00000000"
    return name if atomic.is_left_over(name) else ".pacd-1-00010000"


def test_killed_after_it_was_replaced(site: Site) -> None:
    """D3, S4: what lies in the bin and nobody recorded is found, and can be brought back."""
    master = hi_res(site)
    original = master.read_bytes()
    other = write_flac(site.base / "cd.flac", seconds=0.3, level=1)
    begun(site, master, stated_md5(other))
    other.replace(master)

    site.run()

    (found,) = in_bin(site).files
    assert ["recycle_found"] == [e for e in events(site, found.path) if e.startswith("recycle")]
    assert restored(site, found.id).exchanged
    assert original == master.read_bytes()


def test_a_lost_database(site: Site) -> None:
    """S4: the bin tells of itself."""
    master = hi_res(site)
    original = master.read_bytes()
    site.run()
    shutil.rmtree(site.database.parent)

    site.run()

    (found,) = in_bin(site).files
    assert "resampled, it was 96 kHz, 24 bit" == found.reason
    restored(site, found.id)
    assert original == master.read_bytes()


# Retention


def test_its_time_is_over(site: Site) -> None:
    """F6: found due when the retention is over, removed a day later; never before, and told."""
    hi_res(site)
    site.run()
    now = datetime.now(UTC)
    lasted = []
    with site.engine() as engine:
        for days in (1, 29, 30.1, 30.9, 31.2):
            take_stock(engine, now + timedelta(days=days))
            lasted.append(any((site.library / recycle.BIN).rglob("*.flac")))

    assert [True, True, True, True, False] == lasted
    assert [] == list((site.library / recycle.BIN).iterdir())
    assert "recycle_expired" == events(site, "Artist/Album/01.flac")[-1]
    with pytest.raises(UnknownError, match="was removed when its time was over"):
        restored(site, 1)


def test_a_clock_that_jumps_ahead_and_back(site: Site) -> None:
    """F6: a wrong clock, set right within a day, costs no file; one set back none ever."""
    hi_res(site)
    site.run()
    now = datetime.now(UTC)
    year = timedelta(days=365)
    with site.engine() as engine:
        for moment in (now + 10 * year, now, now - 20 * year, now + 10 * year, now + timedelta(1)):
            take_stock(engine, moment)
            take_stock(engine, moment + timedelta(hours=1))

        assert any((site.library / recycle.BIN).rglob("*.flac"))
        assert 1 == len(engine.store.recycled.lying(engine.pipeline.library_ids["music"]))


def test_a_file_recycled_while_the_clock_was_back(site: Site) -> None:
    """F6: its time begins no earlier than what happened before it."""
    hi_res(site)
    site.run()
    with site.engine() as engine:
        ids = engine.pipeline.library_ids
        (known,) = engine.store.recycled.lying(ids["music"])
        old = replace(known.recycled, entry="x", at=datetime(1970, 1, 1, tzinfo=UTC))

        engine.store.recycled.add(ids["music"], old)

        latest = engine.store.recycled.lying(ids["music"])[-1].recycled
        assert latest.at >= known.recycled.at


def test_somebody_empties_it_by_hand(site: Site) -> None:
    """F6: what is gone is gone; it is listed no longer, and cannot be brought back."""
    hi_res(site)
    site.run()
    shutil.rmtree(site.library / recycle.BIN)

    assert () == in_bin(site).files
    assert "recycle_emptied" == events(site, "Artist/Album/01.flac")[-1]
    with pytest.raises(UnknownError, match="by somebody"):
        restored(site, 1)
    assert_at_rest(site.run())


def emptied(about: Path) -> None:
    about.write_bytes(b"")


def cut_off(about: Path) -> None:
    about.write_bytes(about.read_bytes()[:40])


@pytest.mark.parametrize("spoil", [emptied, cut_off, Path.unlink])
def test_what_no_longer_tells_of_itself_stays(site: Site, spoil: Callable[[Path], None]) -> None:
    """F6, D3: the original is never removed with what tells of it, which is written anew."""
    master = hi_res(site)
    original = master.read_bytes()
    site.run()
    (about,) = (site.library / recycle.BIN).rglob("about.json")
    ((before, _),) = recycle.contents(site.library)
    spoil(about)

    with site.engine() as engine:
        take_stock(engine, datetime.now(UTC))

    ((told, whole),) = recycle.contents(site.library)
    assert (before, True) == (replace(told, at=before.at), whole)
    assert before.at - told.at < timedelta(milliseconds=1)  # what the record keeps of it
    (lies,) = in_bin(site).files
    assert "resample_ok" == events(site, lies.path)[1]
    assert [] == [each for each in events(site, lies.path) if each.startswith("recycle")]
    restored(site, lies.id)
    assert original == master.read_bytes()


def test_what_cannot_be_read_for_the_moment_stays(site: Site) -> None:
    """F6, D3: whichever look at the bin finds no descriptor free, nothing is taken for gone."""
    hi_res(site)
    site.run()
    kept = contents(site.library)
    with site.engine() as engine:
        for free in range(8):
            with descriptors(free):
                take_stock(engine, datetime.now(UTC))

    assert kept == contents(site.library)
    assert 1 == len(in_bin(site).files)
    told = events(site, "Artist/Album/01.flac")
    assert [] == [each for each in told if each.startswith("recycle")]


@contextmanager
def descriptors(free: int) -> Iterator[None]:
    """Leave this process so many descriptors that it may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_emptied_but_for_what_told_of_it(site: Site) -> None:
    """F6: somebody took the file alone: its folder goes, and nothing else that lies there."""
    hi_res(site)
    hi_res(site, "Artist/Album/02.flac", seed=2)
    site.run()
    one, other = sorted((site.library / recycle.BIN).rglob("*.flac"))
    one.unlink()
    other.unlink()
    note = other.with_name("note.txt")
    note.touch()

    assert () == in_bin(site).files
    assert (False, True) == (one.parent.exists(), note.exists())


def test_a_library_that_is_away(site: Site) -> None:
    """F6, W3: its bin is neither empty nor over; nothing can be brought back until it is there."""
    hi_res(site)
    site.run()
    site.library.rename(site.base / "elsewhere")

    (found,) = in_bin(site).files
    assert found.away
    with pytest.raises(RefusedError, match="is not there now"):
        restored(site, found.id)
    with site.engine() as engine:
        engine.bins.look_after(site.policy, engine.pipeline.library_ids)

    (site.base / "elsewhere").rename(site.library)
    assert [False] == [each.away for each in in_bin(site).files]


# Bringing back


def test_a_bin_that_cannot_be_looked_after(site: Site) -> None:
    """F6, L3: said for as long as it is so; the masters are maintained all the same."""
    hi_res(site)
    site.run()
    bin_, told = site.library / recycle.BIN, list[str]()
    bin_.rename(site.base / "away")
    bin_.symlink_to(site.base / "away")
    with site.engine() as engine:
        for _look in range(2):
            engine.bins.look_after(site.policy, engine.pipeline.library_ids)
            told += [each.what for each in engine.bins.problems()]
        bin_.unlink()
        (site.base / "away").rename(bin_)
        engine.bins.look_after(site.policy, engine.pipeline.library_ids)

        assert [True, True] == ["recycle bin" in each for each in told]
        assert () == engine.bins.problems()
    assert 1 == len(in_bin(site).files)


def test_the_original_comes_back_and_stays(site: Site) -> None:
    """F6, P4: PAC's own CD version makes room for it; it is not resampled again; why tells."""
    master = hi_res(site)
    original = master.read_bytes()
    site.run()
    made = master.read_bytes()

    done = restored(site, 1)
    back = master.read_bytes()
    ran = site.run()

    assert original == back
    assert (1, 2) == (done.id, done.exchanged)
    assert 0 == ran.counts["resampled"]
    assert 1 == ran.counts["encoded"]  # of the hi-res audio
    assert "restored" in events(site, "Artist/Album/01.flac")
    assert 96_000 == read_track(master).audio.sample_rate_hz
    assert_at_rest(site.run())
    (other,) = in_bin(site).files
    assert (2, "made room for its original, which was brought back") == (other.id, other.reason)
    assert [made] == [each.read_bytes() for each in (site.library / recycle.BIN).rglob("*.flac")]


def test_and_back_again(site: Site) -> None:
    """F6: the CD version can be brought back just so."""
    master = hi_res(site)
    site.run()
    made = master.read_bytes()
    restored(site, 1)

    restored(site, 2)
    ran = site.run()

    assert made == master.read_bytes()
    assert 0 == ran.counts["resampled"]
    assert [3] == [each.id for each in in_bin(site).files]


def test_a_retagged_cd_version_is_not_lost(site: Site) -> None:
    """F6: it is PAC's by its audio; what somebody wrote into it lies in the bin."""
    master = hi_res(site)
    site.run()

    dress(master, {"TITLE": "By hand"}, [])

    restored(site, 1)

    (kept,) = (site.library / recycle.BIN).rglob("*.flac")
    assert "By hand" == read_track(kept).tags.first("TITLE")


def test_never_over_another_file(site: Site) -> None:
    """C4: exit 6; once it is moved away the original comes back."""
    master = hi_res(site)
    original = master.read_bytes()
    site.run()
    foreign = write_flac(master, seconds=0.2, seed=9).read_bytes()

    with pytest.raises(RefusedError, match=r"is there, and PAC never writes over a file\. Move it"):
        restored(site, 1)
    assert foreign == master.read_bytes()
    shutil.rmtree(master.parent)

    assert restored(site, 1).exchanged is None
    assert original == master.read_bytes()


def test_what_lies_in_no_bin(site: Site) -> None:
    """C4: exit 5 for a number that never was, and for one that is no more."""
    hi_res(site)
    site.run()
    restored(site, 1)

    for number, words in ((1, "brought back already"), (99, "`pacctl restore` lists")):
        with pytest.raises(UnknownError, match=words):
            restored(site, number)


def test_w16_a_file_that_somebody_is_writing(site: Site) -> None:
    """w16, C4: refused for the moment, and what is written stays in its place."""
    master = hi_res(site)
    original = master.read_bytes()
    site.run()
    made = master.read_bytes()

    with (
        master.open("r+b"),
        pytest.raises(RefusedError, match="being worked on just now") as caught,
    ):
        restored(site, 1)

    assert "`pacctl restore 1` again" in caught.value.fix
    assert made == master.read_bytes()
    assert restored(site, 1).exchanged
    assert original == master.read_bytes()


def test_a_file_that_is_being_worked_on(site: Site) -> None:
    """C4, D3: a worker about to replace it would replace the original: refused for the moment."""
    master = hi_res(site)
    site.run()
    site.use('case "$*" in *--verify*) sleep 1;; esac; exec "$FLAC" "$@"')
    wish(site, target_compression=8)
    refusals: list[RefusedError] = []

    def until(engine: Engine) -> bool:
        items = [each.work.item for each in engine.dispatch.running.values()]
        if any(item and item.action is Action.RECOMPRESS for item in items) and not refusals:
            with pytest.raises(RefusedError, match="being worked on") as caught:
                restore(engine, 1, "anna", now=datetime.now(UTC))
            refusals.append(caught.value)
        return engine.idle

    site.run(until=until)

    assert 1 == len(refusals)
    assert not read_track(master).audio.above_cd
