"""Where outputs belong."""

from pathlib import Path, PurePosixPath

from pacd.domain.media import Codec
from pacd.domain.policy import MirrorPolicy
from pacd.planning.outputs import output_folder, output_paths
from tests.builders import PHONE


def named(*masters: str, mirror: MirrorPolicy = PHONE) -> dict[str, str]:
    found = output_paths([PurePosixPath(each) for each in masters], mirror)
    return {str(master): str(target) for master, target in found.items()}


def test_same_folder_same_base_name_another_extension() -> None:
    """M1: dots in names stay, the extension alone is exchanged."""
    expected = {
        "A/B/01. a.b.flac": "A/B/01. a.b.opus",
        "A/B/02 Ärger\udcff.flac": "A/B/02 Ärger\udcff.opus",
    }

    assert expected == named("A/B/02 Ärger\udcff.flac", "A/B/01. a.b.flac")


def test_the_codec_decides_on_the_extension() -> None:
    """M1: `.opus` or `.m4a`."""
    car = MirrorPolicy("car", Path("/car"), Codec.AAC)

    assert {"a.flac": "a.m4a"} == named("a.flac", mirror=car)


def test_of_two_masters_that_want_one_name_the_first_has_it() -> None:
    """M10, H1: a.FLAC and a.flac: the same one on every run; the other is held for collision."""
    assert {"a.FLAC": "a.opus"} == named("a.flac", "a.FLAC")
    assert {"a.FLAC": "a.opus"} == named("a.FLAC", "a.flac")


def test_folders_are_the_same_in_the_mirror() -> None:
    """M1: the root itself too."""
    for folder in (PurePosixPath(), PurePosixPath("A/B")):
        assert folder == output_folder(folder, PHONE)
