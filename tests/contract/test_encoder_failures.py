"""No encoder calls half an output a whole one, on the real programs."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pacd.errors import ToolError, ToolInterruptedError
from pacd.files.probe import read_track
from tests.audio import encode_pcm
from tests.contract.encoders import Maker
from tests.e2e.running import until


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
        try:
            until(lambda: self._half.exists() and [*_writers(target)])
            for process in _writers(target):
                with suppress(ProcessLookupError):  # it ended meanwhile
                    os.kill(process, number)
        finally:
            self._go.touch()

    def go(self) -> None:
        self._go.touch()


def _writers(target: Path) -> Iterator[int]:
    """Processes that have a file open; this one has, to hand it to them."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            opened = link.readlink()
        except OSError:
            continue  # it ended meanwhile
        if opened == target and link.parts[2] != str(os.getpid()):
            yield int(link.parts[2])


REST = "exec tail -c +1000001"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_encoder_never_succeeds_by_half(
    maker: Maker, made: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """M12: fdkaac asked to stop would end a short file well; it goes on, or there is an error."""
    source = ten_seconds(tmp_path)
    decoder = Halfway(tmp_path, source, REST)
    stopper = threading.Thread(target=decoder.stop, args=(made, number))
    stopper.start()
    failed = False
    try:
        maker.encode(source, made, decoder=(decoder.program,))
    except ToolError:
        failed = True
    finally:
        stopper.join()

    assert failed or (number != signal.SIGKILL and played(maker, made) == pytest.approx(10.0))


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        ("exit 1;", ToolError),
        ("kill -TERM $$;", ToolInterruptedError),
        ("kill -KILL $$;", ToolError),
    ],
)
def test_half_of_a_master_never_succeeds(
    maker: Maker, made: Path, tmp_path: Path, ending: str, error: type[ToolError]
) -> None:
    """M12: a decoder that fails or is killed half-way is an error, whatever is made of the half."""
    source = ten_seconds(tmp_path)
    decoder = Halfway(tmp_path, source, ending)
    decoder.go()

    with pytest.raises(error):
        maker.encode(source, made, decoder=(decoder.program,))


def test_a_half_that_nobody_noticed_is_told_by_its_length(
    maker: Maker, made: Path, tmp_path: Path
) -> None:
    """M7, M12: an output is as long as what was heard, never as long as it should have been."""
    source = ten_seconds(tmp_path)
    decoder = Halfway(tmp_path, source, "exit 0;")
    decoder.go()
    maker.encode(source, made, decoder=(decoder.program,))
    stream = maker.container.read_stream(made)

    assert (1_000_000 - 44) // 4 / 44_100 == pytest.approx(played(maker, made), abs=1e-4)
    assert not maker.container.length_matches(read_track(source).audio, stream)


def played(maker: Maker, made: Path) -> float:
    """For how many seconds another decoder plays."""
    return maker.heard(made) / maker.container.read_stream(made).rate_hz
