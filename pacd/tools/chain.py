"""Encodes what a decoder makes of FLAC, through a pipe; every exit code counts."""

import errno
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from pacd.errors import ToolError
from pacd.tools import process

_NO_MORE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PROBE_BYTES: Final = 1 << 20


def encode(
    source: BinaryIO,
    target: Path,
    programs: Sequence[Sequence[str | Path]],
    *,
    timeout_s: float,
    deaf_end: bool = False,
) -> None:
    """
    Give a FLAC file to a decoder, what it makes to the next program, and so on to the encoder.

    Args:
        source: Open at any position; read from its start.
        target: What the last program writes.
        deaf_end: As process.pipe() has it.

    Raises:
        ToolError: A program failed; the decoder is named before all that it fed.
        OSError: The disk takes no more.
    """
    if len(programs) < 2 or not programs[0]:  # noqa: PLR2004  # a decoder and an encoder
        raise ToolError(f"{Path(programs[-1][0]).name} does not check FLAC: it needs a decoder")
    os.lseek(source.fileno(), 0, os.SEEK_SET)  # source.seek() may only move in its buffer
    finished = process.pipe(
        *programs, timeout_s=timeout_s, stdin=source.fileno(), deaf_end=deaf_end
    )
    _raise_if_full(finished, target)
    decoded, *others = finished
    cut_off = decoded.exit_code == -signal.SIGPIPE  # by one that knows more of it
    for done in [*reversed(others), decoded] if cut_off else [decoded, *reversed(others)]:
        done.checked()


def raise_if_takes_no_more(target: Path) -> None:
    """
    Write to a file that somebody failed to write, to get the error that was kept back.

    Raises:
        OSError: The disk takes no more.
    """
    with target.open("ab", buffering=0) as file:
        if file.write(bytes(_PROBE_BYTES)) < _PROBE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        os.fsync(file.fileno())


def _raise_if_full(finished: Sequence[process.Finished], target: Path) -> None:
    """Look at the words of the encoder, which may be followed by exit code 0; else at the disk."""
    encoded = finished[-1]
    for number in _NO_MORE:
        if os.strerror(number) in encoded.stderr:
            raise OSError(number, os.strerror(number), str(target))
    if encoded.exit_code:
        raise_if_takes_no_more(target)
