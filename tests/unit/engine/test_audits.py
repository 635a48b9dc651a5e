"""One walk of a library, and what it reports."""

from collections import Counter
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from pacd.engine.audits import MAX_WARNINGS, Audit
from pacd.intake.audit import FolderView
from tests.builders import policy


def audit(discovered: int, unchanged: int = 0, **tally: int) -> Audit:
    made = Audit(policy(), 1)
    made.discovered, made.unchanged, made.tally = discovered, unchanged, Counter(tally)
    return made


@pytest.mark.parametrize(
    ("made", "moved", "removed"),
    [
        (audit(1, moved=1), 1, 0),
        (audit(1, removed=1, rejoined=1), 1, 0),
        (audit(1, removed=2, rejoined=1), 1, 1),
        (audit(1, rejoined=1), 1, 0),
    ],
    ids=["seen first where it is", "missed first", "and another is gone", "missed long ago"],
)
def test_a_move_is_no_removal(made: Audit, moved: int, removed: int) -> None:
    """L3, L6: whichever of the two folders the walk met first."""
    report = made.report()

    assert (moved, removed) == (report.files_moved, report.files_removed)
    assert () == report.warnings


def test_counts_that_do_not_add_up_are_a_warning() -> None:
    """L3: a scan that lost count says so."""
    assert () == audit(4, unchanged=1, added=1, updated=1, skipped=1).report().warnings
    assert ("5 files were seen, but 4 of them are accounted for: please report this",) == audit(
        5, unchanged=1, added=1, updated=1, skipped=1
    ).report().warnings


def test_warnings_are_cut_and_counted() -> None:
    """L3: a hundred sentences say enough; the number is told whole."""
    made = audit(0)
    for number in range(2 * MAX_WARNINGS):
        made.warn(FolderView(PurePosixPath("a"), warnings=(f"{number} could not be read",)))
    report = made.report()

    assert 2 * MAX_WARNINGS == report.files_failed == report.files_discovered
    assert MAX_WARNINGS == len(report.warnings)


def test_an_audit_is_at_rest_when_all_that_it_found_is() -> None:
    """1.3: `scan --wait` waits for the work, not for the walk alone."""
    made = audit(0)

    assert [False, True] == [made.at_rest, replace(made, walked=True).at_rest]
    assert made.whole
    assert not Audit(policy(), 1, PurePosixPath("a")).whole
