"""Becomes a program behind a gate; whoever listens on a socket is given what it asks through."""

import os
import socket
import sys

from faults.gate import shut_behind


def main() -> None:
    """Take the socket's path and a command with its arguments; never return."""
    place, *command = sys.argv[1:]
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(place)
        shut_behind(channel)
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
