"""When folders are visited again."""

from datetime import timedelta
from pathlib import PurePosixPath

from pacd.engine.looking import Looked
from pacd.engine.retries import Retries
from pacd.engine.visit import Urgency, Visit
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from tests.builders import NOW, facts, policy, setback

PLACE = Place("music", PurePosixPath("a"))
FAILING = 100


def visit(waits_s: list[int]) -> Visit:
    """A visit to a folder where each of these files fails, and is due again so much later."""
    known = [
        facts(f"a/{wait_s}.flac", setbacks=(setback(due_in=timedelta(seconds=wait_s)),))
        for wait_s in waits_s
    ]
    looked = Looked(FolderView(PLACE.folder), {})
    by_path = {each.path: each for each in known}
    return Visit(PLACE, 1, policy(), Urgency.LIVE, 1, looked, by_path, NOW)


def test_w29_a_folder_waits_once_for_all_that_fails_in_it() -> None:
    """w29: each visit notes the next moment and no other, else memory grows by their product."""
    retries, waits_s = Retries(), list(range(1, FAILING + 1))
    visits = [retries.note(visit(waits_s), now=NOW)]
    while waits_s:
        due = list(retries.due(NOW + timedelta(seconds=waits_s[0])))

        assert [PLACE] == due
        waits_s.pop(0)
        visits.append(retries.note(visit(waits_s), now=NOW))

    assert [True] * FAILING + [False] == visits
    assert retries.next_s(NOW) is None


def test_w29_many_visits_to_what_fails_wait_once() -> None:
    """w29: events may bring a folder up again and again before its files are due."""
    retries = Retries()
    for _event in range(FAILING):
        retries.note(visit([60, 30]), now=NOW)

    assert [PLACE] == list(retries.due(NOW + timedelta(seconds=30)))
    assert [] == list(retries.due(NOW + timedelta(seconds=60)))


def test_a_later_moment_asked_for_is_kept_beside_the_next_try() -> None:
    """M5: who asked for a visit at the end of his patience gets it."""
    retries = Retries()
    retries.note(visit([30]), now=NOW)
    retries.add(NOW + timedelta(seconds=60), PLACE)

    assert [PLACE, PLACE] == list(retries.due(NOW + timedelta(seconds=60)))
