"""What a plan says of outputs is what is then done to them."""

import os
import shlex
import time
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.engine import explaining, preview
from pacd.engine.snapshot import Snapshot
from pacd.intake.debounce import Place
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import Plan, Why
from pacd.store.holds import Ending
from tests.integration.engine.collector import Collector, two_mirrors
from tests.integration.engine.site import SETTLE_S, Ran, Site, contents
from tests.integration.engine.test_holds import damage, releasing

Said = tuple[str, str, str]
"""A path, what is done to it, and in which mirror."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return two_mirrors(tmp_path, tmp_path / "library")


@pytest.fixture
def life(site: Site) -> Collector:
    """A library of a few albums at rest, whose owner is about to change it."""
    life = Collector(site.library)
    for folder in ("A", "B", "C"):
        for name in ("01", "02"):
            life.add(folder, name)
    (site.library / "A" / "cover.jpg").write_bytes(b"picture")
    site.run()
    return life


def planned(site: Site) -> Plan:
    """What a plan of everything says, while nothing runs."""
    newest = max(path.stat().st_ctime_ns for path in site.library.rglob("*"))
    while (time.time_ns() - newest) / 1e9 < 2 * SETTLE_S:
        os.sched_yield()
    ids = {"music": site.library_id}
    with site.store() as store:
        places = [Place("music", PurePosixPath())]
        now = datetime.now(UTC)
        return preview.plan_of(store, ids, site.policy, places, only=PurePosixPath(), now=now)


def why(site: Site, path: str) -> Why:
    """What is said of one file, while nothing runs."""
    policy, number = site.policy.libraries[0], site.library_id
    settler, now = preview.settler_of(site.policy), datetime.now(UTC)
    place = PurePosixPath(path)
    with site.store() as store:
        return explaining.why(store, number, policy, place, Ignore(), settler, Snapshot(), now=now)


def said(plan: Plan) -> list[Said]:
    return sorted((each.path, each.action, each.mirror) for each in plan.items)


def done(ran: Ran) -> list[Said]:
    begun = (each for each in ran.events if each.kind == "item-started")
    return sorted((each.path, each.action, each.mirror) for each in begun)


def _rename_folder(site: Site, life: Collector) -> None:
    life.move(site.library / "A", site.library / "Z")


def _swap_folders(site: Site, life: Collector) -> None:
    life.rotate([site.library / "A", site.library / "B"])


def _renumber(site: Site, life: Collector) -> None:
    life.move(site.library / "A/02.flac", site.library / "A/03.flac")
    life.move(site.library / "A/01.flac", site.library / "A/02.flac")


def _circle(site: Site, life: Collector) -> None:
    life.rotate([site.library / f"{folder}/01.flac" for folder in "ABC"])


@pytest.mark.parametrize("change", [_rename_folder, _swap_folders, _renumber, _circle])
def test_a_plan_says_what_is_then_done(site: Site, life: Collector, change: object) -> None:
    """P1, M5: after moves during downtime it speaks of renames, not of tests and encodes."""
    assert callable(change)
    change(site, life)
    before = contents(site.base / "phone")
    plan = planned(site)

    assert before == contents(site.base / "phone")
    assert "mirror-rename" in {each.action for each in plan.items}
    assert {"test", "mirror-encode"}.isdisjoint({each.action for each in plan.items})
    assert said(plan) == done(site.run())
    assert () == planned(site).items


def test_why_says_the_same(site: Site, life: Collector) -> None:
    """P1: of one file too."""
    _rename_folder(site, life)
    reason = "its output stands at A/01.opus, which no master wants"

    assert ("mirror-rename", reason) == (
        why(site, "Z/01.flac").decision.action,
        why(site, "Z/01.flac").decision.reason,
    )


def test_why_tells_of_folders_what_they_are(site: Site, life: Collector) -> None:
    """1.3: a folder is not ignored; its command tells more, as a shell takes it."""
    life.add("It's", "01")
    (site.library / ".pacd-recycle").mkdir(exist_ok=True)
    album, bin_ = why(site, "It's"), why(site, ".pacd-recycle")
    history = shlex.quote(str(site.library / "It's"))

    assert "folder" == album.state
    assert f"PAC looks at the files in it; `pacctl history {history}` tells of them" == (
        album.decision.reason
    )
    assert ("ignored", "PAC's recycle bin (.pacd-recycle)") == (bin_.state, bin_.decision.reason)


def test_why_tells_who_accepted_damage(site: Site) -> None:
    """H2, 1.3: nothing is to be done, and not in order; what else was accepted is not it."""
    damage(site.album("A", 1) / "01.flac")
    site.run()
    (held,) = site.holds()
    shown = why(site, "A/01.flac").holds[0]
    site.run(releasing(site, accept=True))
    doubt = {"cause": Cause.SUSPECT, "how": Ending.ACCEPTED, "who": "bob"}
    with site.store() as store:
        path, now = PurePosixPath("A/01.flac"), datetime.now(UTC)
        store.history.add(site.library_id, path, "", "release", doubt, now=now)
    found = why(site, "A/01.flac")

    assert str(site.library / "A/01.flac") == shown.file
    assert "accepted" == found.state
    assert found.decision.reason.startswith(f"damaged ({held.reason}), accepted by anna on 20")
    assert found.decision.reason.endswith(" UTC; left as it is")


def test_an_output_is_given_to_one_master_only(site: Site, life: Collector) -> None:
    """P1, M5: of two masters of one recording one gets the output, the other is encoded."""
    path = site.library / "A/01.flac"
    life.copy(path, "D", "01")
    site.run()
    for folder in "DA":
        life.move(site.library / folder / "01.flac", site.library / f"{folder}{folder}/01.flac")
    for mirror in site.policy.libraries[0].mirrors:
        (mirror.root / "D" / f"01{mirror.extension}").unlink()
    plan = planned(site)
    ran = site.run()

    assert said(plan) == done(ran)
    assert 2 == ran.actions["mirror-rename"] == ran.actions["mirror-encode"]
