"""systemd's end of the notify socket, for daemons that it has not started."""

import socket
import threading

from tests.e2e.running import until


class Manager:
    """What systemd does at its end of $NOTIFY_SOCKET: it reads at once whatever comes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.told: list[str] = []
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._end.bind(path)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while message := self._end.recv(65_536):
            self.told.append(message.decode())

    def close(self) -> None:
        """Stop reading: an empty message ends it."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.sendto(b"", self.path)
        self._reader.join()
        self._end.close()

    def await_after(self, start: int, wanted: str) -> int:
        """Wait for a message that begins so; return the place behind the first of them."""
        found: list[int] = []

        def came() -> bool:
            news = enumerate(self.told[start:], start + 1)
            found.extend(place for place, message in news if message.startswith(wanted))
            return bool(found)

        until(came, what=f"for {wanted}")
        return found[0]
