"""Walks that wait, and what many of them come to."""

from pathlib import Path, PurePosixPath

from pacd.domain.policy import ArtworkPolicy, LibraryPolicy
from pacd.engine.audits import Audit
from pacd.engine.visit import Urgency
from pacd.engine.walks import MOST, Walks
from pacd.intake.debounce import Place

ROOT = PurePosixPath()


def audit(below: str, library: str = "music", *, forced: bool = False) -> Audit:
    root = Path("/") / library
    policy = LibraryPolicy(library, root, ArtworkPolicy(enabled=False, root=root))
    return Audit(policy, 1, PurePosixPath(below), forced)


def place(folder: str) -> Place:
    return Place("music", PurePosixPath(folder))


def waiting(*audits: Audit) -> Walks:
    walks = Walks()
    for each in audits:
        walks.add(each, Urgency.LIVE)
    return walks


def test_libraries_take_turns_and_walks_keep_their_order() -> None:
    """W5: one at a time in each library; the others do not wait for it."""
    first, second, other = audit("a"), audit("b"), audit("a", "other")
    walks = waiting(first, second, other)

    assert (other, Urgency.LIVE) == walks.pop({"music"})
    assert (first, Urgency.LIVE) == walks.pop(set())
    assert walks.pop({"music"}) is None
    assert [second] == list(walks)


def test_what_will_be_walked_is_not_asked_for_again() -> None:
    """W1: a folder below one that waits to be walked is seen by that walk."""
    walks = waiting(audit("a"), audit("b", "other"))
    parts = [walks.part(place(folder)) for folder in ("a", "a/b", "ab", "b")]

    assert [None, None, PurePosixPath("ab"), PurePosixPath("b")] == parts
    assert [None] * 2 == [waiting(audit(".")).part(place(folder)) for folder in ("a", ".")]


def test_w05_many_parts_are_one_walk_of_the_library() -> None:
    """w05: beyond a threshold the parts are given up for the whole; no one's errand is."""
    parts = [audit(f"{number}") for number in range(MOST)]
    asked, other = audit("asked", forced=True), audit("x", "other")
    walks = waiting(*parts[:-1], asked, other)

    assert PurePosixPath("new") == walks.part(place("new"))
    walks.add(parts[-1], Urgency.LIVE)
    assert ROOT == walks.part(place("new"))
    assert [asked, other] == list(walks)
    assert all(each.at_rest for each in parts)
