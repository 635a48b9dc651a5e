"""Copies that no sidecar wants: removed as outputs are, under the same guards (M9, M11)."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from pacd.engine import prunes
from pacd.engine.engine import Engine
from pacd.engine.mirrors.orphans import Claims, all_orphans
from pacd.engine.owners import Owner
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import Prune
from pacd.store.database import Store
from tests.integration.engine.site import Ran, Site
from tests.integration.rights import common_folder, give_away, nobody


def with_sidecars(base: Path) -> Site:
    """A library with a master, a mirror that wants covers, and nothing removed by itself."""
    site = Site.make(base, mirror=True)
    wish(site)
    site.album("a", tracks=1)
    return site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return with_sidecars(tmp_path)


def wish(site: Site, *, prune: bool = False) -> None:
    """Have covers and lyrics copied."""
    (mirror,) = site.policy.libraries[0].mirrors
    wanted = replace(mirror, sidecars=("cover.jpg", ".lrc"), prune=prune)
    site.wish(mirrors=(wanted,))


def put(site: Site, path: str) -> Path:
    """Make a sidecar of the library."""
    sidecar = site.library / path
    sidecar.parent.mkdir(parents=True, exist_ok=True)
    sidecar.write_bytes(b"words")
    return sidecar


def copies(site: Site) -> list[str]:
    root = site.base / "phone"
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".opus")
    return sorted(str(path.relative_to(root)) for path in files)


def on_record(site: Site) -> int:
    with site.store() as store:
        return store.sidecars.count_orphans(site.library_id, "phone")


def asked(site: Site, between: Callable[[], object] = lambda: None) -> tuple[Prune, Ran]:
    """Ask for a prune at rest, do something before its first turn, and follow it to its end."""
    begun: list[Prune] = []

    def ask(engine: Engine) -> None:
        begun.append(prunes.begin(engine, None, now=datetime.now(UTC)))
        between()

    ended: list[Prune] = []

    def rested(engine: Engine) -> bool:
        if engine.idle:
            ended.append(prunes.ticket(engine, begun[0].id))
        return bool(ended)

    ran = site.run(ask, until=rested, audit=False)
    return ended[0], ran


def test_a_dry_run_tells_of_copies_and_a_prune_removes_them(site: Site) -> None:
    """M9, M11: they are orphans as outputs are, each with its reason, and then nothing is due."""
    sidecar = put(site, "a/cover.jpg")
    site.run()
    sidecar.unlink()
    site.run()
    foreseen: list[Prune] = []

    def foresee(engine: Engine) -> None:
        store = Store.read_only(site.database)
        foreseen.append(prunes.foreseen(store, engine, None))
        store.close()

    site.run(foresee, until=lambda _engine: True, audit=False)
    before, recorded = copies(site), on_record(site)
    done, ran = asked(site)
    again = site.run()

    assert [("a/cover.jpg", "a/cover.jpg")] == [
        (each.path, each.source) for each in foreseen[0].orphans
    ]
    assert (["a/cover.jpg"], 1) == (before, recorded)
    assert (1, [], 0) == (done.removed, copies(site), on_record(site))
    assert (1, {}) == (ran.counts["pruned"], again.actions)


def test_folders_that_went_with_all_above_them_leave_no_copies(site: Site) -> None:
    """M9, M11: nothing wants the copies of an album whose artist has gone as well."""
    wish(site, prune=True)
    put(site, "artist/album/disc/cover.jpg")
    site.run()
    before = copies(site)
    shutil.rmtree(site.library / "artist")
    site.run()

    assert (["artist/album/disc/cover.jpg"], []) == (before, copies(site))
    assert ["a"] == [path.name for path in (site.base / "phone").iterdir()]


def test_a_sidecar_that_is_back_at_its_turn_keeps_its_copy(site: Site) -> None:
    """M9, M11: what was found to be unwanted is looked at again when its turn comes."""
    sidecar = put(site, "a/cover.jpg")
    site.run()
    away = sidecar.rename(site.base / "away")
    site.run()
    done, ran = asked(site, lambda: away.rename(sidecar))

    assert (0, 0, ["a/cover.jpg"]) == (done.removed, ran.counts["pruned"], copies(site))
    assert ["a/cover.jpg"] == [each.path for each in done.kept]


def test_a_copy_that_changes_before_its_turn_stays(site: Site) -> None:
    """M9, M11: the file is looked at again before it goes."""
    sidecar = put(site, "a/cover.jpg")
    site.run()
    sidecar.unlink()
    site.run()
    copy = site.base / "phone/a/cover.jpg"
    done, _ = asked(site, lambda: copy.write_bytes(b"mine"))

    assert (0, b"mine") == (done.removed, copy.read_bytes())
    assert ["a/cover.jpg"] == [each.path for each in done.failed]


def test_an_unwanted_copy_that_somebody_changed_is_theirs(site: Site) -> None:
    """M11, P4: it is no orphan any more, and nothing is tried in vain, then or later."""
    wish(site, prune=True)
    sidecar = put(site, "a/cover.jpg")
    site.run()
    copy = site.base / "phone/a/cover.jpg"
    copy.write_bytes(b"mine")
    sidecar.unlink()
    ran = site.run()

    assert (0, b"mine", 0) == (ran.actions["mirror-prune"], copy.read_bytes(), on_record(site))


def test_other_rights_make_no_other_copy(site: Site) -> None:
    """M9, M11: a chmod of an orphan is no reason to keep it."""
    sidecar = put(site, "a/cover.jpg")
    site.run()
    sidecar.unlink()
    site.run()
    (site.base / "phone/a/cover.jpg").chmod(0o640)
    done, _ = asked(site)

    assert (1, []) == (done.removed, copies(site))


def test_sidecars_and_masters_gone_at_once_are_counted_apart(site: Site) -> None:
    """M9: few of both are no question together; many of one are."""
    wish(site, prune=True)
    for number in range(37):
        put(site, f"a/{number}.lrc")
    site.album("b", tracks=9, seed=50)
    site.run()
    shutil.rmtree(site.library / "b")
    for number in range(12):
        (site.library / f"a/{number}.lrc").unlink()
    few = site.run()
    for path in (site.library / "a").glob("*.lrc"):
        path.unlink()
    many = site.run()
    (hold,) = site.holds()

    assert (21, 0) == (few.actions["mirror-prune"], many.actions["mirror-prune"])
    assert "the sources of 25 of 25 sidecars in phone are gone at once" == hold.reason
    asked = {key: hold.evidence[key] for key in ("outputs", "of", "copies", "of_copies")}
    assert {"outputs": 0, "of": 1, "copies": 25, "of_copies": 25} == asked
    assert 25 == len(copies(site))


def test_a_library_that_is_away_keeps_its_copies(site: Site) -> None:
    """M9, M11: an empty mount point says nothing about sidecars."""
    wish(site, prune=True)
    sidecar = put(site, "a/cover.jpg")
    site.run()
    sidecar.unlink()
    wish(site)
    site.run()
    site.library.rename(site.base / "away")
    site.library.mkdir()
    done, _ = asked(site)

    assert (0, 1) == (done.removed, len(done.refused))
    assert "is not there or is empty" in done.refused[0].reason
    assert ["a/cover.jpg"] == copies(site)


def test_what_a_folder_hides_is_not_told_unwanted() -> None:
    """M9, L3: where the library cannot be read nobody knows what its sidecars want."""
    with common_folder() as base:
        site = with_sidecars(base)
        put(site, "locked/cover.jpg")
        put(site, "locked/inner/cover.jpg")
        site.run()
        with site.store() as store:
            for folder in ("locked", "locked/inner"):
                path = PurePosixPath(folder, "cover.jpg")
                store.sidecars.orphaned(1, "phone", [path], now=datetime.now(UTC))
            rows = all_orphans(store, 1, "phone")
        library = site.policy.libraries[0]
        mirror = library.mirrors[0]
        wanted = [Claims(library, mirror, Ignore()).on(row) for row in rows]
        give_away(base)
        (site.library / "locked").chmod(0)
        with nobody():
            hidden = [Claims(library, mirror, Ignore()).on(row) for row in rows]

    assert [Owner(row.output.source_rel) for row in rows] == wanted
    assert [Owner(hidden=True)] * 2 == hidden


def test_an_orphan_that_somebody_changed_is_counted_no_more(site: Site) -> None:
    """M9, M11: without `prune` too: it is theirs as soon as the next walk sees it."""
    first, second = put(site, "a/cover.jpg"), put(site, "b/cover.jpg")
    site.run()
    first.unlink()
    shutil.rmtree(second.parent)
    site.run()
    for folder in "ab":
        (site.base / "phone" / folder / "cover.jpg").write_bytes(b"mine by now")
    before = on_record(site)
    site.run()

    assert (2, 0) == (before, on_record(site))
    assert ["a/cover.jpg", "b/cover.jpg"] == copies(site)
