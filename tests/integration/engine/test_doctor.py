"""What `pacctl doctor` looks at: real roots, a real disk, the clock as it is passed in."""

import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacd import VERSION
from pacd.domain.policy import AuthenticityPolicy, SpectrogramPolicy
from pacd.engine.absent import missed
from pacd.engine.doctor import examine
from pacd.engine.engine import Engine
from pacd.protocol.documents import DoctorCheck, Problem, ProblemKind, Verdict, Watch
from tests.audio import Art, dress, png
from tests.integration.engine.site import Site
from tests.machine import small_disk

_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_ALL = Watch(mode="inotify", directories=7, watched=7)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site.make(tmp_path, mirror=True, artwork=True)
    for root in ("phone", "art", "state"):
        (tmp_path / root).mkdir()
    return made


def _found(
    site: Site,
    watch: Watch = _ALL,
    last_audit: datetime | None = None,
    problems: tuple[Problem, ...] = (),
) -> dict[str, DoctorCheck]:
    found = examine(site.policy, site.tools, watch, site.database, last_audit, problems, now=_NOW)
    assert all(bool(each.fix) == (each.verdict is not Verdict.OK) for each in found.checks)
    return {each.name: each for each in found.checks}


def test_w57_the_doctor_looks_at_everything(site: Site) -> None:
    """w57: versions, roots with file system and free space, limits, rights, the clock."""
    found = _found(site)
    sound = {name for name, each in found.items() if each.verdict is Verdict.OK}
    roots = {"library music", "mirror phone", "covers", "state"}

    assert {"pacd", "flac", "watches", "clock", "user"} | roots <= found.keys()
    assert {"pacd", "flac", "watches", "clock"} | roots <= sound
    assert found["pacd"].found.startswith(f"{VERSION} on Python 3.")
    assert all(" MiB free" in found[name].found for name in roots)
    assert "the limit is " in found["watches"].found
    assert "2026-11-21 12:00:00 UTC" == found["clock"].found
    assert str(os.geteuid()) in found["user"].found or os.geteuid() == 0


def test_w57_the_doctor_says_how_to_mend(site: Site) -> None:
    """w57: a root that is gone, a disk that is full, too few watches: each with its fix."""
    (site.base / "phone").rmdir()
    site.policy = replace(site.policy, min_free_bytes=1 << 62)
    found = _found(site, Watch(mode="inotify", directories=9_000, watched=8_192))

    assert f"mkdir -p {site.base}/phone" in found["mirror phone"].fix
    assert found["library music"].fix.startswith("Free some space")
    assert "sysctl -w fs.inotify.max_user_watches=" in found["watches"].fix


def _drawing_at(site: Site, root: Path, *, enabled: bool = True) -> None:
    """Two libraries whose suspects are drawn below one root."""
    wishes = AuthenticityPolicy(enabled=enabled, spectrogram=SpectrogramPolicy(root))
    site.wish(authenticity=wishes)
    music = site.policy.libraries[0]
    attic = replace(music, name="attic", mirrors=())
    site.policy = replace(site.policy, libraries=(music, attic))


@pytest.mark.parametrize(
    ("below", "verdict", "fix"),
    [
        pytest.param("art", Verdict.OK, "", id="there"),
        pytest.param("state/spectrograms", Verdict.OK, "", id="made with the first picture"),
        pytest.param("gone/pictures", Verdict.DEGRADED, "mkdir -p {}/gone/pictures", id="gone"),
    ],
)
def test_w57_where_suspects_are_drawn(site: Site, below: str, verdict: Verdict, fix: str) -> None:
    """w57, A5: once for all libraries; a root that is not there yet is made where it can be."""
    _drawing_at(site, site.base / below)
    checks = examine(site.policy, site.tools, _ALL, site.database, None, (), now=_NOW).checks
    (drawn,) = (each for each in checks if each.name == "spectrograms")

    assert verdict is drawn.verdict
    assert fix.format(site.base) in drawn.fix
    _drawing_at(site, site.base / below, enabled=False)
    assert "spectrograms" not in _found(site)


@pytest.mark.parametrize("folder", ["", "pictures"], ids=["root", "its parent"])
def test_w57_a_root_that_may_not_be_written(site: Site, folder: str) -> None:
    """w57: permissions of the root for spectrograms, or of the folder that it is made in."""
    with small_disk(site.base / "disk") as disk:
        _drawing_at(site, disk / folder)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        drawn = _found(site)["spectrograms"]

    assert (Verdict.FAILED, True) == (drawn.verdict, "cannot be written by user" in drawn.found)


@pytest.mark.parametrize(
    ("now_is", "verdict"),
    [
        pytest.param(timedelta(days=-3), Verdict.OK, id="goes on"),
        pytest.param(timedelta(hours=2), Verdict.DEGRADED, id="was set back"),
    ],
)
def test_w57_a_clock_that_was_set_back(site: Site, now_is: timedelta, verdict: Verdict) -> None:
    """w57: audits, retries and re-tests go by the clock; the last audit cannot lie ahead."""
    clock = _found(site, last_audit=_NOW + now_is)["clock"]

    assert verdict is clock.verdict
    assert verdict is Verdict.OK or "the last audit ended at 2026-11-21 14:00:00 UTC" in clock.found


@pytest.fixture
def kept(site: Site) -> Site:
    """A library of one master, with its output and its cover on record."""
    (path,) = site.album("A", 1).iterdir()
    dress(path, {"ALBUM": "A"}, [Art(png(2, 2))])
    site.run()
    return site


def _missed(site: Site, told: tuple[Problem, ...] = ()) -> tuple[Problem, ...]:
    ids = {"music": site.library_id}
    with site.store() as store:
        return missed(store, ids, site.policy, told)


@pytest.mark.parametrize("emptied", [False, True], ids=["missing", "empty"])
@pytest.mark.parametrize(
    ("root", "name"),
    [("library", "library music"), ("phone", "mirror phone"), ("art", "covers")],
)
def test_w57_a_root_with_records_that_is_away(
    kept: Site, root: str, name: str, *, emptied: bool
) -> None:
    """w57, w08: the doctor says what status says; an empty folder in its place is no mend."""
    place = kept.base / root
    place.rename(kept.base / "unplugged")
    if emptied:
        place.mkdir()
    told: list[tuple[Problem, ...]] = []

    def look(engine: Engine) -> None:
        engine.auditor.look_for_roots()
        told.append(engine.auditor.problems)

    kept.run(look, audit=False)
    (problem,) = told[0]
    by_status = _found(kept, problems=told[0])

    assert told[0] == _missed(kept)
    assert (Verdict.DEGRADED, problem.what, problem.fix) == (
        by_status[name].verdict,
        by_status[name].found,
        by_status[name].fix,
    )
    assert not problem.fix.endswith(f"mkdir -p {place}")
    assert root != "library" or "mkdir" not in problem.fix
    assert () == _missed(kept, told[0])
    others = {"library music", "mirror phone", "covers"} - {name}
    assert {Verdict.OK} == {by_status[each].verdict for each in others}


@pytest.mark.parametrize(
    ("kind", "below"),
    [
        pytest.param(ProblemKind.ROOT_MISSING, "library/HiRes", id="a disk inside"),
        pytest.param(ProblemKind.ROOT_MISSING, "library", id="another disk"),
        pytest.param(ProblemKind.UNREADABLE, "library", id="unreadable"),
    ],
)
def test_w57_what_status_tells_of_a_root_is_not_called_ok(
    site: Site, kind: ProblemKind, below: str
) -> None:
    """w57: whatever it is; of the other roots nothing is said."""
    problem = Problem(kind=kind, what="It is odd.", fix="Mend it.", path=str(site.base / below))
    found = _found(site, problems=(problem, replace(problem, path="", what="Elsewhere.")))
    library = found["library music"]

    assert (Verdict.DEGRADED, "It is odd.") == (library.verdict, library.found)
    assert Verdict.OK is found["mirror phone"].verdict


def test_w57_music_that_is_left_alone_is_no_fault_of_its_root(site: Site) -> None:
    """w57, W6: it is only told of."""
    path = str(site.library)
    problem = Problem(kind=ProblemKind.OVERLOOKED, what="A draft.", fix="Name it.", path=path)

    assert Verdict.OK is _found(site, problems=(problem,))["library music"].verdict


def test_w57_the_root_of_a_library_is_never_to_be_made(site: Site) -> None:
    """w57: PAC makes none; where nothing is on record its path may be wrong."""
    site.library.rmdir()
    plain, told = _found(site)["library music"], _found(site, problems=_missed_of_new(site))

    assert (Verdict.DEGRADED, False) == (plain.verdict, "mkdir" in plain.fix)
    assert "correct root in [[library]] music" in told["library music"].fix


def _missed_of_new(site: Site) -> tuple[Problem, ...]:
    site.run(audit=False)
    return _missed(site)


def test_w57_a_library_that_is_not_watched_at_all(site: Site) -> None:
    """w57, W3: what status says of watches is not called ok either."""
    kind = ProblemKind.UNWATCHED
    problem = Problem(kind=kind, what="No library is watched.", fix="sysctl -w x=1")
    watches = _found(site, Watch(mode="poll"), problems=(problem,))["watches"]

    assert (Verdict.DEGRADED, problem.fix) == (watches.verdict, watches.fix)
    assert problem.what in watches.found


def test_w57_folders_that_are_away_have_no_watch(site: Site) -> None:
    """w57, w08: raising the kernel's limit would be no mend."""
    watches = _found(site, Watch(mode="inotify", away=("music",)))["watches"]

    assert Verdict.DEGRADED is watches.verdict
    assert "0 of 0 folders are watched, none of music, which is away" in watches.found
    assert "sysctl" not in watches.fix


def test_w57_a_state_directory_that_was_removed(site: Site) -> None:
    """w57, w23: the doctor answers just then, in the words of status where it says something."""
    shutil.rmtree(site.database.parent)
    told = Problem(kind=ProblemKind.STATE_GONE, what="It was removed.", fix="Make it.")
    seen, heard = _found(site)["state"], _found(site, problems=(told,))["state"]

    assert (Verdict.DEGRADED, f"{site.database.parent} is not there") == (seen.verdict, seen.found)
    assert (Verdict.DEGRADED, "It was removed.", "Make it.") == (
        heard.verdict,
        heard.found,
        heard.fix,
    )
