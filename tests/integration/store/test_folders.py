"""The folders at rest."""

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

from pacd.store.database import Store
from tests.integration.store.examples import FOLDER, INTACT, NOW, PATH, REPLACED, SEEN, TRACK

PRINT = b"0123456789abcdef"
OTHER = PurePosixPath("Zorn")


def test_a_folder_at_rest_until_it_is_disturbed(store: Store, library: int) -> None:
    """P4: the fingerprint and the policy it was at rest under; none once disturbed."""
    assert store.folders.fingerprint(library, FOLDER) is None
    store.folders.at_rest(library, FOLDER, PRINT[::-1], "old", 1, now=NOW)
    store.folders.at_rest(library, FOLDER, PRINT, "policy", 2, now=NOW)
    assert (PRINT, "policy") == store.folders.fingerprint(library, FOLDER)
    store.folders.disturb(library, FOLDER)

    assert store.folders.fingerprint(library, FOLDER) is None
    assert {str(FOLDER): None} == store.folders.all(library, {"policy"})


def test_rest_counts_under_the_same_policy_alone(store: Store, library: int) -> None:
    """P4, B2: one question tells an audit which folders were at rest under its wishes."""
    store.folders.at_rest(library, FOLDER, PRINT, "policy", 1, now=NOW)
    store.folders.at_rest(library, OTHER, PRINT, "old", 1, now=NOW)

    assert {str(FOLDER): PRINT, str(OTHER): None} == store.folders.all(library, {"policy"})


def test_disturbing_all_or_one(store: Store, library: int) -> None:
    """P4: one folder leaves the others at rest; all means all of one library."""
    for folder in (FOLDER, OTHER):
        store.folders.at_rest(library, folder, PRINT, "policy", 1, now=NOW)
    store.folders.disturb(library, OTHER)
    assert store.folders.fingerprint(library, FOLDER) is not None
    store.folders.disturb(library)

    assert store.folders.fingerprint(library, FOLDER) is None


def test_a_walk_of_a_part_asks_for_that_part_alone(store: Store, library: int) -> None:
    """P5, L2: what a storm of moved folders walks is not the whole record for each."""
    names = ["A", "A b", "A/1", "A/1/x", "A-", "A0", "B", "a", ""]
    for name in names:
        store.folders.at_rest(library, PurePosixPath(name), PRINT, "policy", 1, now=NOW)

    def found(below: str) -> set[str]:
        return set(store.folders.all(library, {"policy"}, PurePosixPath(below)))

    assert {"A", "A/1", "A/1/x"} == found("A")
    assert {"A/1", "A/1/x"} == found("A/1")
    assert set() == found("C")
    assert {name or "." for name in names} == found("")


def test_a_gone_folder_is_forgotten(store: Store, library: int) -> None:
    """L5: a folder has no record of its own to keep."""
    store.folders.at_rest(library, FOLDER, PRINT, "policy", 1, now=NOW)
    store.folders.forget(library, FOLDER)

    assert {} == store.folders.all(library, {"policy"})


FAR = NOW + timedelta(days=9)


def test_folders_whose_tests_grew_old(store: Store, library: int) -> None:
    """F4: a folder is stale by a file that is there, by a verdict on its present bytes."""

    def stale(after: timedelta) -> tuple[PurePosixPath, ...]:
        return store.folders.stale(library, tested_before=NOW + after, tested_after=FAR)

    files = {
        PATH: (SEEN, INTACT),
        OTHER / "a.flac": (REPLACED, replace(INTACT, tested_at=NOW + timedelta(days=1))),
    }
    for path, (seen, check) in files.items():
        store.tracks.described(library, path, TRACK, seen, now=NOW)
        store.verdicts.record(check, TRACK, seen)
    store.tracks.seen(library, PurePosixPath("never/tested.flac"), replace(SEEN, inode=9), now=NOW)

    assert () == stale(timedelta())
    assert (FOLDER,) == stale(timedelta(hours=1))
    assert (FOLDER, OTHER) == stale(timedelta(days=2))
    store.tracks.gone(library, [PATH], now=NOW)
    assert (OTHER,) == stale(timedelta(days=2))
    store.tracks.seen(library, OTHER / "a.flac", SEEN, now=NOW)
    store.verdicts.forget(SEEN)
    assert () == stale(timedelta(days=2))
