"""w52, X2: real steps, while files and folders change places with links again and again."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.job import Job
from pacd.domain.outcome import Done, Failed, Outcome
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import ArtworkPolicy, LibraryPolicy, MirrorPolicy
from pacd.domain.verdict import Check, Integrity
from pacd.errors import FailureKind
from pacd.files.atomic import is_scratch, observe
from pacd.files.probe import read_track
from pacd.steps.look import look_at_outputs
from pacd.steps.registry import perform
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import Art, png, write_flac
from tests.integration.steps.jobs import NOW
from tests.swaps import SECRET, Swaps, outside, swapping, told

ALBUM = PurePosixPath("Artist/Album")
PATH = ALBUM / "01.flac"
ROUNDS = 12
MIRROR = MirrorPolicy("m", Path("mirror"), bitrate_kbps=64, sidecars=("cover.jpg",))

# What a step may say of files that are exchanged under its hands; no fault in PAC is among it.
_REFUSALS = frozenset(
    {
        FailureKind.SOURCE_CHANGED,
        FailureKind.NOT_REGULAR,
        FailureKind.COLLISION,
        FailureKind.VERIFY_FAILED,
    }
)


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A library with an empty mirror and an art root; elsewhere, all of it with a secret."""
    for name, secret in (("here", b""), ("elsewhere", SECRET)):
        folder = tmp_path / name
        for each in ("mirror", "art"):
            (folder / each / "Artist/Album").mkdir(parents=True)
        album = folder / "library" / ALBUM
        album.mkdir(parents=True)
        tags = {"ARTIST": "Artist", "COMMENT": secret.decode()}
        pictures = [Art(png(8, 8) + secret)]
        write_flac(album / "01.flac", seconds=0.05, rate=88_200, tags=tags, pictures=pictures)
        (album / "cover.jpg").write_bytes(b"\xff\xd8\xff" + secret)
        (folder / "art/Artist/Album/front.png").write_bytes(b"art" + secret)
        (folder / "mirror/Artist/Album/cover.jpg").write_bytes(b"copy" + secret)
        (folder / "mirror/Artist/Album/01.opus").write_bytes(b"OggS" + secret)
    for each in ("mirror/Artist/Album/01.opus", "mirror/Artist/Album/cover.jpg"):
        (tmp_path / "here" / each).unlink()
    (tmp_path / "here/art/Artist/Album/front.png").unlink()
    return tmp_path / "here"


def elsewhere(base: Path) -> Path:
    return base.with_name("elsewhere")


def job(base: Path, action: Action, target: str = "") -> Job:
    """A job with facts of what truly is in the library."""
    root = base / "library"
    artwork = ArtworkPolicy(enabled=True, root=base / "art")
    mirror = replace(MIRROR, root=base / "mirror")
    policy = LibraryPolicy("l", root, artwork, mirrors=(mirror,))
    path = ALBUM / "cover.jpg" if action is Action.MIRROR_COPY else PATH
    name = "" if action in {Action.RECOMPRESS, Action.RESAMPLE, Action.EXPORT_ARTWORK} else "m"
    item = PlanItem(
        path, action, "a test", mirror=name, target=PurePosixPath(target) if target else None
    )
    known = Facts(path, observe(root / path))
    if action is not Action.MIRROR_COPY:
        track = read_track(root / path)
        check = Check(Integrity.INTACT, track.audio_md5, "", "", "flac 1.4.2", NOW)
        known = replace(known, track=track, check=check)
    return Job(item, known, policy, NOW)


def rewrite(action: Action) -> Callable[[Path], Job]:
    return lambda base: job(base, action)


def export(base: Path) -> Job:
    return job(base, Action.EXPORT_ARTWORK, "Artist/Album/front.png")


def encode(base: Path) -> Job:
    return job(base, Action.MIRROR_ENCODE, "Artist/Album/01.opus")


def copy(base: Path) -> Job:
    return job(base, Action.MIRROR_COPY, "Artist/Album/cover.jpg")


def prune(base: Path) -> Job:
    """The removal of a copy."""
    stands = base / "mirror/Artist/Album/cover.jpg"
    stands.parent.mkdir(parents=True, exist_ok=True)
    stands.write_bytes(b"copy")
    made = job(base, Action.MIRROR_PRUNE, "Artist/Album/cover.jpg")
    ours = Output(PurePosixPath("Artist/Album/cover.jpg"), OutputState.OURS)
    facts = replace(made.facts, observation=observe(stands), outputs={"m": ours})
    return replace(made, item=replace(made.item, sidecar=True), facts=facts)


@contextmanager
def diverted(base: Path, places: Sequence[str]) -> Iterator[list[Swaps]]:
    """Let things below base and links to their namesakes elsewhere change places."""
    with ExitStack() as stack:
        links = [base / f"link{number}" for number in range(len(places))]
        for link, place in zip(links, places, strict=True):
            if place == PIPED:
                os.mkfifo(link)
            else:
                link.symlink_to(elsewhere(base) / place)
        pairs = zip(links, places, strict=True)
        yield [stack.enter_context(swapping(base / place, link)) for link, place in pairs]


FOLDER, FILE = "library/Artist", f"library/{PATH}"
PIPED = f"library/{ALBUM}/../Album/01.flac"
"""The master once more, but what it changes places with is a pipe that nobody writes to."""


@pytest.mark.parametrize(
    ("due", "places"),
    [
        pytest.param(rewrite(Action.RECOMPRESS), [FOLDER], id="recompress-folder"),
        pytest.param(rewrite(Action.RECOMPRESS), [FILE], id="recompress-file"),
        pytest.param(rewrite(Action.RECOMPRESS), [PIPED], id="recompress-pipe"),
        pytest.param(rewrite(Action.RESAMPLE), [FOLDER], id="resample-folder"),
        pytest.param(encode, [FOLDER, "mirror/Artist"], id="encode-folders"),
        pytest.param(encode, [FILE], id="encode-file"),
        pytest.param(copy, [FOLDER, "mirror/Artist"], id="copy-folders"),
        pytest.param(copy, [f"library/{ALBUM}/cover.jpg"], id="copy-file"),
        pytest.param(export, [FOLDER, "art/Artist"], id="artwork-folders"),
        pytest.param(prune, ["mirror/Artist"], id="prune-folder"),
    ],
)
def test_w52_swaps_during_a_step_lead_nowhere(
    base: Path, tools: Toolbox, due: Callable[[Path], Job], places: list[str]
) -> None:
    """w52: what is elsewhere is not read into anything, written, linked, touched or removed."""
    before = outside(elsewhere(base))
    outcomes: list[Outcome] = []
    swapped = 0
    for _ in range(ROUNDS):
        work = due(base)
        with diverted(base, places) as swaps:
            outcomes.append(perform(work, tools))
        swapped += sum(each.count for each in swaps)
        for each in base.glob("link*"):
            each.unlink()
        for each in (base / "mirror/Artist/Album", base / "art/Artist/Album"):
            each.mkdir(parents=True, exist_ok=True)

    failed = [each for each in outcomes if isinstance(each, Failed)]
    assert [] == [each for each in failed if each.kind not in _REFUSALS]
    assert before == outside(elsewhere(base))
    assert [] == told(base)
    assert [] == [each for each in base.rglob("*") if is_scratch(each.name) is not None]
    assert swapped > ROUNDS
    assert ROUNDS == len(failed) + sum(isinstance(each, Done) for each in outcomes)


def test_w52_swaps_during_a_look_end_no_worker(base: Path, tools: Toolbox) -> None:
    """w52: an output that is a file and a link in turns is ours, foreign or missing, every time."""
    assert isinstance(perform(encode(base), tools), Done)
    output = PurePosixPath("Artist/Album/01.opus")
    seen = set()
    with diverted(base, [f"mirror/{output}"]) as (swaps,):
        while swaps.count < 500:
            seen |= {each.state for each in look_at_outputs([(base / "mirror", output)])}

    assert seen <= {OutputState.OURS, OutputState.FOREIGN, OutputState.MISSING}
    assert OutputState.FOREIGN in seen
