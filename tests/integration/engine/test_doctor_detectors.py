"""What doctor says of detectors."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pacd.domain.policy import ArtworkPolicy, AuthenticityPolicy, DaemonPolicy, LibraryPolicy
from pacd.domain.verdict import BUILTIN_VERSION, Detector
from pacd.engine.doctor import examine
from pacd.protocol.documents import DoctorCheck, Verdict, Watch
from pacd.tools.aucdtect import Aucdtect
from pacd.tools.flac import Flac
from pacd.tools.lac import Lac
from pacd.tools.toolbox import Toolbox

PLACE = Path("/usr/bin/x")
BARE = Toolbox(Flac(PLACE, "1.4.2"))


def examined(folder: Path, tools: Toolbox, wishes: AuthenticityPolicy) -> dict[str, DoctorCheck]:
    artwork = ArtworkPolicy(enabled=False, root=folder)
    library = LibraryPolicy("m", folder, artwork, authenticity=wishes)
    seen = examine(
        DaemonPolicy((library,)),
        tools,
        Watch(mode="inotify"),
        folder / "pacd.db",
        None,
        (),
        now=datetime(2026, 11, 21, tzinfo=UTC),
    )
    return {check.name: check for check in seen.checks}


def test_detectors_that_are_not_there_are_no_fault(tmp_path: Path) -> None:
    """A1: absent is said, and never an error; the builtin one is always there."""
    found = examined(tmp_path, BARE, AuthenticityPolicy())

    assert f"version {BUILTIN_VERSION}" == found["detector builtin"].found
    for detector in (Detector.AUCDTECT, Detector.LAC):
        check = found[f"detector {detector}"]

        assert (Verdict.OK, "") == (check.verdict, check.fix)
        assert check.found.startswith("not found; optional")


def test_detectors_that_are_there_tell_their_versions(tmp_path: Path) -> None:
    """A1: as found."""
    tools = replace(BARE, aucdtect=Aucdtect(PLACE, "0.8"), lac=Lac(PLACE, "2.0.5"))
    found = examined(tmp_path, tools, AuthenticityPolicy())

    assert ["version 0.8", "version 2.0.5"] == [
        found[f"detector {detector}"].found for detector in (Detector.AUCDTECT, Detector.LAC)
    ]
    assert {"flac": "1.4.2", "aucdtect": "0.8", "lac": "2.0.5"} == tools.versions


def test_one_that_cannot_run_is_told_with_its_fix(tmp_path: Path) -> None:
    """A1: a program of 32 bits under a filter of system calls judges nothing."""
    broken = Aucdtect(PLACE, "unknown", "auCDtect was ended by SIGSYS")
    tools = replace(BARE, aucdtect=broken)
    found = examined(tmp_path, tools, AuthenticityPolicy())["detector aucdtect"]

    assert Verdict.DEGRADED == found.verdict
    assert "ended by SIGSYS" in found.found
    assert "SystemCallArchitectures=native x86" in found.fix
    assert ((), {"flac": "1.4.2"}) == (tools.detectors, tools.versions)


@pytest.mark.parametrize(
    "wishes", [AuthenticityPolicy(enabled=False), AuthenticityPolicy(detectors=())]
)
def test_those_that_nobody_asks(tmp_path: Path, wishes: AuthenticityPolicy) -> None:
    """A1: what the settings do not want is neither looked for nor missed."""
    found = examined(tmp_path, BARE, wishes)

    assert {"not asked: [authenticity] does not want it"} == {
        found[f"detector {detector}"].found for detector in Detector
    }
