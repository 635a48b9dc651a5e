"""Copying sidecars, on real files."""

import os
from dataclasses import replace
from hashlib import md5
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.job import Job
from pacd.domain.outcome import Copied, Done, Failed
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import ArtworkPolicy, LibraryPolicy, MirrorPolicy
from pacd.errors import FailureKind
from pacd.files.atomic import observe
from pacd.steps.registry import perform
from pacd.tools.toolbox import Toolbox, find_tools
from tests.integration.rights import common_folder, give_away, nobody
from tests.integration.steps.jobs import NOW

PATH = PurePosixPath("a/01.lrc")
WORDS = b"[00:01.00] words"
DIGEST = md5(WORDS, usedforsecurity=False).hexdigest()


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Lyrics in the library, and a mirror's root."""
    (tmp_path / "mirror").mkdir()
    place = tmp_path / "library" / PATH
    place.parent.mkdir(parents=True)
    place.write_bytes(WORDS)
    os.utime(place, ns=(1, 1_600_000_000_123_456_789))
    return place


def job(base: Path, *, ours: Path | None = None, spare: Path | None = None) -> Job:
    """
    A job to copy the lyrics.

    Args:
        ours: What stands in the copy's place and is on record.
        spare: A copy by an old name.
    """
    mirror = MirrorPolicy("m", base / "mirror", sidecars=(".lrc",))
    artwork = ArtworkPolicy(enabled=False, root=base / "art")
    policy = LibraryPolicy("l", base / "library", artwork, mirrors=(mirror,))
    facts = Facts(PATH, observe(policy.root / PATH))
    if ours:
        copy = Output(PATH, OutputState.OURS, observation=observe(ours))
        facts = replace(facts, outputs={"m": copy})
    origin = spare.relative_to(mirror.root) if spare else None
    if spare and origin:
        old = PurePosixPath(origin)
        copy = Output(old, OutputState.OURS, src_md5=DIGEST, observation=observe(spare))
        facts = replace(facts, spares={"m": copy})
    item = PlanItem(
        PATH,
        Action.MIRROR_COPY,
        "a test",
        mirror="m",
        target=PATH,
        origin=PurePosixPath(origin) if origin else None,
    )
    return Job(item, facts, policy, NOW)


def copied(wanted: Job, tools: Toolbox) -> Copied:
    """What came of a job that went well."""
    outcome = perform(wanted, tools)
    assert isinstance(outcome, Done)
    assert isinstance(outcome.result, Copied)
    return outcome.result


def stand(base: Path, data: bytes, path: str = str(PATH)) -> Path:
    """Put a file into the mirror."""
    place = base / "mirror" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place


def test_a_copy_has_the_bytes_and_the_time(tmp_path: Path, source: Path, tools: Toolbox) -> None:
    """M11: folders are made as needed; nothing else is left."""
    done = copied(job(tmp_path), tools)
    target = tmp_path / "mirror" / PATH

    assert (WORDS, source.stat().st_mtime_ns) == (target.read_bytes(), target.stat().st_mtime_ns)
    assert Copied(Output(PATH, OutputState.OURS, DIGEST, observation=observe(target)), True) == done
    assert [target] == list(target.parent.iterdir())


def test_the_same_bytes_are_taken_for_a_copy(tmp_path: Path, source: Path, tools: Toolbox) -> None:
    """M4, M11: without a record nothing is written where a copy stands."""
    target = stand(tmp_path, WORDS)
    before = observe(target)
    done = copied(job(tmp_path), tools)

    assert (before, False, OutputState.OURS) == (observe(target), done.written, done.copy.state)
    assert source.exists()


def test_another_file_is_never_replaced(tmp_path: Path, source: Path, tools: Toolbox) -> None:
    """M11: it is foreign, unless it is on record."""
    target = stand(tmp_path, b"mine")
    done = copied(job(tmp_path), tools)

    assert (b"mine", OutputState.FOREIGN) == (target.read_bytes(), done.copy.state)
    assert observe(target) == done.copy.observation
    assert source.exists()


@pytest.mark.usefixtures("source")
def test_a_copy_on_record_is_replaced(tmp_path: Path, tools: Toolbox) -> None:
    """M11: kept in step; but not when somebody has changed it since the plan was made."""
    target = stand(tmp_path, b"old words")
    stale = job(tmp_path, ours=target)
    target.write_bytes(b"mine now")
    changed = copied(stale, tools)
    kept = target.read_bytes()
    done = copied(job(tmp_path, ours=target), tools)

    assert (b"mine now", OutputState.FOREIGN) == (kept, changed.copy.state)
    assert (WORDS, True) == (target.read_bytes(), done.written)


@pytest.mark.usefixtures("source")
def test_a_copy_by_an_old_name_is_renamed(tmp_path: Path, tools: Toolbox) -> None:
    """M11: nothing is copied, and the folder that is empty without it is gone."""
    old = stand(tmp_path, WORDS, "old/00.lrc")
    os.utime(old, ns=(1, 1_600_000_000_123_456_789))
    inode = old.stat().st_ino
    done = copied(job(tmp_path, spare=old), tools)

    assert (PurePosixPath("old/00.lrc"), False) == (done.moved_from, done.written)
    assert inode == (tmp_path / "mirror" / PATH).stat().st_ino
    assert not old.parent.exists()


@pytest.mark.usefixtures("source")
def test_an_old_copy_that_changed_is_left(tmp_path: Path, tools: Toolbox) -> None:
    """M11: then a new copy is made."""
    old = stand(tmp_path, WORDS, "old/00.lrc")
    wanted = job(tmp_path, spare=old)
    old.write_bytes(b"mine now")
    done = copied(wanted, tools)

    assert (None, True, b"mine now") == (done.moved_from, done.written, old.read_bytes())


def test_a_sidecar_that_changed_since_is_not_copied(
    tmp_path: Path, source: Path, tools: Toolbox
) -> None:
    """M12: the next look decides anew."""
    wanted = job(tmp_path)
    source.write_bytes(b"more words")
    outcome = perform(wanted, tools)

    assert isinstance(outcome, Failed)
    assert (FailureKind.SOURCE_CHANGED, []) == (outcome.kind, list((tmp_path / "mirror").iterdir()))


@pytest.mark.parametrize("what", ["link", "folder-link", "pipe"])
@pytest.mark.usefixtures("source")
def test_nothing_is_reached_through_what_is_no_file(
    tmp_path: Path, tools: Toolbox, what: str
) -> None:
    """X2: neither a link nor a pipe in the mirror is followed, replaced or waited for."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / PATH.name).write_bytes(WORDS)
    folder = tmp_path / "mirror" / PATH.parent
    if what == "folder-link":
        folder.symlink_to(outside)
    else:
        folder.mkdir()
        place = folder / PATH.name
        os.mkfifo(place) if what == "pipe" else place.symlink_to(outside / PATH.name)
    outcome = perform(job(tmp_path), tools)

    assert isinstance(outcome, Failed)
    expected = FailureKind.NOT_REGULAR if what == "folder-link" else FailureKind.COLLISION
    assert (expected, WORDS) == (outcome.kind, (outside / PATH.name).read_bytes())


@pytest.mark.usefixtures("source")
def test_nothing_is_copied_where_a_disk_was(tmp_path: Path, tools: Toolbox) -> None:
    """M9: what was planned for a mounted disk is not done in its mount point."""
    wanted = job(tmp_path)
    root = wanted.mirror.root
    status = root.stat()
    wanted = replace(wanted, roots={root: (status.st_dev, status.st_ino)})
    root.rename(tmp_path / "unmounted")
    root.mkdir()
    outcome = perform(wanted, tools)

    assert isinstance(outcome, Failed)
    assert (FailureKind.ROOT_GONE, []) == (outcome.kind, list(root.iterdir()))


def test_what_may_not_be_read_is_a_failure_of_its_own(tools: Toolbox) -> None:
    """M11, H1: a person is told of rights that are missing; what stands in the mirror stays."""
    with common_folder() as base:
        place = base / "library" / PATH
        for each in (place, base / "mirror" / PATH):
            each.parent.mkdir(parents=True)
            each.write_bytes(WORDS)
        give_away(base)
        place.chmod(0)
        wanted = job(base, ours=base / "mirror" / PATH)
        with nobody():
            outcome = perform(wanted, tools)

        assert isinstance(outcome, Failed)
        assert FailureKind.PERMISSION is outcome.kind
        assert [WORDS] == [path.read_bytes() for path in (base / "mirror").rglob("*.*")]


def test_another_spelling_is_put_right(tmp_path: Path, source: Path, tools: Toolbox) -> None:
    """M10, M11: what is on record by another case; what is not PAC's own keeps its name."""
    old = stand(tmp_path, WORDS, "a/01.LRC")
    listed = Output(PATH, OutputState.OURS, observation=observe(old), listed="01.LRC")
    wanted = job(tmp_path)
    ours = replace(wanted, facts=replace(wanted.facts, outputs={"m": listed}))
    theirs = replace(listed, state=OutputState.UNSEEN)
    stand(tmp_path, b"theirs", "a/01.LRC")
    foreign = replace(wanted, facts=replace(wanted.facts, outputs={"m": theirs}))

    assert OutputState.FOREIGN is copied(foreign, tools).copy.state
    old.unlink()
    old = stand(tmp_path, WORDS, "a/01.LRC")
    known = replace(listed, observation=observe(old))
    ours = replace(ours, facts=replace(ours.facts, outputs={"m": known}))
    done = copied(ours, tools)

    assert (OutputState.OURS, DIGEST) == (done.copy.state, done.copy.src_md5)
    assert ["01.lrc"] == [path.name for path in (tmp_path / "mirror/a").iterdir()]
    assert source.read_bytes() == (tmp_path / "mirror" / PATH).read_bytes()
