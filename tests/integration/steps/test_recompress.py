"""Rewriting masters, with the real flac on a real disk."""

import os
import stat
import struct
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pacd.domain.outcome import Failed
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import HardLinks
from pacd.domain.verdict import Integrity
from pacd.errors import FailureKind
from pacd.files.atomic import observe
from pacd.files.flac_blocks import read_layout
from pacd.files.flac_seek import seek_points_hold
from pacd.steps.registry import perform, time_limit_s
from pacd.tools.patience import patience_s
from tests.audio import Art, decoded, png, stated_md5, write_flac
from tests.damage import (
    blocks_of,
    comments,
    flipped,
    split,
    with_blocks,
    with_comments,
    with_md5,
)
from tests.integration.steps.masters import (
    LATER,
    examined,
    job,
    job_to_recompress,
    meddling,
    recompressed,
    refused,
    scratch_files,
    snapshot,
    tools,
)
from tests.machine import small_disk

TAG = f"COMPRESSION=flac {tools().flac.version}; level=8; verify=1; date=2026-11-21".encode()
STREAMINFO, PADDING, APPLICATION, SEEKTABLE, CUESHEET, PICTURE = 0, 1, 2, 3, 5, 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "library"
    made.mkdir()
    return made


@pytest.fixture
def master(folder: Path) -> Path:
    return write_flac(folder / "x.flac", seconds=0.5, level=0, tags={"TITLE": "T"})


def test_becomes_smaller_and_stays_the_same(master: Path) -> None:
    """F3, F4: less room, the same samples, the tag that says so."""
    audio = decoded(master)

    result = recompressed(master)

    assert not result.frames_kept
    assert result.after_bytes < result.before_bytes
    assert audio == decoded(master)
    assert [b"TITLE=T", TAG] == comments(master.read_bytes())
    assert {} == result.details
    assert (Integrity.INTACT, LATER) == (result.check.integrity, result.check.tested_at)


def test_has_one_padding_at_the_end(folder: Path) -> None:
    """F3: however much padding there was, a little is left for taggers, in one block."""
    master = write_flac(folder / "x.flac", level=0, flags=["--padding=300000"])
    master.write_bytes(with_blocks(master.read_bytes(), (PADDING, bytes(50))))

    result = recompressed(master)

    blocks, _frames = split(master.read_bytes())
    assert [PADDING] == [kind for kind, data in blocks if not any(data)]
    assert 7_000 < len(blocks[-1][1]) <= 8_192
    assert result.before_bytes - result.after_bytes > 290_000


@pytest.mark.parametrize("padding", [0, 40, 4_000, 90_000])
def test_never_larger(folder: Path, padding: int) -> None:
    """F4: where nothing is won, the frames stay; the tag takes its room from the padding."""
    flags = [f"--padding={padding}"] if padding else ["--no-padding"]
    master = write_flac(folder / "x.flac", seconds=0.5, level=8, flags=flags)
    before, frames = master.stat().st_size, split(master.read_bytes())[1]

    result = recompressed(master)

    assert result.frames_kept
    assert frames == split(master.read_bytes())[1]
    tag_bytes = 4 + len(TAG)
    assert result.after_bytes <= before + max(0, tag_bytes - padding)


def test_other_levels(master: Path) -> None:
    """F4: the level is the owner's; the tag states it."""
    result = recompressed(master, target_compression=3)

    assert "level=3;" in result.track.compression


def test_a_second_time_nothing_changes_but_the_date(master: Path) -> None:
    """P4: doing it again keeps the frames, and leaves one tag."""
    recompressed(master)
    first = master.read_bytes()

    result = recompressed(master)

    assert result.frames_kept
    assert split(first)[1] == split(master.read_bytes())[1]
    assert 1 == sum(entry.startswith(b"COMPRESSION=") for entry in comments(master.read_bytes()))


def rich(path: Path, **arguments: Any) -> Path:
    """A master with every kind of metadata."""
    cue = path.with_name("x.cue")
    cue.write_text('FILE "x" WAVE\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n')
    art = [Art(png(), 3), Art(png(seed=1), 4, description="b\u00e4ck")]
    write_flac(path, seconds=1, tags={"TITLE": "T"}, flags=["--seekpoint=9x"], **arguments)
    subprocess.run(["metaflac", f"--import-cuesheet-from={cue}", path], check=True)
    cue.unlink()
    data = path.read_bytes()
    for picture in art:
        data = with_blocks(data, (PICTURE, picture_block(picture)))
    path.write_bytes(with_blocks(data, (APPLICATION, b"riffRIFF\0"), (101, b"from the future")))
    return path


def picture_block(art: Art) -> bytes:
    mime, text = art.mime.encode(), art.description.encode()
    sizes = [art.type.to_bytes(4), len(mime).to_bytes(4), mime, len(text).to_bytes(4), text]
    return b"".join([*sizes, bytes(16), len(art.data).to_bytes(4), art.data])


@pytest.mark.parametrize("level", [0, 8])
def test_all_metadata_is_kept(folder: Path, level: int) -> None:
    """F3: pictures, cue sheet, application and unknown blocks byte for byte, in their order."""
    master = rich(folder / "x.flac", level=level)
    before = master.read_bytes()

    result = recompressed(master)

    after = master.read_bytes()
    for kind in (CUESHEET, PICTURE, APPLICATION, 101):
        assert blocks_of(before, kind) == blocks_of(after, kind)
        assert blocks_of(after, kind)
    kinds = [kind for kind, _data in split(before)[0] if kind != PADDING]
    assert kinds == [kind for kind, _data in split(after)[0] if kind != PADDING]
    assert (level == 8) == result.frames_kept
    assert {} == result.details


@pytest.mark.parametrize("level", [0, 8])
def test_seek_points_lead_to_their_frames(folder: Path, level: int) -> None:
    """F3: seek points are carried over, and each leads to the frame that has its sample."""
    master = rich(folder / "x.flac", level=level)
    points = len(blocks_of(master.read_bytes(), SEEKTABLE)[0]) // 18

    recompressed(master)

    with master.open("rb") as file:
        assert seek_points_hold(file, read_layout(file))
    assert points == len(blocks_of(master.read_bytes(), SEEKTABLE)[0]) // 18


def test_seek_points_that_lead_nowhere(master: Path) -> None:
    """F3: of a table with points beyond the end flac makes one that lies; it is left out."""
    subprocess.run(["metaflac", "--remove", "--block-type=SEEKTABLE", master], check=True)
    table = struct.pack(">QQHQQH", 0, 0, 4_096, 10**9, 5, 4_096)
    master.write_bytes(with_blocks(master.read_bytes(), (SEEKTABLE, table)))

    result = recompressed(master)

    assert [] == blocks_of(master.read_bytes(), SEEKTABLE)
    assert ["seek tables: 0 of 1 carried over"] == result.details["dropped"]


def test_no_seek_table_is_added(master: Path) -> None:
    """F3: what was not there is not put there."""
    subprocess.run(["metaflac", "--remove", "--block-type=SEEKTABLE", master], check=True)

    recompressed(master)

    assert [] == blocks_of(master.read_bytes(), SEEKTABLE)


def test_odd_comments_are_kept_byte_for_byte(master: Path) -> None:
    """F3: comments in Latin-1, without a key, with NUL, with nothing at all, stay as they are."""
    odd = [b"TITLE=caf\xe9", b"noequals", b"", b"=x", b"A=1\x002", b"a=2", b"A=1", b"L=a\nb\r\n"]
    master.write_bytes(with_comments(master.read_bytes(), *odd))

    recompressed(master)

    assert [*odd, TAG] == comments(master.read_bytes())


def test_large_metadata(master: Path) -> None:
    """X2: a picture of 15 MB and 10 MB of text are carried like any other."""
    text, picture = b"LYRICS=" + b"la " * 3_400_000, Art(os.urandom(15_000_000))
    data = with_comments(master.read_bytes(), text, b"TITLE=T")
    master.write_bytes(with_blocks(data, (PICTURE, picture_block(picture))))

    recompressed(master)

    after = master.read_bytes()
    assert [text, b"TITLE=T", TAG] == comments(after)
    assert [picture_block(picture)] == blocks_of(after, PICTURE)


def test_unset_md5_is_set(folder: Path) -> None:
    """F2: a master without MD5 is encoded anew, whatever is won, and has one then."""
    master = write_flac(folder / "x.flac", seconds=0.5, level=8)
    md5 = stated_md5(master)
    master.write_bytes(with_md5(master.read_bytes(), bytes(16)))

    result = recompressed(master)

    assert not result.frames_kept
    assert md5 == stated_md5(master)


def test_w19_nothing_of_the_file_is_lost(master: Path) -> None:
    """w19: owner, mode, times to the nanosecond, extended attributes and ACL."""
    if os.geteuid() == 0:
        os.chown(master, 1234, 5678)
    subprocess.run(["setfacl", "-m", "u:4321:r", master], check=True)
    os.setxattr(master, "user.rating", b"5")
    os.utime(master, ns=(10**18 + 7, 10**18 + 123_456_789))
    before = master.stat()

    recompressed(master)

    after = master.stat()
    assert 10**18 + 123_456_789 == after.st_mtime_ns
    assert (before.st_uid, before.st_gid) == (after.st_uid, after.st_gid)
    assert stat.S_IMODE(before.st_mode) == stat.S_IMODE(after.st_mode)
    assert b"5" == os.getxattr(master, "user.rating")
    assert "system.posix_acl_access" in os.listxattr(master)


def test_mtime_on_request(master: Path) -> None:
    """F3: with keep_mtime off, the time of the rewrite is the file's."""
    os.utime(master, ns=(0, 0))

    recompressed(master, keep_mtime=False)

    assert master.stat().st_mtime_ns > 0


def test_other_names_of_a_master(master: Path) -> None:
    """F3: a hard-linked master is left alone, unless the owner lets PAC break the link."""
    other = master.with_name("y.flac")
    other.hardlink_to(master)
    before = other.read_bytes()

    failed = refused(job_to_recompress(master))
    result = recompressed(master, hardlinks=HardLinks.BREAK)

    assert FailureKind.SOURCE_CHANGED == failed.kind
    assert 1 == result.observation.links
    assert before == other.read_bytes()


@pytest.mark.parametrize("accident", ["touch {0}", "cp {0} {0}.2; mv {0}.2 {0}", "rm {0}"])
def test_a_master_that_changes_meanwhile_is_left_alone(
    master: Path, tmp_path: Path, accident: str
) -> None:
    """F3: the change of somebody else always wins."""
    work = job_to_recompress(master)
    toolbox = meddling(tmp_path, after=accident.format(master))

    outcome = perform(work, toolbox)

    assert isinstance(outcome, Failed)
    assert FailureKind.SOURCE_CHANGED == outcome.kind
    assert [] == scratch_files(master)
    if master.exists():
        assert b"TITLE=T" == comments(master.read_bytes())[0]
        assert 1 == len(comments(master.read_bytes()))


def test_a_master_that_changed_before_is_left_alone(master: Path) -> None:
    """F3: a decision made for other bytes is not carried out."""
    work = job_to_recompress(master)
    master.touch()

    assert FailureKind.SOURCE_CHANGED == refused(work).kind


def test_a_master_being_written_is_left_alone(master: Path) -> None:
    """W6: as long as somebody has it open for writing, it is not replaced."""
    work = job_to_recompress(master)

    with master.open("r+b"):
        assert FailureKind.SOURCE_CHANGED == refused(work).kind


def test_only_tested_and_sound_masters(master: Path) -> None:
    """P3: a master that was not tested, or did not pass, is never rewritten, whoever asks."""
    work = job_to_recompress(master)
    master.write_bytes(flipped(master.read_bytes(), master.stat().st_size // 2))
    corrupt = examined(master)
    facts = Facts(PurePosixPath("x.flac"), corrupt.observation, corrupt.track, corrupt.check)
    untested = replace(facts, check=None)

    for known in (facts, untested):
        failed = refused(job(master, Action.RECOMPRESS, known))
        assert FailureKind.VERIFY_FAILED == failed.kind
        assert "not rewritten" in failed.message
    stale = replace(work, facts=replace(work.facts, observation=observe(master)))
    assert FailureKind.TOOL_FAILED == refused(stale).kind


def test_laundered_damage_is_seen(master: Path) -> None:
    """P3: flac re-encodes a file with a wrong MD5 as if nothing were; the proof catches it."""
    work = job_to_recompress(master)
    master.write_bytes(with_md5(master.read_bytes(), b"x" * 16))
    facts = replace(work.facts, observation=observe(master))
    check = replace(work.facts.check or examined(master).check, audio_md5=(b"x" * 16).hex())

    failed = refused(replace(work, facts=replace(facts, check=check)))

    assert FailureKind.VERIFY_FAILED == failed.kind
    assert "does not hold the same audio" in failed.message


def test_w20_an_encoder_that_errs_is_seen(master: Path, tmp_path: Path) -> None:
    """w20, F3: an encode that verified itself and yet holds other audio is thrown away."""
    other = write_flac(tmp_path / "other.flac", seconds=0.5, seed=5)
    work = job_to_recompress(master)

    failed = refused(work, meddling(tmp_path, before=f"exec < {other}"))

    assert FailureKind.VERIFY_FAILED == failed.kind


@pytest.mark.parametrize(
    ("accident", "kind"),
    [
        pytest.param("kill -SEGV $$", FailureKind.TOOL_CRASHED, id="crash"),
        pytest.param("exit 1", FailureKind.TOOL_FAILED, id="failure"),
        pytest.param("rm -f library/.pacd-*; exit 1", FailureKind.TOOL_FAILED, id="output-removed"),
    ],
)
def test_a_tool_that_fails(master: Path, tmp_path: Path, accident: str, kind: FailureKind) -> None:
    """D3: whatever becomes of flac, the master stands and nothing is left beside it."""
    work = job_to_recompress(master)

    failed = refused(work, meddling(tmp_path, before=f"cd {tmp_path}; {accident}"))

    assert kind == failed.kind


def test_a_full_disk(tmp_path: Path) -> None:
    """w18: no room for the encode is told as that, and the master stands."""
    with small_disk(tmp_path / "small") as disk:
        master = write_flac(disk / "x.flac", seconds=3, level=0)
        rest = (1 << 20) - master.stat().st_size
        (disk / "filler").write_bytes(bytes(rest - (64 << 10)))

        failed = refused(job_to_recompress(master))

    assert FailureKind.NO_SPACE == failed.kind
    assert "No space left" in failed.message


def test_hung_workers_are_found_after_their_tools(master: Path) -> None:
    """w26: a step's own time limit is above what its tools may take."""
    work = job_to_recompress(master)

    assert time_limit_s(work) > 2 * patience_s(work.facts.observation.size_bytes)
    assert timedelta(seconds=time_limit_s(work)) < timedelta(minutes=10)


def test_snapshots_see_changes(master: Path) -> None:
    """F3: the proof that nothing changed would see a change."""
    before = snapshot(master.parent)
    master.touch()

    assert before != snapshot(master.parent)
