"""What the pool and a worker say to each other: pickled messages, each behind its length."""

import contextlib
import pickle
import socket
import struct
import threading
from typing import Any, Final

_LENGTH: Final = struct.Struct("!Q")

_AT_ONCE_BYTES: Final = 1 << 16
"""What an empty line surely takes: Linux has 208 KiB for it (socket(7), wmem_default)."""

_READ_BYTES: Final = 1 << 18
"""As much as a line holds, and more."""

Message = tuple[Any, ...]


def lines() -> tuple["Line", socket.socket]:
    """A line, and its other end to be sent to a process."""
    ours, theirs = socket.socketpair()
    return Line(ours), theirs


def packed(message: Message) -> bytes:
    """Make what send() takes; an object that cannot be pickled says so in many ways."""
    return pickle.dumps(message)


class Line:
    """
    One end of a line; belongs to one thread.

    A process may be stopped in the middle of a message, for ever: tell() and hear() never wait
    for the other end, send() and receive() do.

    Attributes:
        over: Whether nothing more will be heard.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._heard = bytearray()
        self._teller: threading.Thread | None = None
        self.over = False

    def fileno(self) -> int:
        """What to wait on until there is something to hear."""
        return self._end.fileno()

    def send(self, data: bytes) -> None:
        """
        Send a message that was packed.

        Raises:
            BrokenPipeError, ConnectionResetError: Nobody is there any more.
        """
        self._send(data)

    def receive(self) -> Message:
        """
        Wait for a message.

        Raises:
            EOFError, ConnectionResetError: None will come any more.
        """
        while (message := self._whole()) is None:
            self._read()
        return message

    def tell(self, message: Message) -> None:
        """
        Send a message to one who has read all before it, and may never read this one.

        What the line may not hold is sent aside; what nobody is there to read is dropped.
        """
        data = packed(message)
        if len(data) + _LENGTH.size <= _AT_ONCE_BYTES:
            self._try_to_send(data)
        else:
            self._teller = threading.Thread(target=self._try_to_send, args=(data,), daemon=True)
            self._teller.start()

    def hear(self) -> Message | None:
        """Return a message that is there whole; None while there is none."""
        try:
            while (message := self._whole()) is None:
                self._read(socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except (EOFError, ConnectionResetError):
            self.over = True
            return None
        return message

    def close(self) -> None:
        """Give the line back; whoever was at its other end is there no more."""
        if self._teller:
            self._teller.join()
        self._end.close()

    def _try_to_send(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._send(data)

    def _send(self, data: bytes) -> None:
        self._end.sendall(_LENGTH.pack(len(data)))
        self._end.sendall(data)

    def _read(self, flags: int = 0) -> None:
        data = self._end.recv(_READ_BYTES, flags)
        if not data:
            raise EOFError
        self._heard += data

    def _whole(self) -> Message | None:
        """Take the first message of what was heard, if all of it was."""
        if len(self._heard) < _LENGTH.size:
            return None
        end = _LENGTH.size + _LENGTH.unpack_from(self._heard)[0]
        if len(self._heard) < end:
            return None
        with memoryview(self._heard) as heard:
            message: Message = pickle.loads(heard[_LENGTH.size : end])  # noqa: S301  # our own
        del self._heard[:end]
        return message
