"""What `pacctl doctor` says of the encoders."""

from pathlib import Path

import pytest

from pacd.domain.media import Codec
from pacd.domain.policy import ArtworkPolicy, DaemonPolicy, FlacPolicy, LibraryPolicy, MirrorPolicy
from pacd.engine.doctor import examine
from pacd.protocol.documents import DoctorCheck, Verdict, Watch
from pacd.tools.fdkaac import Fdkaac
from pacd.tools.ffmpeg import LIBFDK_AAC, LIBOPUS, Ffmpeg
from pacd.tools.flac import Flac
from pacd.tools.qaac import Qaac
from pacd.tools.toolbox import Toolbox
from tests.builders import NOW

PLACE = Path("/usr/bin/x")
FLAC = Flac(PLACE, "1.4.2")
FDKAAC = Fdkaac(PLACE, "1.0.0")
QAAC = Qaac(PLACE, "2.83 (CoreAudioToolbox 7.10.9.0)")
FFMPEG = Ffmpeg(PLACE, "7.1", frozenset({LIBFDK_AAC, LIBOPUS}))
SOXR = Ffmpeg(PLACE, "7.1", soxr=True)


def examined(
    folder: Path, tools: Toolbox, *codecs: Codec, resample: bool = True
) -> dict[str, DoctorCheck]:
    mirrors = tuple(MirrorPolicy(codec.value, folder, codec) for codec in codecs)
    artwork = ArtworkPolicy(enabled=False, root=folder)
    library = LibraryPolicy(
        "m", folder, artwork, FlacPolicy(resample_to_cd=resample), mirrors=mirrors
    )
    watch = Watch(mode="inotify", directories=1, watched=1, overflows=0)
    policy = DaemonPolicy((library,))
    seen = examine(policy, tools, watch, folder / "pacd.db", None, (), now=NOW)
    return {check.name: check for check in seen.checks}


@pytest.mark.parametrize(
    ("tools", "opus", "aac"),
    [
        (Toolbox(FLAC, None, FFMPEG, QAAC, FDKAAC), "libopus in ffmpeg 7.1", "libfdk_aac in ffm"),
        (Toolbox(FLAC, None, None, QAAC, FDKAAC), "not found", "qaac 2.83 (CoreAudioToolbox"),
        (Toolbox(FLAC, None, None, None, FDKAAC), "not found", "fdkaac 1.0.0"),
        (Toolbox(FLAC), "not found", "not found"),
    ],
)
def test_the_encoders_in_use_are_told(tmp_path: Path, tools: Toolbox, opus: str, aac: str) -> None:
    """M2: doctor says which program makes the mirrors, and how to get one that is wanted."""
    found = examined(tmp_path, tools, *Codec)

    for name, words in (("Opus encoder", opus), ("AAC encoder", aac)):
        missing = words == "not found"

        assert found[name].found.startswith(words)
        assert (Verdict.DEGRADED if missing else Verdict.OK) == found[name].verdict
        assert missing == ("apt install" in found[name].fix)


def test_an_encoder_that_no_mirror_wants_is_no_fault(tmp_path: Path) -> None:
    """M2: what is not needed is not asked for."""
    found = examined(tmp_path, Toolbox(FLAC))["AAC encoder"]

    assert (Verdict.OK, "not found; no mirror wants it") == (found.verdict, found.found)


@pytest.mark.parametrize(
    ("tools", "wanted", "words", "verdict"),
    [
        (Toolbox(FLAC, None, SOXR), True, "libsoxr in ffmpeg 7.1", Verdict.OK),
        (Toolbox(FLAC, None, FFMPEG), True, "not found: masters above", Verdict.DEGRADED),
        (Toolbox(FLAC), True, "not found: masters above", Verdict.DEGRADED),
        (Toolbox(FLAC), False, "not found; resample_to_cd is false", Verdict.OK),
    ],
)
def test_the_resampler_is_told(
    tmp_path: Path, tools: Toolbox, wanted: bool, words: str, verdict: Verdict
) -> None:
    """F6: doctor says what changes rates, and how to get it; an ffmpeg without libsoxr does not."""
    found = examined(tmp_path, tools, resample=wanted)["resampler"]

    assert found.found.startswith(words)
    assert (verdict, verdict is Verdict.DEGRADED) == (found.verdict, "apt install" in found.fix)
