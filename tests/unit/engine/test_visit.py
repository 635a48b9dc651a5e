"""One folder on its way to rest."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.change import Observation, Row
from pacd.domain.output import OutputState
from pacd.domain.plan import Action, Facts
from pacd.engine.looking import Looked
from pacd.engine.visit import Urgency, Visit
from pacd.errors import FailureKind
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from pacd.planning.setbacks import LONGEST_WAIT
from tests.builders import (
    NOW,
    PHONE,
    facts,
    fresh,
    item,
    observation,
    output,
    policy,
    setback,
)

FOLDER = PurePosixPath("a")


def view(**files: Observation) -> FolderView:
    rows: list[Row] = [
        (
            name.replace("_", "."),
            each.device,
            each.inode,
            each.size_bytes,
            each.mtime_ns,
            each.ctime_ns,
            each.links,
        )
        for name, each in files.items()
    ]
    return FolderView(FOLDER, tuple(rows))


def visit(*known: Facts) -> Visit:
    looked = Looked(view(), {"phone": view()})
    by_path = {each.path: each for each in known}
    return Visit(Place("music", FOLDER), 1, policy(), Urgency.LIVE, 1, looked, by_path, NOW)


HERE = PurePosixPath("a/x.flac")
KNOWN = facts("a/x.flac", outputs={"phone": output("a/x.opus", observation=observation(inode=3))})
MASTER = observation()
OUTPUT = observation(inode=3)


@pytest.mark.parametrize(
    ("library", "mirror", "agrees"),
    [
        pytest.param({"x_flac": MASTER}, {"x_opus": OUTPUT}, True, id="as it is known"),
        pytest.param({"x_flac": MASTER}, None, True, id="the mirror is not there"),
        pytest.param({"x_flac": OUTPUT}, {"x_opus": OUTPUT}, False, id="another master"),
        pytest.param({"x_flac": MASTER}, {"x_opus": MASTER}, False, id="another output"),
        pytest.param({"x_flac": MASTER}, {}, False, id="the output is gone"),
        pytest.param({}, {"x_opus": OUTPUT}, False, id="the master is gone"),
        pytest.param(
            {"x_flac": MASTER, "y_flac": OUTPUT}, {"x_opus": OUTPUT}, False, id="one more master"
        ),
        pytest.param(
            {"x_flac": MASTER}, {"x_opus": OUTPUT, "y_opus": MASTER}, True, id="an orphan beside it"
        ),
        pytest.param(
            {"x_flac": replace(MASTER, ctime_ns=7)},
            {"x_opus": OUTPUT},
            False,
            id="somebody changed its mode",
        ),
    ],
)
def test_rest_needs_two_equal_looks(
    library: dict[str, Observation], mirror: dict[str, Observation] | None, *, agrees: bool
) -> None:
    """W1, W2: what is seen at the end is what is known, or the folder is visited again."""
    seen = Looked(view(**library), {"phone": None if mirror is None else view(**mirror)})

    assert agrees == visit(KNOWN).agrees(seen)


def test_unknown_outputs_are_learnt_of_in_their_order() -> None:
    """M4: one look for all of a folder; what could not be read stays unknown."""
    unseen = output("a/x.opus", OutputState.UNSEEN, observation=OUTPUT, renamed="why")
    absent = output("a/y.opus", OutputState.UNSEEN)
    known = [
        facts("a/x.flac", outputs={"phone": unseen}),
        facts("a/y.flac", outputs={"phone": absent}),
    ]
    found = output("a/x.opus")
    made = visit(*known)

    assert [(HERE, "phone", Path("/phone"), unseen)] == list(made.unseen())
    assert () == made.learn([])
    assert (("phone", found),) == made.learn([found])
    assert {"phone": found} == made.facts[HERE].outputs
    assert "why" == made.facts[HERE].outputs["phone"].renamed
    assert [] == list(made.unseen())


def test_retries_are_those_that_nobody_has_to_look_at() -> None:
    """H1: no open question is tried again; nor is waited for what could be tried at the look."""
    known = facts(
        setbacks=(
            setback(Action.TEST),
            setback(Action.RECOMPRESS, FailureKind.PERMISSION),
            setback(Action.EXPORT_ARTWORK, due_in=-timedelta(seconds=1)),
        )
    )

    assert [NOW + timedelta(seconds=30)] == list(replace(visit(known), begun=NOW).retries(NOW))


def test_a_retry_that_came_during_the_visit_is_not_lost() -> None:
    """w25: other files may take longer than a file waits for its next try; it is tried then."""
    known = facts(setbacks=(setback(Action.TEST, due_in=-timedelta(seconds=1)),))
    began = replace(visit(known), begun=NOW - timedelta(seconds=2))

    assert [NOW - timedelta(seconds=1)] == list(began.retries(NOW))


def test_w11_nothing_is_waited_for_that_a_wrong_clock_set() -> None:
    """w11, w40: a clock that is set right in the middle of a visit costs no year."""
    known = facts(setbacks=(setback(Action.TEST, due_in=timedelta(days=7_000)),))
    moments = list(replace(visit(known), begun=NOW).retries(NOW))

    assert [NOW + LONGEST_WAIT] == moments


def test_patience_ends() -> None:
    """w11: a one-shot run waits for a file, but not for ever."""
    made = visit(facts(), fresh("a/02.flac", restless=timedelta(seconds=9)))

    assert made.restless()
    assert made.restless(timedelta(seconds=9))
    assert not made.restless(timedelta(seconds=8))
    assert not visit(facts()).restless()


@pytest.mark.parametrize(
    ("action", "busy"),
    [
        (Action.TEST, True),
        (Action.RECOMPRESS, True),
        (Action.MIRROR_ENCODE, False),
        (Action.EXPORT_ARTWORK, False),
    ],
)
def test_covers_wait_for_masters_only(action: Action, *, busy: bool) -> None:
    """F7, P2: a cover does not wait for mirrors."""
    made = visit(facts())
    made.busy.add(item(action))

    assert busy == made.busy.judging


def test_a_cover_on_its_way_has_its_place() -> None:
    """F7: so that another folder does not write there at the same time."""
    target = PurePosixPath("A/front.jpg")
    made = visit(facts())
    cover = item(Action.EXPORT_ARTWORK, target=target)
    made.busy.add(cover)

    assert made.busy.exports_to(target)
    assert not made.busy.exports_to(PurePosixPath("B/front.jpg"))
    assert not visit(facts()).busy.exports_to(target)


def test_what_is_under_way_is_told_by_what_it_concerns() -> None:
    """M5, P5: one item on an output at a time; where one comes from or goes is in use."""
    old, new = PurePosixPath("a/old.opus"), PurePosixPath("a/new.opus")
    busy = visit(facts()).busy
    rename = item(Action.MIRROR_RENAME, mirror="phone", origin=old, target=new)
    busy.add(rename)

    assert busy.occupied(replace(rename, action=Action.MIRROR_RETAG))
    assert not busy.occupied(replace(rename, mirror="car"))
    assert not busy.occupied(item(Action.TEST))
    assert [True, True] == [busy.uses("phone", each, besides=HERE.parent) for each in (old, new)]
    assert not busy.uses("phone", old, besides=rename.path)
    assert not busy.uses("car", old, besides=HERE.parent)
    busy.end(rename.key)
    assert not busy
    assert not busy.occupied(rename)
    assert not busy.uses("phone", old, besides=HERE.parent)


def test_fingerprints_change_with_anything_in_the_folders() -> None:
    """B2, decision 0008: a folder at rest is recognised by what is in it and in its mirrors."""
    looks = [
        Looked(view(), {"phone": view()}),
        Looked(view(x_flac=MASTER), {"phone": view()}),
        Looked(view(), {"phone": view(x_flac=MASTER)}),
        Looked(view(x_flac=OUTPUT), {"phone": view()}),
        Looked(view(y_flac=MASTER), {"phone": view()}),
        Looked(view(x_flac=replace(MASTER, links=2)), {"phone": view()}),
    ]
    prints = [each.fingerprint for each in looks]

    assert len(set(prints)) == len(prints)
    assert prints == [each.fingerprint for each in looks]
    assert looks[0].complete
    assert not Looked(view(), {PHONE.name: None}).complete
    assert not Looked(FolderView(FOLDER, warnings=("it is locked",)), {}).complete
