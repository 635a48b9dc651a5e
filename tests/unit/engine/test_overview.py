"""The daemon on one screen."""

from pathlib import Path

import pytest

from pacd.domain.policy import ArtworkPolicy, DaemonPolicy, LibraryPolicy
from pacd.engine.overview import away, remaining_s
from pacd.engine.snapshot import Snapshot
from pacd.protocol.documents import Problem, ProblemKind, Running, Workload


def running(eta_s: float | None) -> Running:
    return Running(path="a.flac", library="music", action="test", eta_s=eta_s)


@pytest.mark.parametrize(
    ("queue_s", "items", "expected"),
    [
        (None, (), None),
        (3.04, (), 3.0),
        (0.0, (34.25, None), 34.2),
        (90.0, (34.0,), 90.0),
        (None, (5.0,), 5.0),
    ],
)
def test_the_queue_takes_no_less_than_what_runs(
    queue_s: float | None, items: tuple[float | None, ...], expected: float | None
) -> None:
    """1.3: a file of ten hours is not done in about 0 s because others were short."""
    work = Workload(waiting=0, folders_waiting=0, running=tuple(map(running, items)))

    assert expected == remaining_s(Snapshot(eta_s=queue_s), work)


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        pytest.param(ProblemKind.ROOT_MISSING, "/a", {"a"}, id="its root"),
        pytest.param(ProblemKind.ROOT_MISSING, "/a/HiRes", set(), id="a disk inside"),
        pytest.param(ProblemKind.ROOT_MISSING, "/phone", set(), id="a mirror"),
        pytest.param(ProblemKind.UNREADABLE, "/a", set(), id="there and unreadable"),
        pytest.param(ProblemKind.ROOT_MISSING, "", set(), id="nothing in particular"),
    ],
)
def test_w08_which_libraries_are_away(kind: ProblemKind, path: str, expected: set[str]) -> None:
    """w08: those whose own root is: of the others walks have measured what is there."""
    art = ArtworkPolicy(enabled=False, root=Path("/art"))
    policy = DaemonPolicy(tuple(LibraryPolicy(name, Path(f"/{name}"), art) for name in "ab"))
    problem = Problem(kind=kind, what="It is odd.", fix="Mend it.", path=path)

    assert expected == away(Snapshot(problems=(problem,)), policy)
