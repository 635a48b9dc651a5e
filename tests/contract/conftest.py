"""The encoders of AAC that are here, for the tests of what they do alike."""

import os
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from pacd.tools.fdkaac import Fdkaac
from pacd.tools.ffmpeg import Ffmpeg
from pacd.tools.libfdk_aac import LibfdkAac
from pacd.tools.qaac import Qaac
from pacd.tools.toolbox import AacEncoder
from tests.contract.qaac_stand_in import put_qaac


def _fdkaac() -> Fdkaac | None:
    return Fdkaac.find(Ffmpeg.find())


def _libfdk_aac() -> LibfdkAac | None:
    return LibfdkAac.of(Ffmpeg.find())


_QAAC: Final = "qaac"
_FINDERS: Final = MappingProxyType(
    {"fdkaac": _fdkaac, _QAAC: Qaac.find, "ffmpeg with libfdk_aac": _libfdk_aac}
)


@pytest.fixture(params=list(_FINDERS))
def aac(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AacEncoder:
    """Each encoder of AAC in turn; qaac, where it is missing, by something in its place."""
    if request.param == _QAAC and Qaac.find() is None and _fdkaac():
        programs = tmp_path / "programs"
        programs.mkdir()
        put_qaac(programs)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    found: AacEncoder | None = _FINDERS[request.param]()
    if found is None:
        pytest.skip(f"{request.param} is not installed")
    return found


@pytest.fixture
def m4a(tmp_path: Path) -> Path:
    """An output to be: there already, and empty."""
    made = tmp_path / "out.m4a"
    made.touch()
    return made
