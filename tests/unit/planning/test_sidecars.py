"""Which files are copied along with masters, what their copies are named, and when they are due."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.domain.outcome import Copied, Done
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import ArtworkPolicy, LibraryPolicy
from pacd.errors import FailureKind
from pacd.planning.after import after
from pacd.planning.outputs import Named, output_paths
from pacd.planning.sidecars import (
    MAX_BYTES,
    Kinds,
    copies_of,
    copy_paths,
    decide_sidecar,
    ended_holds,
    is_news,
    is_sidecar,
    kinds_of,
    plan_sidecars,
)
from tests.builders import NOW, PHONE, hold, observation, setback

KINDS = (".lrc", "Cover.JPG", "README")
MIRROR = replace(PHONE, sidecars=KINDS)
LINUX = replace(MIRROR, name="linux", fat_safe=False)
POLICY = LibraryPolicy(
    "music", Path("/music"), ArtworkPolicy(enabled=False, root=Path("/art")), mirrors=(MIRROR,)
)
PATH = PurePosixPath("a/01.lrc")
SEEN = observation()
FRESH = timedelta(seconds=1)


def sidecar(state: OutputState = OutputState.MISSING, md5: str = "", **known: object) -> Facts:
    """Lyrics, and what stands where their copy belongs."""
    copy = Output(PATH, state, src_md5=md5, observation=SEEN)
    return Facts(PATH, **{"observation": SEEN, "outputs": {"phone": copy}, **known})  # type: ignore[arg-type]  # by name


def named(
    *names: str, masters: str = "01.flac", folders: str = "", linux: bool = False
) -> list[str]:
    """What copies are called, in the order of their sidecars."""
    paths = [PurePosixPath("a", name) for name in names]
    mirror = LINUX if linux else MIRROR
    place = Named(PurePosixPath("b"))
    found = copy_paths(paths, masters.split("/"), folders.split(), mirror, place)
    return [str(found[path].path) for path in paths]


@pytest.mark.parametrize(
    ("name", "matches", "as_copy"),
    [
        ("01.lrc", True, True),
        ("01.LRC", True, True),
        ("cover.jpg", True, True),
        ("readme", True, True),
        ("cover~0a1b2c3d.jpg", False, True),
        ("readme~0a1b2c3d", False, True),
        ("back.png", False, False),
        ("lrc", False, True),
        ("my cover.jpg.txt", False, False),
    ],
)
def test_names_are_compared_without_regard_to_case(name: str, matches: bool, as_copy: bool) -> None:
    """M11: extensions and whole names; a copy that had to be renamed is found all the same."""
    assert (matches, as_copy) == (kinds_of(KINDS).match(name), copies_of(KINDS).match(name))
    assert not Kinds().match(name)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.lrc", True), ("a.FLAC", False), ("a.opus", False), ("a.txt", False)]
)
def test_masters_and_outputs_are_no_sidecars(name: str, expected: bool) -> None:
    """M11: whatever the setting says."""
    mirror = replace(PHONE, sidecars=(".lrc", ".flac", ".opus"))

    assert expected == is_sidecar(name, mirror)


def test_copies_are_named_like_their_sidecars() -> None:
    """M1, M11: same folder, same name; lyrics in several languages too."""
    assert ["b/01.lrc", "b/cover.jpg", "b/01.en.lrc"] == named("01.lrc", "cover.jpg", "01.en.lrc")


def test_what_belongs_to_a_master_goes_by_its_outputs_name() -> None:
    """M10, M11: the longest base name counts."""
    masters = ("Who?.flac", "Who?.en.flac")
    outputs = output_paths([PurePosixPath("a", each) for each in masters], MIRROR)
    who, english = (outputs[PurePosixPath("a", each)].path.stem for each in masters)
    sidecars = ("Who?.lrc", "Who?.de.lrc", "Who?.en.lrc")

    expected = [f"b/{who}.lrc", f"b/{who}.de.lrc", f"b/{english}.lrc"]
    assert expected == named(*sidecars, masters="/".join(masters))
    assert ["b/Who?.lrc"] == named("Who?.lrc", masters="/".join(masters), linux=True)


@pytest.mark.parametrize("names", [("Cover.jpg", "cover.jpg"), ("cover.jpg", "Cover.jpg")])
def test_no_two_copies_share_a_name(names: tuple[str, ...]) -> None:
    """M10: the first keeps its name, whatever the order; each keeps its extension."""
    found = dict(zip(names, named(*names), strict=True))

    assert ("b/Cover.jpg", "b/cover~") == (found["Cover.jpg"], found["cover.jpg"][:8])
    assert found["cover.jpg"].endswith(".jpg")
    assert [f"b/{name}" for name in names] == named(*names, linux=True)


def test_outputs_and_folders_have_their_names_first() -> None:
    """M10: what an output or a folder is named does not depend on sidecars."""
    assert ["b/01.lrc"] != named("01.lrc", folders="01.LRC")
    assert ["b/nul.x.lrc"] != named("nul.x.lrc", masters="")
    assert named("nul.x.lrc", masters="")[0].endswith(".lrc")


@pytest.mark.parametrize("name", ["a." + "x" * 240, "a.l?c", "a.lrc.", "re?dme", "x" * 240])
def test_odd_extensions_are_cut_or_replaced_too(name: str) -> None:
    """M10: an extension that a mirror cannot hold is not kept."""
    found = named(name, name.upper())

    assert 2 == len({each.lower() for each in found})
    assert all(len(each.encode()) <= 257 and "?" not in each for each in found)
    assert not any(each.endswith(".") for each in found)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param(sidecar(), "there is no copy of it in phone", id="new"),
        pytest.param(
            sidecar(OutputState.OURS), "it has changed since it was copied to phone", id="changed"
        ),
        pytest.param(
            sidecar(OutputState.UNSEEN),
            "PAC has no record of what stands at a/01.lrc in phone",
            id="unknown",
        ),
        pytest.param(
            sidecar(spares={"phone": Output(PurePosixPath("old.lrc"), OutputState.OURS)}),
            "its copy in phone is still at old.lrc",
            id="renamed",
        ),
        pytest.param(sidecar(OutputState.OURS, "md5"), None, id="in-step"),
        pytest.param(sidecar(OutputState.FOREIGN), None, id="foreign"),
        pytest.param(sidecar(restless=FRESH), None, id="being-written"),
        pytest.param(
            sidecar(observation=replace(SEEN, size_bytes=MAX_BYTES + 1)), None, id="too-large"
        ),
        pytest.param(sidecar(outputs={}), None, id="mirror-away"),
        pytest.param(
            sidecar(setbacks=(setback(Action.MIRROR_COPY, mirror="phone"),)), None, id="failed"
        ),
    ],
)
def test_copies_are_due_for_a_reason(known: Facts, reason: str | None) -> None:
    """M11, P1: each state of knowledge about a sidecar leads to this copy, with its reason."""
    items = list(plan_sidecars([known], POLICY, NOW))

    assert ([reason] if reason else []) == [item.reason for item in items]
    assert all((item.action, item.target) == (Action.MIRROR_COPY, PATH) for item in items)
    decided = decide_sidecar(known, POLICY, NOW)
    assert decided.standing


@pytest.mark.parametrize("state", [OutputState.OURS, OutputState.FOREIGN])
@pytest.mark.parametrize("before", [OutputState.MISSING, OutputState.UNSEEN])
def test_nothing_is_due_after_a_copy(before: OutputState, state: OutputState) -> None:
    """P4: whatever a copy came to, it is not tried again."""
    known = sidecar(before, spares={"phone": Output(PurePosixPath("o.lrc"), OutputState.OURS)})
    (item,) = plan_sidecars([known], POLICY, NOW)
    md5 = "md5" if state is OutputState.OURS else ""
    copy = Output(PATH, state, src_md5=md5, observation=SEEN)
    rested = after(known, Done(item, Copied(copy, written=True)), NOW)

    assert ([], False) == (list(plan_sidecars([rested], POLICY, NOW)), is_news(rested))


@pytest.mark.parametrize(
    ("known", "causes"),
    [
        (sidecar(OutputState.FOREIGN), [Cause.COLLISION]),
        (sidecar(OutputState.FOREIGN, accepted=frozenset({Cause.COLLISION})), []),
        (
            sidecar(
                OutputState.FOREIGN, holds=(hold(Cause.COLLISION, "a/01.lrc", mirror="phone"),)
            ),
            [],
        ),
        (
            sidecar(
                setbacks=(setback(Action.MIRROR_COPY, FailureKind.PERMISSION, mirror="phone"),)
            ),
            [Cause.PERMISSION],
        ),
        (sidecar(OutputState.OURS, "md5"), []),
    ],
)
def test_a_person_is_asked_once(known: Facts, causes: list[Cause]) -> None:
    """H1: about what stands in the way, and what failed for good."""
    items = decide_sidecar(known, POLICY, NOW).items

    assert causes == [item.cause for item in items if item.action is Action.HOLD]


@pytest.mark.parametrize(
    ("state", "mirror", "ends"),
    [
        (OutputState.FOREIGN, "phone", False),
        (OutputState.UNSEEN, "phone", False),
        (None, "phone", False),
        (OutputState.MISSING, "phone", True),
        (OutputState.OURS, "phone", True),
        (None, "given-up", True),
    ],
)
def test_holds_end_when_nothing_is_in_the_way(
    state: OutputState | None, mirror: str, ends: bool
) -> None:
    """H2: once that is known; a mirror that is away tells nothing."""
    open_hold = hold(Cause.COLLISION, "a/01.lrc", mirror=mirror)
    known = sidecar(state or OutputState.MISSING, "md5", holds=(open_hold,))
    known = known if state else replace(known, outputs={})

    assert ([open_hold] if ends else []) == list(ended_holds(known, POLICY, NOW))


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (sidecar(OutputState.OURS, "md5"), "copied to a/01.lrc in mirror phone"),
        (sidecar(OutputState.FOREIGN), "a file that PAC did not make stands at a/01.lrc in phone"),
        (sidecar(outputs={}), "mirror phone is not there"),
        (sidecar(restless=FRESH), "waiting until nobody has written to it for a while"),
        (
            sidecar(observation=replace(SEEN, size_bytes=MAX_BYTES + 1)),
            f"its {MAX_BYTES + 1} bytes are more than the {MAX_BYTES} up to which PAC copies it",
        ),
        (
            sidecar(setbacks=(setback(Action.MIRROR_COPY, mirror="phone"),)),
            (
                "not up to date in phone: mirror-copy failed: it went wrong (tool-failed); "
                "it is tried again at 12:00:30 UTC"
            ),
        ),
        (
            Facts(PurePosixPath("a/notes.txt"), SEEN),
            "no mirror wants it",
        ),
    ],
)
def test_why_says_how_a_sidecar_stands(known: Facts, words: str) -> None:
    """P1: the answer of `pacctl why`."""
    assert words == decide_sidecar(known, POLICY, NOW).standing
