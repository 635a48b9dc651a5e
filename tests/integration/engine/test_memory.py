"""Hostile files and hungry tools in real workers: each ends its own job, with a word for it."""

import json
import os
import random
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pacd.domain.hold import Cause
from pacd.domain.job import Job
from pacd.domain.media import Codec
from pacd.domain.outcome import Done, Failed
from pacd.domain.output import OutputState
from pacd.domain.plan import Action
from pacd.domain.policy import WorkerLimits
from pacd.engine.pool import Answer, Call, Phase, Pool
from pacd.engine.worker import MEMORY_BYTES
from pacd.errors import FailureKind, PacError
from pacd.logs import configure_worker
from pacd.planning.setbacks import MAX_TRIES
from pacd.steps.look import look_at_outputs
from pacd.steps.registry import perform
from tests import damage
from tests.audio import Art, png, write_flac
from tests.integration.engine import calls
from tests.integration.engine.processes import PATIENCE_S
from tests.integration.engine.site import Site
from tests.integration.engine.test_holds import causes, failed_before
from tests.integration.engine.test_pool import answers, ask
from tests.integration.steps.jobs import artwork_job, mirror_job
from tests.integration.steps.masters import examined, job_to_recompress, job_to_test, tools

MIB = 1 << 20
SMALL_BYTES = 256 * MIB
"""A limit that leaves a worker what it needs for small files, numpy included."""

MUTATIONS = int(os.environ.get("PAC_MUTATIONS", "16"))
"""Files that bytes are changed in at random; `make test-faults` has more."""


@contextmanager
def capped(memory_bytes: int = SMALL_BYTES) -> Iterator[Pool]:
    """A pool as the engine's, with the real tools and little memory."""
    made = Pool(
        WorkerLimits(2, 2, 2, 2),
        setup=partial(configure_worker, "info", "json"),
        memory_bytes=memory_bytes,
    )
    try:
        yield made
    finally:
        made.stop()


def carry_out(made: Pool, jobs: list[Job]) -> list[Answer]:
    """Carry out jobs in workers, so many at once as there may be; in their order."""
    found: list[Answer] = []
    waiting = list(enumerate(jobs))
    heard_s = time.monotonic()
    while len(found) < len(jobs):
        assert time.monotonic() < heard_s + PATIENCE_S, f"{len(found)} of {len(jobs)}"
        while waiting and made.room(Phase.ENCODE):
            number, job = waiting.pop(0)
            made.submit(Call(number, Phase.ENCODE, perform, (job, tools()), PATIENCE_S, number))
        wait(made.handles(), 1.0)
        if answered := made.collect():
            found.extend(answered)
            heard_s = time.monotonic()
    return sorted(found, key=lambda each: each.ticket)


def failed(answer: Answer) -> Failed:
    assert isinstance(answer.value, Failed), answer
    return answer.value


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "library" / "a"
    folder.mkdir(parents=True)
    return folder


def test_w54_a_worker_that_eats_memory_is_the_only_one_to_suffer() -> None:
    """X2, w54, w25: it gets no more than its limit; the others, and the next, go on."""
    with capped() as made:
        assert Answer(1, 10 * MIB) == ask(made, calls.eats, 10 * MIB)

        made.submit(Call(1, Phase.ANALYSIS, calls.eats, (2 * SMALL_BYTES,), PATIENCE_S))
        made.submit(Call(2, Phase.ANALYSIS, calls.double, (2,), PATIENCE_S))
        glutton, innocent = answers(made, 2)

        assert "exit code 1" == glutton.lost
        assert Answer(2, 4) == innocent
        assert 8 == ask(made, calls.double, 4).value


def test_w54_a_tool_that_eats_memory_gets_no_more_than_its_worker() -> None:
    """X2, w54: the limit is inherited; the tool fails with its own words, the worker lives."""
    with capped() as made:
        before = ask(made, calls.whoami).value
        code, words = ask(made, calls.tool_eats, 2 * SMALL_BYTES).value

        assert (1, True) == (code, "MemoryError" in words)
        assert (0, "") == ask(made, calls.tool_eats, 10 * MIB).value
        assert before == ask(made, calls.whoami).value


def test_w54_the_limit_leaves_room_for_the_largest_picture(album: Path, tmp_path: Path) -> None:
    """X2, F7: 64 million pixels are converted within the limit that workers really have."""
    side = 7_990
    rows = (b"\0" + bytes(3 * side)) * side
    write_flac(album / "b.flac", seconds=0.1, pictures=[Art(png_of(side, side, rows))])
    job = artwork_job(tmp_path, "front.png", max_px=500)
    with capped(MEMORY_BYTES) as made:
        (answer,) = carry_out(made, [job])

        assert isinstance(answer.value, Done), answer


def png_of(width: int, height: int, rows: bytes) -> bytes:
    """A PNG that says it is so large; whether its data are is another thing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(rows, 1)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def picture_block(data: bytes) -> bytes:
    """RFC 9639, section 8.8."""
    parts = (
        struct.pack(">II", 3, 9),
        b"image/png",
        struct.pack(">IIIIII", 0, 0, 0, 0, 0, len(data)),
    )
    return b"".join((*parts, data))


def with_thousand_pictures(path: Path, good: bytes) -> None:
    """A thousand blocks of 16 MiB: as large as it says, and holes on the disk."""
    blocks, frames = damage.split(good)
    with path.open("wb") as file:
        file.write(damage.MARKER + b"\0" + len(blocks[0][1]).to_bytes(3) + blocks[0][1])
        for _number in range(1_000):
            file.write(b"\x06\xff\xff\xff")
            file.seek(0xFFFFFF, os.SEEK_CUR)
        file.write(b"\x81\0\0\0" + frames)


def test_w54_a_header_larger_than_memory_is_a_failure_with_a_word(album: Path) -> None:
    """X2, w54: a thousand pictures of 16 MiB end the job, and not the worker."""
    master = album / "b.flac"
    with_thousand_pictures(master, write_flac(master, seconds=0.1).read_bytes())
    with capped() as made:
        before = ask(made, calls.whoami).value
        (answer,) = carry_out(made, [job_to_test(master)])

        assert FailureKind.OUT_OF_MEMORY == failed(answer).kind
        assert "b.flac asks for more than the 256 MiB" in failed(answer).message
        assert before == ask(made, calls.whoami).value


def many_tags(good: bytes) -> bytes:
    return damage.with_comments(good, *[b"ARTIST=x"] * 50_000)


def many_pictures(good: bytes) -> bytes:
    return damage.with_blocks(good, *[(6, picture_block(b"x"))] * 20_000)


@pytest.mark.parametrize("change", [many_tags, many_pictures])
def test_w54_what_a_worker_tells_the_daemon_is_bounded(
    album: Path, change: Callable[[bytes], bytes]
) -> None:
    """X2, w54: the daemon is told of no more tags and pictures than any real file has."""
    master = write_flac(album / "b.flac", seconds=0.1, pictures=[Art(png())])
    master.write_bytes(change(master.read_bytes()))
    found = examined(master)

    assert found.check.integrity.sound
    assert found.track is not None
    assert len(found.track.tags.pairs) <= 1_000
    assert 0 < len(found.track.pictures) <= 100
    assert 3 == found.track.pictures[0].type


def mutated(good: bytes, chance: random.Random) -> bytes:
    """Change some bytes, more often in the header than in the audio; or cut, repeat, or drop."""
    data = bytearray(good)
    header = len(good) - len(damage.split(good)[1])
    for _change in range(chance.randint(1, 12)):
        at = chance.randrange(4, header if chance.random() < 0.8 else len(data))
        match chance.randrange(5):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at : at + 4] = chance.choice((bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff"))
            case 2:
                data[at] = chance.randrange(256)
            case 3:
                data[at:at] = data[at : at + chance.randrange(64)]
            case _:
                del data[at : at + chance.randrange(64)]
        header = min(header, len(data))
    return bytes(data)


def rich_master(path: Path) -> bytes:
    """A file with every kind of block."""
    pictures = [Art(png(24, 24)), Art(png(32, 32), type=1)]
    tags = {"TITLE": "T", "ALBUM": "A", "ARTIST": ["x", "y"]}
    write_flac(path, seconds=0.2, tags=tags, pictures=pictures, flags=["--seekpoint=10x"])
    cuesheet = bytes(128) + struct.pack(">Q", 88_200) + bytes(259) + b"\0"
    return damage.with_blocks(path.read_bytes(), (5, cuesheet), (2, b"testdata"))


def damaged_pictures(good: bytes, chance: random.Random) -> bytes:
    """The same audio with a picture that is broken, whatever else is sound."""
    blocks, frames = damage.split(good)
    picture = bytearray(png(24, 24))
    for _change in range(chance.randint(1, 6)):
        picture[chance.randrange(8, len(picture))] = chance.randrange(256)
    kept = [block for block in blocks if block[0] != 6]
    return damage.joined([*kept, (6, picture_block(bytes(picture)))], frames)


def jobs_on(base: Path, master: Path) -> list[Job]:
    """All that might be done to a file, as if a test had let it pass."""
    name = str(master.relative_to(base / "library"))
    makers: tuple[Callable[[], Job], ...] = (
        lambda: job_to_recompress(master),
        lambda: artwork_job(base, f"{master.stem}.jpg", name, max_px=16),
        lambda: mirror_job(base, name),
        lambda: mirror_job(base, name, Action.MIRROR_RETAG),
    )
    jobs = []
    for make in makers:
        try:
            jobs.append(make())
        except PacError:  # its header cannot be read, so nothing would be planned for it
            return []
        except AssertionError:  # it was not found sound, so it would not be rewritten
            continue
    return jobs


def test_w54_a_malformed_corpus_ends_in_words(album: Path, tmp_path: Path) -> None:
    """X2, w54: whatever a file says of itself, each job ends with an outcome of a known kind."""
    seed = int(os.environ.get("PAC_SEED", "54"))
    chance = random.Random(seed)
    good = rich_master(album / "good.flac")
    masters = [album / "good.flac"]
    changes: tuple[Callable[[bytes, random.Random], bytes], ...] = (mutated, damaged_pictures)
    for number in range(MUTATIONS):
        masters.append(album / f"{number}.flac")
        masters[-1].write_bytes(changes[number % 4 == 3](good, chance))
    declared = {
        "endless": damage.with_total(good, (1 << 36) - 1),
        "zero": damage.with_total(good, 0),
    }
    for name, data in declared.items():
        masters.append(album / f"{name}.flac")
        masters[-1].write_bytes(data)
    jobs = [job_to_test(each) for each in masters]
    jobs += [job for each in masters for job in jobs_on(tmp_path, each)]
    with capped() as made:
        found = carry_out(made, jobs)

    assert [] == [each for each in found if each.lost]
    outcomes: list[tuple[Job, Any]] = [(job, found[n].value) for n, job in enumerate(jobs)]
    faults = [
        (job.item.path.name, job.item.action, outcome.message, outcome.words)
        for job, outcome in outcomes
        if isinstance(outcome, Failed) and outcome.kind is FailureKind.INTERNAL
    ]
    assert [] == faults, f"seed {seed}"
    assert all(isinstance(outcome, (Done, Failed)) for _, outcome in outcomes)


def outputs_of(base: Path, master: str) -> list[Path]:
    """An Opus file and an M4A file that PAC has made."""
    jobs = [mirror_job(base, master), mirror_job(base, master, codec=Codec.AAC, vbr_mode=1)]
    for job in jobs:
        outcome = perform(job, tools())
        assert isinstance(outcome, Done), outcome
    return sorted((base / "mirror").rglob("[!.]*.*"))


def scarred(good: bytes, chance: random.Random) -> bytes:
    """Change some bytes, as often near the start or the end as anywhere; or cut it off."""
    data = bytearray(good)
    for _change in range(chance.randint(1, 10)):
        near = chance.choice(((0, 400), (len(data) - 3_000, len(data)), (0, len(data))))
        at = min(max(0, chance.randrange(*near)), len(data) - 8)
        data[at : at + 4] = chance.choice(
            (bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", chance.randbytes(4), data[at + 4 : at + 8])
        )
    return bytes(data[: chance.randrange(16, len(data))] if chance.random() < 0.1 else data)


def test_w54_malformed_outputs_are_told_of(album: Path, tmp_path: Path) -> None:
    """X2, w54, M4: whatever lies in a mirror, each file of a folder is told of, or it is PAC's."""
    seed = int(os.environ.get("PAC_SEED", "54"))
    chance = random.Random(seed)
    rich_master(album / "b.flac")
    good = outputs_of(tmp_path, "a/b.flac")
    found = []
    for number in range(4 * MUTATIONS):
        source = good[number % len(good)]
        found.append(source.with_name(f"{number}{source.suffix}"))
        found[-1].write_bytes(scarred(source.read_bytes(), chance))
    root = tmp_path / "mirror"
    paths = tuple((root, PurePosixPath(each.relative_to(root))) for each in (*good, *found))
    with capped() as made:
        answer = ask(made, look_at_outputs, paths)

    assert "" == answer.lost, f"seed {seed}"
    assert [path for _, path in paths] == [each.path for each in answer.value]
    assert [OutputState.OURS] * 2 == [each.state for each in answer.value[:2]]


def test_w54_an_output_larger_than_memory_spoils_only_itself(album: Path, tmp_path: Path) -> None:
    """X2, w54, M4: tags of a gigabyte are none of PAC's; the file beside them is told of."""
    rich_master(album / "b.flac")
    m4a, opus = outputs_of(tmp_path, "a/b.flac")
    huge = m4a.with_name("huge.m4a")
    data = m4a.read_bytes()
    at = data.index(b"moov") - 4
    with huge.open("wb") as file:
        file.write(data[:at] + (1 << 30).to_bytes(4) + b"moov" + data[at + 8 : at + 200])
        file.truncate(at + (1 << 30))
    root = tmp_path / "mirror"
    paths = tuple((root, PurePosixPath(each.relative_to(root))) for each in (huge, opus))
    with capped() as made:
        answer = ask(made, look_at_outputs, paths)

    assert "" == answer.lost
    assert [OutputState.FOREIGN, OutputState.OURS] == [each.state for each in answer.value]


def test_w30_what_a_worker_logs_names_its_job(capfd: pytest.CaptureFixture[str]) -> None:
    """O1, w30: in JSON, also where it is a library that speaks."""
    with capped() as made:
        call = Call(1, Phase.ANALYSIS, calls.logs, ("odd tag",), PATIENCE_S, 77)
        made.submit(call)
        answers(made)
        ask(made, calls.logs, "later")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]

    assert [("odd tag", 77), ("later", None)] == [(each["event"], each["job_id"]) for each in lines]


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (calls.raises, "a fault of ours"),
        (calls.raises_eof, "EOFError"),
        (calls.unpicklable, "cannot pickle '_thread.lock' object"),
    ],
)
def test_w30_a_worker_that_dies_of_a_fault_says_so_in_a_line(
    function: Callable[[], object], reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """O1, w30: in JSON, with its job; what the interpreter would print is none."""
    with capped() as made:
        made.submit(Call(1, Phase.ANALYSIS, function, (), PATIENCE_S, 77))
        (answer,) = answers(made)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]

    assert "exit code 1" == answer.lost
    assert [("error", 77, reason)] == [
        (each["level"], each["job_id"], each["reason"]) for each in lines
    ]
    assert "Traceback" in lines[0]["exception"]


def test_w54_a_hungry_tool_is_found_out_and_its_file_held(tmp_path: Path) -> None:
    """X2, w54, w25: three tries, then a person is asked; the daemon's own memory is not touched."""
    site = Site.make(tmp_path)
    site.album("A", 1)
    site.use('exec python3 -c "bytearray(1 << 33)"')
    first = site.run()
    failed_before(site, Action.TEST, FailureKind.TOOL_FAILED, times=MAX_TRIES - 2)
    site.run()

    assert {"test": 1} == first.actions
    assert 1 == first.counts["failed"]
    assert [("A/01.flac", Cause.ENCODE_FAILED)] == causes(site)
    assert "MemoryError" in site.holds()[0].evidence["words"]
