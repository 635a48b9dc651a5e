"""In which parts of a daemon's life the campaign kills it, and whether it met them."""

from collections import Counter

from faults.kills import missed, part_of
from faults.trials import Tally
from tests.e2e.moments import SILENT, Part


def test_w17_a_third_of_the_kills_come_besides_work() -> None:
    """w17: start, walk, rest and stop are each met, also by a short campaign."""
    parts = Counter(map(part_of, range(200)))

    assert {Part.START: 17, Part.WALK: 17, Part.IDLE: 17, Part.STOP: 16} == {
        part: number for part, number in parts.items() if part is not Part.WORK
    }
    assert set(Part) == {part_of(number) for number in range(12)}


def test_w17_a_part_that_no_kill_met_is_told_of() -> None:
    """w17: a campaign whose kills all come too late has not shown what it claims."""
    tally = Tally()
    tally.came[Part.START, SILENT] = 3
    tally.came[Part.WALK, "working"] = 17
    tally.came[Part.IDLE, "watching"] = 17

    assert ["no kill came while a daemon was scanning, which is its walk"] == missed(tally)
