"""What `plan` and `why` say while a mirror, the art root or the library's own root is away."""

import os
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.engine import explaining, preview
from pacd.engine.snapshot import Snapshot
from pacd.engine.tracing import trace
from pacd.errors import UnknownError
from pacd.intake.debounce import Place
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import Plan, Problem, ProblemKind, Why
from pacd.protocol.files import FileState
from tests.audio import Art, dress, png
from tests.integration.engine.site import SETTLE_S, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """One master with its cover and output."""
    made = Site.make(tmp_path, mirror=True, artwork=True)
    (path,) = made.album("A", 1).iterdir()
    dress(path, {"ALBUM": "A"}, [Art(png(2, 2))])
    made.run()
    return made


def plan(site: Site) -> Plan:
    ids, now, place = {"music": site.library_id}, datetime.now(UTC), Place("music", PurePosixPath())
    with site.store() as store:
        return preview.plan_of(store, ids, site.policy, [place], only=place.folder, now=now)


def why(site: Site, path: str = "A/01.flac", snapshot: Snapshot | None = None) -> Why:
    policy, number, asked = site.policy.libraries[0], site.library_id, PurePosixPath(path)
    settler, now = preview.settler_of(site.policy), datetime.now(UTC)
    known = snapshot or Snapshot()
    with site.store() as store:
        return explaining.why(store, number, policy, asked, Ignore(), settler, known, now=now)


def traced(site: Site, path: Path) -> Why:
    with site.store() as store:
        found = trace(store, {"music": site.library_id}, site.policy, str(path))
    assert found
    return found


def test_w58_what_is_in_order_waits_for_nothing(site: Site) -> None:
    """P1, w58: all roots are there."""
    assert ((), ()) == (plan(site).items, plan(site).retries)
    assert FileState.IN_ORDER == why(site).state


@pytest.mark.parametrize(
    ("root", "what"), [("phone", "mirror phone: its root"), ("art", "covers: their root")]
)
@pytest.mark.parametrize("emptied", [False, True])
def test_w58_what_waits_for_a_root_says_so(
    site: Site, root: str, what: str, *, emptied: bool
) -> None:
    """P1, w58, w08: nobody knows whether an output is there, so that nothing is in order."""
    shutil.rmtree(site.base / root)
    if emptied:
        (site.base / root).mkdir()
    how = "is empty" if emptied else "is not there"
    told = why(site)

    assert (f"Library music waits for {what} {site.base / root} {how}.",) == plan(site).retries
    assert (FileState.AWAY, "none") == (told.state, told.decision.action)
    start = f"waits for {what} {site.base / root} {how}; intact"
    assert start == told.decision.reason[: len(start)]


def test_w58_a_plan_says_that_the_library_is_away(site: Site) -> None:
    """P1, w58, W3: nothing is seen there, which is not nothing to do."""
    site.library.rename(site.base / "away")

    assert (
        f"Library music: its root {site.library} is not there, so nothing is done or forgotten.",
    ) == (plan(site).retries)


@pytest.mark.parametrize("emptied", [False, True])
def test_w58_a_file_whose_library_is_away_is_not_missing(site: Site, *, emptied: bool) -> None:
    """w58, w08, P1: nobody knows whether it is there; it says why in the words of the plan."""
    (site.library / "A" / "bad.flac").write_bytes(b"no FLAC")
    site.run()
    site.library.rename(site.base / "away")
    if emptied:
        site.library.mkdir()
    told, held = why(site), why(site, "A/bad.flac")
    (sentence,) = plan(site).retries

    assert (FileState.AWAY, "none") == (told.state, told.decision.action)
    assert told.decision.reason.startswith(sentence)
    assert told.history
    assert (FileState.AWAY, [Cause.NOT_FLAC]) == (
        held.state,
        [each.cause for each in held.holds],
    )


def test_w58_a_file_that_was_gone_before_its_library_is_missing(site: Site) -> None:
    """w58, L5: that is on record, and the root says nothing against it."""
    (site.library / "A" / "01.flac").rename(site.base / "01.flac")
    site.album("B", 1, seed=5)
    site.run()
    site.library.rename(site.base / "away")
    told = why(site)

    assert FileState.MISSING is told.state
    assert str(site.library) in told.decision.reason
    assert "it was gone before" in told.decision.reason


def test_w58_what_was_never_seen_of_a_library_that_is_away(site: Site) -> None:
    """w58: that PAC has no record is not said without the root; the fix is that of the root."""
    site.library.rename(site.base / "away")

    with pytest.raises(UnknownError, match=r"its root .* is not there.*Mount the disk"):
        why(site, "B/01.flac")


@pytest.mark.parametrize("below", ["", "A"], ids=["another disk", "a disk inside"])
def test_w58_a_file_on_a_disk_that_is_away_is_not_missing(site: Site, below: str) -> None:
    """w58, w09: what a walk has found out of a disk holds for each file that was on it."""
    shutil.rmtree(site.library / "A")
    (site.library / "B").mkdir()
    path, kind = str(site.library / below), ProblemKind.ROOT_MISSING
    problem = Problem(kind=kind, what="Another disk is there.", fix="Mount it.", path=path)
    other = replace(problem, path=str(site.library / "B"))
    told = why(site, snapshot=Snapshot(problems=(problem,)))

    assert FileState.AWAY is told.state
    assert told.decision.reason.startswith("Another disk is there.")
    assert FileState.MISSING is why(site, snapshot=Snapshot(problems=(other,))).state


@pytest.mark.parametrize(
    ("root", "file", "what"),
    [
        ("phone", "A/01.opus", "mirror phone: its root"),
        ("art", "Unknown Artist/A/front.png", "covers: their"),
    ],
)
def test_w58_an_output_whose_root_is_away_is_not_missing(
    site: Site, root: str, file: str, what: str
) -> None:
    """w58, w08: the same for what PAC made; one that was removed is missing."""
    place = site.base / root / file
    place.rename(site.base / "removed")
    removed = traced(site, place)
    shutil.rmtree(site.base / root)
    told = traced(site, place)

    assert FileState.MISSING is removed.state
    assert FileState.AWAY is told.state
    assert told.decision.reason.startswith(f"waits for {what}")


def test_w09_a_plan_of_another_folder_says_so(site: Site) -> None:
    """P1, w09: what is in it is tested, and the output of its audio is not given to it."""
    site.library.rename(site.base / "away")
    shutil.copytree(site.base / "away" / "A", site.library / "B")
    begun_ns = time.time_ns()
    while (time.time_ns() - begun_ns) / 1e9 < 2 * SETTLE_S:
        os.sched_yield()
    found = plan(site)

    assert ["test"] == [each.action for each in found.items]
    assert 1 == len(found.retries)
    assert f"{site.library} is another folder" in found.retries[0]
