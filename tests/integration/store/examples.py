"""Values with everything filled in, for tests that care about one part of them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from pacd.domain.change import Observation
from pacd.domain.hold import Cause, Hold
from pacd.domain.media import AudioFormat, Picture, Quirk, Tags, Track
from pacd.domain.outcome import Exported, Failed
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, PlanItem
from pacd.domain.recycled import Recycled
from pacd.domain.scan import ScanReport
from pacd.domain.verdict import (
    Authenticity,
    Check,
    Detector,
    Finding,
    Integrity,
    joined,
)
from pacd.errors import FailureKind
from pacd.store.database import Store
from pacd.store.holds import Ending

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FOLDER = PurePosixPath("Björk/Post")
PATH = FOLDER / "01 Army of Me.flac"
MD5 = "0123456789abcdef0123456789abcdef"

# Not UTF-8, a newline, a quote, a backslash, an escape sequence: all legal in a name.
ODD_FOLDER = PurePosixPath("a\nb\udcff's \\ \x1b[31m")
ODD_PATH = ODD_FOLDER / "\udce4\n.flac"

SEEN = Observation(
    device=2049,
    inode=77,
    size_bytes=31_000_000,
    mtime_ns=1_700_000_000_123_456_789,
    ctime_ns=1_700_000_001_000_000_000,
)
REPLACED = replace(SEEN, inode=78, size_bytes=29_000_000, mtime_ns=SEEN.mtime_ns + 1)
RENAMED = replace(SEEN, ctime_ns=SEEN.ctime_ns + 5)

TRACK = Track(
    audio=AudioFormat(44_100, 16, 2, 441_000),
    audio_md5=MD5,
    tags=Tags.of(
        [
            ("ARTIST", "Björk"),
            ("ARTIST", "坂本龍一"),
            ("ALBUM", "Post"),
            ("TITLE", "Army\nof \udcff Me"),
        ]
    ),
    tags_md5="f" * 32,
    pictures=(Picture(3, "image/jpeg", "a" * 32, 51_200), Picture(0, "image/png", "b" * 32, 9)),
    compression="flac 1.4.2; level=8; verify=1; date=2026-11-21",
    quirks=frozenset({Quirk.ID3V2, Quirk.UNKNOWN_LENGTH}),
)

INTACT = Check(Integrity.INTACT, MD5, "", "", "flac 1.4.2", NOW)
CORRUPT = Check(Integrity.CORRUPT, "", "MD5 signature mismatch", "x.flac: ERROR", "flac 1.4.2", NOW)

HEARD = joined(
    None,
    [
        Finding(
            Detector.BUILTIN,
            "1",
            Authenticity.SUSPECT,
            "nothing above 16.0 kHz, as \udcff leaves it",
            {"edge_hz": 16_000.5, "floor_db": -118, "codec": "MP3", "hits": [0.5, None]},
        ),
        Finding(
            Detector.AUCDTECT,
            "0.8",
            Authenticity.SUSPECT,
            "it looks like MPEG with a probability of 99 %",
            {"class": "MPEG", "score": 99},
            "This track looks like MPEG with probability 99%",
        ),
        Finding(Detector.LAC, "2.0.5", Authenticity.OK, "found it clean", {"result": "Clean"}),
    ],
    now=NOW,
)
JUDGED = replace(HEARD, spectrogram=Path("/state/spectrograms/\udcff.png"))

OUTPUT = Output(
    path=FOLDER / "01 Army of Me.opus",
    state=OutputState.OURS,
    src_md5=MD5,
    quality="opus 128 kbit/s",
    src_tags="f" * 32,
    encoder="opusenc 0.2",
    observation=replace(SEEN, inode=500),
)

EXPORTED = Exported(
    target=PurePosixPath("Björk/Post/front.jpg"),
    picture=TRACK.pictures[0],
    mime="image/jpeg",
    size_bytes=51_200,
    mtime_ns=SEEN.mtime_ns,
    written=True,
)


RECYCLED = Recycled(
    entry="20261121T120000Z-0a1b2c3d",
    path=PATH,
    at=NOW,
    reason="resampled, it was 96 kHz, 24 bit",
    inode=SEEN.inode,
    size_bytes=SEEN.size_bytes,
    mtime_ns=SEEN.mtime_ns,
    audio_md5=MD5,
    made_md5="fedcba9876543210" * 2,
)


def item(
    path: PurePosixPath = PATH, action: Action = Action.RECOMPRESS, mirror: str = ""
) -> PlanItem:
    """A plan item."""
    return PlanItem(path, action, "level 5 is below 8", mirror=mirror)


def failed(of: PlanItem, kind: FailureKind = FailureKind.TOOL_FAILED) -> Failed:
    """A step that gave up."""
    return Failed(of, kind, f"{of.path.name} could not be encoded", words="ERROR: \udcff")


def _hold(store: Store, library: int, path: PurePosixPath, cause: Cause) -> Hold:
    hold, _ = store.holds.open(
        library,
        path,
        cause,
        reason="a reason",
        audio_md5=MD5,
        observation=SEEN,
        evidence={"links": 2},
        now=NOW,
    )
    return hold


def fill(store: Store, library: int, *, path: PurePosixPath = PATH) -> None:
    """Put at least one row into every table, all that one file can cause."""
    folder = path.parent
    with store.transaction():
        store.libraries.scan_started(library, total=1, now=NOW)
        store.libraries.scan_complete(
            library, ScanReport(files_discovered=1, warnings=("odd",)), now=NOW
        )
        store.tracks.described(library, path, TRACK, SEEN, now=NOW)
        store.folders.at_rest(library, folder, b"0123456789abcdef", "policy", 1, now=NOW)
        store.verdicts.record(INTACT, TRACK, SEEN)
        store.authenticity.record(MD5, JUDGED)
        store.tracks.stands(library, path, Authenticity.SUSPECT)
        store.verdicts.recompressed(MD5, 8, TRACK.compression, now=NOW)
        store.outputs.record(library, "phone", replace(OUTPUT, path=path, source_rel=path))
        lyrics = replace(OUTPUT, path=path.with_suffix(".lrc"))
        store.sidecars.record(library, "phone", lyrics.path, SEEN, lyrics)
        store.exports.record(library, path, MD5, EXPORTED, max_px=1000, now=NOW)
        first = store.jobs.started(library, item(path), now=NOW)
        store.jobs.finished(first, now=NOW)
        encode = item(path, Action.MIRROR_ENCODE, "phone")
        second = store.jobs.started(library, encode, now=NOW)
        store.jobs.failed(second, failed(encode), now=NOW, retry_at=NOW)
        _hold(store, library, path, Cause.CORRUPT)
        accepted = _hold(store, library, path, Cause.HARDLINKED)
        store.holds.end(accepted.id, Ending.ACCEPTED, now=NOW)
        store.history.add(library, path, MD5, "flac_test_ok", {"tool": "flac 1.4.2"}, now=NOW)
        store.recycled.add(library, replace(RECYCLED, path=path))
        store.counters.add(library, "", "recompressed")
        store.memory.set("paused", {"until": None})
