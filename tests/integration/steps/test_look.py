"""Reading what outputs say of themselves, on real files."""

import os
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.output import Output, OutputState
from pacd.files.atomic import observe
from pacd.steps.look import look_at_outputs
from pacd.steps.mirror import mirror_encode
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import write_flac
from tests.integration.steps.jobs import mirror_job

ROOT_USER = 0


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.fixture
def made(tmp_path: Path, tools: Toolbox) -> Output:
    """An output of PAC's at mirror/b.opus."""
    (tmp_path / "library").mkdir()
    write_flac(tmp_path / "library" / "b.flac", seconds=0.3)
    return mirror_encode(mirror_job(tmp_path, "b.flac"), tools).output


def look(base: Path, *names: str) -> tuple[Output, ...]:
    return look_at_outputs([(base / "mirror", PurePosixPath(name)) for name in names])


def test_an_output_is_seen_as_it_was_reported(made: Output, tmp_path: Path) -> None:
    """M4: the files alone tell all that the database knew."""
    assert (made,) == look(tmp_path, "b.opus")


def test_one_bad_file_spoils_only_itself(made: Output, tmp_path: Path) -> None:
    """M4, M9: each path has its own answer, in order, whatever stands there."""
    mirror = tmp_path / "mirror"
    (mirror / "empty.opus").touch()
    (mirror / "text.opus").write_text("not audio")
    (mirror / "folder.opus").mkdir()
    (mirror / "link.opus").symlink_to("b.opus")
    (mirror / "dangling.opus").symlink_to("nowhere")
    os.mkfifo(mirror / "pipe.opus")
    tagless = mirror / "tagless.opus"
    source = tmp_path / "library" / "b.flac"
    subprocess.run(["opusenc", "--quiet", source, tagless], check=True)
    names = ["gone", "b.opus/gone", "empty", "text", "folder", "link", "dangling", "pipe"]
    found = look(tmp_path, *(f"{name}.opus" for name in names), "tagless.opus", "b.opus")

    missing, foreign = OutputState.MISSING, OutputState.FOREIGN
    assert [*[missing] * 2, *[foreign] * 7, OutputState.OURS] == [each.state for each in found]
    assert [None] * 2 == [each.observation for each in found[:2]]
    assert [observe(mirror / f"{name}.opus") for name in ("empty", "text")] == [
        each.observation for each in found[2:4]
    ]
    assert [None] * 4 == [each.observation for each in found[4:8]]
    assert observe(tagless) == found[8].observation


@pytest.mark.skipif(os.geteuid() == ROOT_USER, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_not_ours(made: Output, tmp_path: Path) -> None:
    """M4: an unreadable output is left alone."""
    (tmp_path / "mirror" / "b.opus").chmod(0)

    assert OutputState.FOREIGN == look(tmp_path, "b.opus")[0].state


@pytest.mark.parametrize("cut", [1, 100, 1_500])
def test_an_output_that_breaks_off_has_to_be_made_again(
    made: Output, tmp_path: Path, cut: int
) -> None:
    """M4, M12: a truncated output is PAC's own, but stands for no master."""
    path = tmp_path / "mirror" / "b.opus"
    path.write_bytes(path.read_bytes()[:-cut])
    [found] = look(tmp_path, "b.opus")

    assert (OutputState.OURS, "", made.quality) == (found.state, found.src_md5, found.quality)


@pytest.mark.parametrize("kept", range(0, 1_200, 60))
def test_no_damage_raises(made: Output, tmp_path: Path, kept: int) -> None:
    """X2: an output cut anywhere in its headers is foreign or ours, never an exception."""
    path = tmp_path / "mirror" / "b.opus"
    path.write_bytes(path.read_bytes()[:kept])
    [found] = look(tmp_path, "b.opus")

    assert "" == found.src_md5


def test_no_paths(tmp_path: Path) -> None:
    """M4: nothing asked, nothing answered."""
    assert () == look_at_outputs([])
