"""Device numbers, wherever observations are kept: the kernel may give a disk another one."""

from collections.abc import Mapping
from typing import Final

from pacd.store.columns import signed
from pacd.store.connection import Connection

_TABLES: Final = ("library_files", "flac_checks", "mirror_outputs", "sidecars", "holds")

_PARKED: Final = -(1 << 62)
"""Numbers from here on stand in while two disks change places; no kernel gives such ones."""


class Devices:
    """The device numbers of all observations; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def renumber(self, numbers: Mapping[int, int]) -> None:
        """
        Take what was seen on devices of these numbers for seen on those they are given.

        What is on record of a device that had a new number before is overtaken where both
        speak of one inode.
        """
        steps = [(old, _PARKED + at) for at, old in enumerate(numbers)]
        steps += [(_PARKED + at, new) for at, new in enumerate(numbers.values())]
        for old, new in steps:
            for table in _TABLES:
                self._connection.run(
                    f"UPDATE OR REPLACE {table} SET device = :new WHERE device = :old",  # noqa: S608  # a table of ours
                    {"old": signed(old), "new": signed(new)},
                )
