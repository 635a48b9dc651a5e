"""The encoders that are here, for the tests of what they do alike."""

import os
from pathlib import Path

import pytest

from pacd.tools.qaac import Qaac
from pacd.tools.toolbox import AacEncoder, OpusEncoder
from tests.contract.encoders import AAC, OPUS, QAAC, Maker, find_fdkaac, of_aac, of_opus
from tests.contract.qaac_stand_in import put_qaac


def _opus(name: str) -> OpusEncoder:
    found = OPUS[name]()
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _aac(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AacEncoder:
    """An encoder of AAC; qaac, where it is missing, by something in its place."""
    if name == QAAC and Qaac.find() is None and find_fdkaac():
        programs = folder / "programs"
        programs.mkdir()
        put_qaac(programs)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    found = AAC[name]()
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(params=list(OPUS))
def opus(request: pytest.FixtureRequest) -> OpusEncoder:
    """Each encoder of Opus in turn."""
    return _opus(request.param)


@pytest.fixture(params=list(AAC))
def aac(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AacEncoder:
    """Each encoder of AAC in turn."""
    return _aac(request.param, tmp_path, monkeypatch)


@pytest.fixture(params=[*OPUS, *AAC])
def maker(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Every encoder in turn."""
    name: str = request.param
    return of_opus(_opus(name)) if name in OPUS else of_aac(_aac(name, tmp_path, monkeypatch))


@pytest.fixture
def made(maker: Maker, tmp_path: Path) -> Path:
    """An output to be: there already, and empty."""
    target = tmp_path / f"out{maker.extension}"
    target.touch()
    return target


@pytest.fixture
def m4a(tmp_path: Path) -> Path:
    """An output to be: there already, and empty."""
    made = tmp_path / "out.m4a"
    made.touch()
    return made


@pytest.fixture
def ogg(tmp_path: Path) -> Path:
    """An output to be: there already, and empty."""
    made = tmp_path / "out.opus"
    made.touch()
    return made
