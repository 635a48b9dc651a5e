"""No encoder of AAC calls half an output a whole one, on the real programs."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pacd.errors import ToolError, ToolInterruptedError, ToolTimeoutError
from pacd.tools.libfdk_aac import LibfdkAac
from pacd.tools.toolbox import AacEncoder
from tests.audio import encode_pcm, write_flac
from tests.contract.aac_encoding import encode
from tests.contract.m4a import by_edit_list
from tests.contract.sounds import tones
from tests.e2e.running import until


@pytest.mark.parametrize("damage", ["cut", "hole", "garbage"])
@pytest.mark.parametrize("rate", [44_100, 192_000])
def test_damage_never_succeeds(
    aac: AacEncoder, m4a: Path, tmp_path: Path, damage: str, rate: int
) -> None:
    """M12: what flac finds damaged is an error, though the encoder itself ends well."""
    source = tones(tmp_path / "in.flac", rate, rate, 16, 2)
    whole = source.read_bytes()
    middle = len(whole) // 2
    source.write_bytes(
        {
            "cut": whole[:-2000],
            "hole": whole[:middle] + bytes(64) + whole[middle + 64 :],
            "garbage": whole[: middle - 9000] + whole[middle:],
        }[damage]
    )

    with pytest.raises(ToolError, match="flac failed"):
        encode(aac, source, m4a)


def test_a_full_disk_is_told_as_such(aac: AacEncoder, tmp_path: Path) -> None:
    """w18: a disk that takes no more is ENOSPC, whatever the exit code."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)

    with pytest.raises(OSError, match="No space left"):
        encode(aac, source, Path("/dev/full"))


def test_nothing_is_read_unchecked(aac: AacEncoder, m4a: Path, tmp_path: Path) -> None:
    """M12: no encoder looks at FLAC's MD5, so none is given FLAC itself."""
    source = write_flac(tmp_path / "in.flac", seconds=0.1)

    with pytest.raises(ToolError, match="needs a decoder"):
        encode(aac, source, m4a, decoder=())
    assert 0 == m4a.stat().st_size


def test_an_encode_that_takes_too_long_is_ended(aac: AacEncoder, m4a: Path, tmp_path: Path) -> None:
    """w26: a decoder that hangs does not keep the encoder, which would not stop when asked to."""
    source = write_flac(tmp_path / "in.flac", seconds=0.1)

    with pytest.raises(ToolTimeoutError):
        encode(aac, source, m4a, timeout_s=0.5, decoder=("sleep", "600"))


def ten_seconds(folder: Path) -> Path:
    return encode_pcm(folder / "in.flac", bytes(4 * 441_000))


class Halfway:
    """A decoder that gives half of a file, and the rest when it is told to."""

    def __init__(self, folder: Path, source: Path, ending: str) -> None:
        self._half, self._go = folder / "half", folder / "go"
        self.program = folder / "decoder"
        self.program.write_text(
            f"#!/bin/sh\nflac --decode --silent -o {folder}/wav {source}\n"
            f"head -c 1000000 {folder}/wav\ntouch {self._half}\n"
            f"until [ -e {self._go} ]; do sleep 0.02; done\n{ending} {folder}/wav\n"
        )
        self.program.chmod(0o755)

    def stop(self, target: Path, number: signal.Signals) -> None:
        """Wait for the encoder to have begun, send it a signal, and let the decoder go on."""
        until(lambda: self._half.exists() and [*_writers(target)], 20.0)
        for process in _writers(target):
            os.kill(process, number)
        self._go.touch()

    def go(self) -> None:
        self._go.touch()


def _writers(target: Path) -> Iterator[int]:
    """Processes that have a file open."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            opened = link.readlink()
        except OSError:
            continue  # it ended meanwhile
        if opened == target:
            yield int(link.parts[2])


REST = "exec tail -c +1000001"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_encoder_never_succeeds_by_half(
    aac: AacEncoder, m4a: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """M12: fdkaac asked to stop would end a short file well; it goes on, or there is an error."""
    source = ten_seconds(tmp_path)
    decoder = Halfway(tmp_path, source, REST)
    stopper = threading.Thread(target=decoder.stop, args=(m4a, number))
    stopper.start()
    try:
        if number == signal.SIGKILL or isinstance(aac, LibfdkAac):
            with pytest.raises(ToolError):
                encode(aac, source, m4a, decoder=(decoder.program,))
        else:
            encode(aac, source, m4a, decoder=(decoder.program,))

            assert 441_000 == by_edit_list(m4a).samples
    finally:
        stopper.join()


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        ("exit 1;", ToolError),
        ("kill -TERM $$;", ToolInterruptedError),
        ("kill -KILL $$;", ToolError),
    ],
)
def test_half_of_a_master_never_succeeds(
    aac: AacEncoder, m4a: Path, tmp_path: Path, ending: str, error: type[ToolError]
) -> None:
    """M12: a decoder that fails or is killed half-way is an error, whatever is made of the half."""
    source = ten_seconds(tmp_path)
    decoder = Halfway(tmp_path, source, ending)
    decoder.go()

    with pytest.raises(error):
        encode(aac, source, m4a, decoder=(decoder.program,))


def test_a_half_that_nobody_noticed_is_told_by_its_length(
    aac: AacEncoder, m4a: Path, tmp_path: Path
) -> None:
    """M7, M12: an output is as long as what was heard, never as long as it should have been."""
    source = ten_seconds(tmp_path)
    decoder = Halfway(tmp_path, source, "exit 0;")
    decoder.go()
    encode(aac, source, m4a, decoder=(decoder.program,))

    assert (1_000_000 - 44) // 4 == by_edit_list(m4a).samples
