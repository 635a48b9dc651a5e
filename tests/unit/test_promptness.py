"""What the garbage collector is spared, and what it is not."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from pacd import promptness
from pacd.promptness import lasting


class Ring:
    """Refers to itself: no count of references ever lets it go."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_b5_what_lasts_is_not_counted_again() -> None:
    """B5: what was made is out of the collector's sight, and all else is not."""
    with lasting():
        watches = [[number] for number in range(10_000)]

    assert 10_000 < gc.get_freeze_count()
    assert gc.isenabled()
    assert 10_000 == len(watches)
    ring = weakref.ref(Ring())
    gc.collect()
    assert ring() is None


def test_w29_what_an_earlier_one_made_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """w29: watches set anew for years leave nothing behind."""
    monkeypatch.setattr(promptness, "RARELY_S", 0.0)
    with lasting():
        ring = Ring()
    gone = weakref.ref(ring)
    del ring
    gc.collect()
    assert gone() is not None
    with lasting():
        pass

    assert gone() is None


def test_b5_what_lasts_is_not_counted_again_in_a_storm() -> None:
    """B5: watches set anew soon after are no reason to look through all that lasts."""
    with lasting():
        ring = Ring()
    gone = weakref.ref(ring)
    del ring
    with lasting():
        pass

    assert gone() is not None


def test_w29_a_failure_leaves_the_collector_at_work() -> None:
    """w29: also where nothing could be made."""
    with pytest.raises(OSError, match="no watches"), lasting():
        raise OSError("no watches")

    assert gc.isenabled()
