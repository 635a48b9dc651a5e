"""
Disks that come back under another device number keep what is known of them.

The kernel numbers USB disks, btrfs subvolumes and network mounts anew at each boot or mount, and
an observation holds the number: without this, a library would be tested anew each time.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pacd.domain.policy import DaemonPolicy
from pacd.engine.presence import available
from pacd.engine.roots import prepare
from pacd.store.database import Store

DEVICES: Final = "devices"
"""Key in the store's memory: the device number that each root had when last seen."""


def acquaint(store: Store, policy: DaemonPolicy) -> Mapping[str, int]:
    """Make the store fit the settings and the disks that are there; return the libraries' ids."""
    ids = store.libraries.sync({library.name: library.root for library in policy.libraries})
    prepare(policy, store.memory)
    follow_devices(store, policy)
    return ids


def follow_devices(store: Store, policy: DaemonPolicy) -> None:
    """
    Give what is on record the numbers that the roots' disks have now; joins the transaction.

    Should another disk be mounted there, nothing is taken for known by mistake: its inodes,
    sizes and times differ.
    """
    before: dict[str, int] = store.memory.get(DEVICES, {})
    now = {str(root): number for root in _roots(policy) if (number := _number(root))}
    numbers = _renumbered(before, now)
    if numbers:
        store.devices.renumber(numbers)
    if before != before | now:
        store.memory.set(DEVICES, before | now)


def _number(root: Path) -> int | None:
    """The device of a root that holds something; an empty one may be a mere mount point."""
    try:
        return root.stat().st_dev if available(root) else None
    except OSError:
        return None


def _roots(policy: DaemonPolicy) -> set[Path]:
    libraries = policy.libraries
    mirrors = {mirror.root for library in libraries for mirror in library.mirrors}
    return mirrors | {library.root for library in libraries}


def _renumbered(before: Mapping[str, int], now: Mapping[str, int]) -> dict[int, int]:
    """The new number of each old one; none where roots that shared a disk no longer do."""
    found: dict[int, set[int]] = {}
    for root, number in now.items():
        if root in before:
            found.setdefault(before[root], set()).add(number)
    return {old: next(iter(new)) for old, new in found.items() if len(new) == 1 and new != {old}}
