"""Which library a path means; real folders."""

from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.policy import ArtworkPolicy, DaemonPolicy, LibraryPolicy
from pacd.engine.locating import locate
from pacd.errors import PacError, RefusedError, UnknownError

FILE = "A/02 Underhalls.flac"


def _policy(base: Path, *names: str) -> DaemonPolicy:
    """Libraries of these names, each at a folder of its name."""
    for name in names:
        (base / name / "A").mkdir(parents=True)
    art = ArtworkPolicy(enabled=False, root=base / "art")
    return DaemonPolicy(tuple(LibraryPolicy(name, base / name, art) for name in names))


def test_a_path_as_the_screens_show_it_is_below_the_root(tmp_path: Path) -> None:
    """1.3: whole, or relative to a root; with one library also when nothing is there now."""
    policy = _policy(tmp_path, "music")
    found = (policy.libraries[0], PurePosixPath(FILE))

    assert found == locate(policy, FILE)
    assert found == locate(policy, f"{tmp_path}/music/{FILE}")
    with pytest.raises(UnknownError, match="lies in no library"):
        locate(policy, f"../music/{FILE}")


def test_of_several_libraries_the_one_that_has_it(tmp_path: Path) -> None:
    """1.3: the second library's file is found by the path that `holds` shows."""
    policy = _policy(tmp_path, "music", "attic")
    (tmp_path / "attic" / FILE).touch()

    assert (policy.libraries[1], PurePosixPath(FILE)) == locate(policy, FILE)


@pytest.mark.parametrize(
    ("having", "refusal", "words"),
    [
        (
            ("music", "attic"),
            RefusedError,
            "{1} is there in 2 libraries: {0}/music/{1}, {0}/attic/{1}",
        ),
        ((), UnknownError, "{1} lies in none of PAC's libraries now ({0}/music, {0}/attic)"),
    ],
    ids=["in both", "in none"],
)
def test_which_of_several_is_never_guessed(
    tmp_path: Path, having: tuple[str, ...], refusal: type[PacError], words: str
) -> None:
    """1.3: a path that may mean two files, or none that is there, must be given whole."""
    policy = _policy(tmp_path, "music", "attic")
    for name in having:
        (tmp_path / name / FILE).touch()

    with pytest.raises(refusal) as raised:
        locate(policy, FILE)
    assert f"{words.format(tmp_path, FILE)}." == raised.value.what
    assert raised.value.fix.startswith("Give the whole path")
